"""Strict entity F1 of tag sequences, as a metric for `evaluate.load` without network access.

    metric = evaluate.load("vaner/integrations/entity_f1")  # the folder or this file
    metric.compute(references=[["B-Gene", "O"]], predictions=[["B-Gene", "O"]])

The metric uses the tag decoder and the scorer of this package, so its scores are those of
`vaner.evaluation`. In contrast, ``evaluate.load("seqeval")`` downloads a script, and its default
mode silently repairs invalid tag sequences.
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
Strict precision, recall and F1 of named entities: boundaries and type must agree. Scores are
fractions from 0 to 1; 0/0 is 0.
"""

_INPUTS = """
Args:
    predictions: Tag sequences, one list of tags per sentence, in BIO, BIOES or BILOU.
    references: Gold tag sequences of the same lengths.
    repair: Count entities that do not begin with B or S, as in IOB1 files and in the default mode
        of seqeval. By default they are left out, as in the strict mode of seqeval.
    bootstrap: Number of bootstrap resamples of sentences for 95% intervals; 0 for no intervals.
    seed: Seed of the bootstrap.
Returns:
    precision, recall, f1 (micro averages), macro_f1, and report (`Report.to_dict()`).
"""

UNTYPED = "entity"
"""Type of mentions whose tags have no type (``B``, ``I``)."""


class EntityF1(evaluate.Metric):  # type: ignore[misc]  # evaluate ships no types
    """`vaner.evaluation.score` of tag sequences."""

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
        for i, (gold, predicted) in enumerate(zip(references, predictions, strict=True)):
            if len(gold) != len(predicted):
                raise VanerError(
                    f"sequence {i} has {len(gold)} reference tags but {len(predicted)} predicted "
                    "tags; the lengths must be equal"
                )
        report = score(
            to_documents(references, repair),
            to_documents(predictions, repair),
            bootstrap=bootstrap,
            seed=seed,
        )
        micro = report.micro
        scores = {"precision": micro.precision, "recall": micro.recall, "f1": micro.f1}
        return scores | {"macro_f1": report.macro.f1, "report": report.to_dict()}


def to_documents(sequences: Iterable[Sequence[str]], repair: bool) -> list[Document]:
    """Return a document for each tag sequence; tags have no text, so each word is one letter.

    >>> to_documents([["O", "B-Gene", "I-Gene"]], repair=False)[0].spans[0]
    Span(start=2, end=5, type='Gene', score=None, identifiers=(), fragments=())
    """
    documents = []
    for i, tags in enumerate(sequences):
        try:
            chunks = decode_tags(tags, repair=repair)
        except ValueError as error:
            raise VanerError(f"sequence {i}: {error}") from error
        spans = tuple(Span(2 * c.start, 2 * c.end - 1, c.type or UNTYPED) for c in chunks)
        documents.append(Document(str(i), " ".join("w" * len(tags)), spans))
    return documents
