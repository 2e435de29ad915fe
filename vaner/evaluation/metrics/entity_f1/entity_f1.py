"""Strict entity F1 of tag sequences, as a module for `evaluate.load`, with no network needed.

    metric = evaluate.load("vaner/evaluation/metrics/entity_f1")  # the folder or this file
    metric.compute(references=[["B-Gene", "O"]], predictions=[["B-Gene", "O"]])

The tags are read by the one decoder and the mentions counted by the one scorer, so the figures are
those of `vaner.evaluation`; ``evaluate.load("seqeval")`` would fetch a script, and its default mode
repairs broken tag sequences in silence.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import datasets
import evaluate

from vaner.errors import VanerError
from vaner.evaluation import score
from vaner.text.documents import Document, Span
from vaner.text.tags import decode_tags

_DESCRIPTION = """\
Strict precision, recall and F1 of named entities: boundaries and type must agree. Fractions of one,
0/0 is 0.
"""

_INPUTS = """
Args:
    predictions: tag sequences, one list of tags a sentence, in BIO, BIOES or BILOU.
    references: the gold tag sequences, of the same lengths.
    repair: whether an entity that does not begin with B or S counts, as in IOB1 files and in
        seqeval's default mode; by default it is left out, as in seqeval's strict mode.
    bootstrap: number of resamples of sentences behind 95% intervals; 0 for none.
    seed: seed of the resampling.
Returns:
    precision, recall, f1 (micro), macro_f1, and `report`: `vaner.evaluation.Report.to_dict()`.
"""

UNTYPED = "entity"
"""Type of the mentions that tags without a type (``B``, ``I``) spell."""


class EntityF1(evaluate.Metric):  # type: ignore[misc]  # evaluate ships no types
    """`vaner.evaluation.score` over tag sequences."""

    def _info(self) -> evaluate.MetricInfo:
        sequence = datasets.Sequence(datasets.Value("string"))
        return evaluate.MetricInfo(
            description=_DESCRIPTION,
            citation="",
            inputs_description=_INPUTS,
            features=datasets.Features({"predictions": sequence, "references": sequence}),
        )

    def _compute(
        self,
        predictions: Sequence[Sequence[str]],
        references: Sequence[Sequence[str]],
        repair: bool = False,
        bootstrap: int = 0,
        seed: int = 0,
    ) -> dict[str, Any]:
        for number, (gold, found) in enumerate(zip(references, predictions, strict=True)):
            if len(gold) != len(found):
                raise VanerError(
                    f"sequence {number} has {len(gold)} reference tags but {len(found)} predicted"
                )
        report = score(
            documents(references, repair),
            documents(predictions, repair),
            bootstrap=bootstrap,
            seed=seed,
        )
        micro = report.micro
        figures = {"precision": micro.precision, "recall": micro.recall, "f1": micro.f1}
        return figures | {"macro_f1": report.macro.f1, "report": report.to_dict()}


def documents(sequences: Iterable[Sequence[str]], repair: bool) -> list[Document]:
    """A document for every tag sequence; tags carry no text, so every word is one letter.

    >>> documents([["O", "B-Gene", "I-Gene"]], repair=False)[0].spans[0]
    Span(start=2, end=5, type='Gene', score=None, identifiers=(), fragments=())
    """
    found = []
    for number, tags in enumerate(sequences):
        try:
            chunks = decode_tags(tags, repair=repair)
        except ValueError as error:
            raise VanerError(f"sequence {number}: {error}") from error
        spans = tuple(Span(2 * c.start, 2 * c.end - 1, c.type or UNTYPED) for c in chunks)
        found.append(Document(str(number), " ".join("w" * len(tags)), spans))
    return found
