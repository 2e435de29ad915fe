"""Classify the errors of predictions, and pair wrong predictions with missed gold mentions.

A missed gold mention and a wrong prediction are paired if they share a character. Pairs are one to
one, the smallest error first: wrong type with correct boundaries, then wrong boundaries with the
correct type, then both wrong; of equal errors, the pair that shares the most characters. Mentions
without a partner are missed mentions or false alarms.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

from vaner.text.documents import Document, Span


class MistakeKind(StrEnum):
    """Kinds of mistakes, from the smallest to the largest."""

    TYPE = "another type"
    LONGER = "too long"
    SHORTER = "too short"
    SHIFTED = "shifted"
    BOTH = "type and boundaries"
    FALSE_ALARM = "false alarm"
    MISSED = "missed"


BOUNDARY_MISTAKES = (MistakeKind.LONGER, MistakeKind.SHORTER, MistakeKind.SHIFTED)


class Mistake(NamedTuple):
    """A mistake.

    Args:
        kind: Kind of the mistake.
        document: The gold document.
        gold: The gold mention; None for a false alarm.
        predicted: The predicted mention; None for a missed mention.
    """

    kind: MistakeKind
    document: Document
    gold: Span | None
    predicted: Span | None

    @property
    def type(self) -> str:
        """Type under which the mistake is counted: the gold type, or that of a false alarm."""
        [span, *_] = (span for span in (self.gold, self.predicted) if span is not None)
        return span.type


def find_mistakes(
    gold: Iterable[Document], predicted: Iterable[Document], types: Collection[str]
) -> Iterator[Mistake]:
    """Yield the mistakes of each document in text order.

    Every wrong prediction and every missed gold mention, as `vaner.evaluation.score` counts them,
    is in exactly one mistake.

    Args:
        gold, predicted: Documents with the same ids in the same order.
        types: Entity types to analyze; mentions of other types are ignored.

    >>> gold = Document("1", "lung cancer", (Span(0, 11, "Disease"),))
    >>> predicted = gold.with_spans([Span(5, 11, "Disease")])
    >>> [mistake.kind.value for mistake in find_mistakes([gold], [predicted], ["Disease"])]
    ['too short']
    """
    for gold_document, document in zip(gold, predicted, strict=True):
        gold_spans = list(dict.fromkeys(s for s in gold_document.spans if s.type in types))
        predicted_spans = [span for span in document.spans if span.type in types]
        missed = _subtract(gold_spans, predicted_spans)
        wrong = _subtract(predicted_spans, gold_spans)
        mistakes = [Mistake(kind, gold_document, g, p) for kind, g, p in _pair(missed, wrong)]
        yield from sorted(mistakes, key=_text_order)


def count_confusions(
    gold: Iterable[Document], predicted: Iterable[Document], types: Collection[str]
) -> Counter[tuple[str | None, str | None]]:
    """Count mentions with the same boundaries by (gold type, predicted type).

    A type of None means that there is no mention with these boundaries. Each mention is counted
    once.

    Args:
        gold, predicted: Documents with the same ids in the same order.
        types: Entity types to analyze; mentions of other types are ignored.

    >>> gold = Document("1", "estrogen", (Span(0, 8, "Chemical"),))
    >>> count_confusions([gold], [gold.with_spans([Span(0, 8, "Gene")])], ["Chemical", "Gene"])
    Counter({('Chemical', 'Gene'): 1})
    """
    gold_documents, documents = list(gold), list(predicted)
    cells = Counter[tuple[str | None, str | None]]()
    for gold_document, document in zip(gold_documents, documents, strict=True):
        # Spans are equal if they agree in what the scorer compares.
        expected = Counter(dict.fromkeys((s for s in gold_document.spans if s.type in types), 1))
        correct = expected & Counter(s for s in document.spans if s.type in types)
        cells.update((span.type, span.type) for span in correct)
    for mistake in find_mistakes(gold_documents, documents, types):
        if mistake.kind is MistakeKind.TYPE and mistake.gold and mistake.predicted:
            cells[mistake.gold.type, mistake.predicted.type] += 1
            continue
        if mistake.gold is not None:
            cells[mistake.gold.type, None] += 1
        if mistake.predicted is not None:
            cells[None, mistake.predicted.type] += 1
    return cells


def _subtract(spans: Sequence[Span], others: Sequence[Span]) -> list[Span]:
    """Return the spans without an equal among `others`; each of `others` removes one copy."""
    available, rest = Counter(others), []
    for span in spans:
        if available[span]:
            available[span] -= 1
        else:
            rest.append(span)
    return rest


def _pair(
    missed: Sequence[Span], wrong: Sequence[Span]
) -> Iterator[tuple[MistakeKind, Span | None, Span | None]]:
    """Yield pairs of missed mentions and wrong predictions, then those without a partner."""
    ranks = {kind: rank for rank, kind in enumerate(MistakeKind)}
    # The three kinds of boundary errors are equally large.
    ranks |= dict.fromkeys(BOUNDARY_MISTAKES, ranks[MistakeKind.LONGER])
    pairs = [
        (ranks[kind], -_count_shared(g, p), i, j, kind)
        for i, g in enumerate(missed)
        for j, p in enumerate(wrong)
        if (kind := _classify(g, p)) is not None
    ]
    free_gold, free_predicted = dict(enumerate(missed)), dict(enumerate(wrong))
    for _, _, i, j, kind in sorted(pairs):
        if i in free_gold and j in free_predicted:
            yield kind, free_gold.pop(i), free_predicted.pop(j)
    yield from ((MistakeKind.MISSED, span, None) for span in free_gold.values())
    yield from ((MistakeKind.FALSE_ALARM, None, span) for span in free_predicted.values())


def _classify(gold: Span, predicted: Span) -> MistakeKind | None:
    """Return the kind of mistake of a pair; None if the spans share no character."""
    if not _count_shared(gold, predicted):
        return None
    if gold.pieces == predicted.pieces:
        return MistakeKind.TYPE
    if gold.type != predicted.type:
        return MistakeKind.BOTH
    if _covers(predicted, gold):
        return MistakeKind.LONGER
    return MistakeKind.SHORTER if _covers(gold, predicted) else MistakeKind.SHIFTED


def _count_shared(a: Span, b: Span) -> int:
    """Return the number of characters that are in both spans."""
    return sum(max(0, min(e, f) - max(s, t)) for s, e in a.pieces for t, f in b.pieces)


def _covers(outer: Span, inner: Span) -> bool:
    return _count_shared(outer, inner) == sum(end - start for start, end in inner.pieces)


def _text_order(mistake: Mistake) -> tuple[int, int]:
    starts = [span.start for span in (mistake.gold, mistake.predicted) if span is not None]
    return min(starts), max(starts)
