"""Strict entity F1 of tag sequences, as a metric for `evaluate.load` without network access.

    metric = evaluate.load("vaner/integrations/entity_f1")  # the folder or this file
    metric.compute(references=[["B-Gene", "O"]], predictions=[["B-Gene", "O"]])

The metric uses the tag decoder and the scorer of this package, so its scores are those of
`vaner.evaluation`. Strict means what it means in seqeval, see `vaner.text.strict_tags`. In
contrast, ``evaluate.load("seqeval")`` downloads a script, and its default mode silently repairs
invalid tags.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import Any

import datasets
import evaluate

from vaner.errors import VanerError
from vaner.evaluation import score
from vaner.text.documents import Document, Span
from vaner.text.strict_tags import (
    SCHEME_NAMES,
    StrictScheme,
    decode_strictly,
    detect_scheme,
)
from vaner.text.tags import Chunk, decode_tags

logger = logging.getLogger("vaner.evaluation")

_DESCRIPTION = """\
Strict precision, recall and F1 of named entities: boundaries and type must agree. Scores are
fractions from 0 to 1; 0/0 is 0.
"""

_INPUTS = """
Args:
    predictions: Tag sequences, one list of tags per sentence.
    references: Gold tag sequences of the same lengths.
    scheme: BIO (or IOB2), BIOES (IOBES), BILOU, BMES, IOE2 or IO. Default: that of the references;
        predictions with other tags are read in the scheme of these.
    repair: Count entities that are not complete in the scheme, as in the default mode of seqeval.
        By default they are left out with a warning, as in the strict mode of seqeval.
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
        scheme: str | None = None,
    ) -> dict[str, Any]:
        for i, (gold, predicted) in enumerate(zip(references, predictions, strict=True)):
            if len(gold) != len(predicted):
                raise VanerError(
                    f"sequence {i} has {len(gold)} reference tags but {len(predicted)} predicted "
                    "tags; the lengths must be equal"
                )
        schemes = choose_schemes(references, predictions, scheme)
        sides = (("references", references), ("predictions", predictions))
        golds, predicteds = (
            to_documents(sequences, repair, side_scheme, side)
            for (side, sequences), side_scheme in zip(sides, schemes, strict=True)
        )
        report = score(golds, predicteds, bootstrap=bootstrap, seed=seed)
        micro = report.micro
        scores = {"precision": micro.precision, "recall": micro.recall, "f1": micro.f1}
        return scores | {"macro_f1": report.macro.f1, "report": report.to_dict()}


def choose_schemes(
    references: Iterable[Sequence[str]],
    predictions: Iterable[Sequence[str]],
    scheme: str | None,
) -> tuple[StrictScheme, StrictScheme]:
    """Return the tag schemes of references and predictions.

    Predictions have the scheme of the references, as in seqeval, if it has all their tags.

    Raises:
        VanerError: if the name of the scheme is unknown.
    """
    if scheme is not None:
        name = scheme.upper()
        if name not in SCHEME_NAMES:
            raise VanerError(f"unknown scheme {scheme!r}; use one of {', '.join(SCHEME_NAMES)}")
        return SCHEME_NAMES[name], SCHEME_NAMES[name]
    predicted = _detect(predictions)
    gold = _detect(references) or predicted or StrictScheme.BIO
    if gold is StrictScheme.IO:
        logger.warning(
            "the references have no B tags and are read as IO, where adjacent entities of a type "
            "are one; scheme='IO' confirms it"
        )
        return gold, predicted or gold
    has_other_tags = gold is StrictScheme.BIO and predicted not in (None, gold, StrictScheme.IO)
    return gold, predicted if predicted and has_other_tags else gold


def _detect(sequences: Iterable[Sequence[str]]) -> StrictScheme | None:
    try:
        return detect_scheme(sequences)
    except ValueError:
        return None  # the decoder names the sequence


def to_documents(
    sequences: Iterable[Sequence[str]],
    repair: bool,
    scheme: StrictScheme = StrictScheme.BIO,
    side: str = "tags",
) -> list[Document]:
    """Return a document for each tag sequence; tags have no text, so each word is one letter.

    Args:
        sequences: the tags.
        repair: whether entities that are not complete in the scheme count.
        scheme: the tag scheme.
        side: what a warning about entities that are left out calls the tags.

    >>> to_documents([["O", "B-Gene", "I-Gene"]], repair=False)[0].spans[0]
    Span(start=2, end=5, type='Gene', score=None, identifiers=(), fragments=())
    """
    documents, left_out = list[Document](), 0
    for i, tags in enumerate(sequences):
        try:
            chunks = decode_tags(tags)
            complete = chunks if repair else decode_strictly(tags, scheme)
        except ValueError as error:
            raise VanerError(f"sequence {i}: {error}") from error
        left_out += len(set(chunks) - set(complete))
        documents.append(Document(str(i), " ".join("w" * len(tags)), _to_spans(complete)))
    if left_out:
        logger.warning(
            "%s: %d entities are not complete in %s and left out, as in strict seqeval; "
            "repair=True counts them, and scheme='IO' names another scheme",
            side, left_out, scheme,
        )  # fmt: skip
    return documents


def _to_spans(chunks: Iterable[Chunk]) -> tuple[Span, ...]:
    return tuple(Span(2 * c.start, 2 * c.end - 1, c.type or UNTYPED) for c in chunks)
