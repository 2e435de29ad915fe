"""What kind of mistake each wrong mention is, and which gold mention it was meant for.

A gold mention and a prediction that is not right belong together where they share a character.
They are paired one to one, the least mistake first: another type at the right place, then borders
of the right type, then both wrong; of like mistakes those that share most. What is left over is
missed, or a false alarm.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

from vaner.text.documents import Document, Span


class MistakeKind(StrEnum):
    """Kinds of mistakes, from the least to the greatest."""

    TYPE = "another type"
    LONGER = "too long"
    SHORTER = "too short"
    SHIFTED = "shifted"
    BOTH = "type and borders"
    FALSE_ALARM = "false alarm"
    MISSED = "missed"


BOUNDARY_MISTAKES = (MistakeKind.LONGER, MistakeKind.SHORTER, MistakeKind.SHIFTED)


class Mistake(NamedTuple):
    """One mistake.

    Args:
        kind: of which kind.
        document: the gold document.
        gold: the mention that was to be found; None for a false alarm.
        found: the mention that was found; None for a missed one.
    """

    kind: MistakeKind
    document: Document
    gold: Span | None
    predicted: Span | None

    @property
    def type(self) -> str:
        """The type it is counted under: gold's, or that of a false alarm."""
        [span, *_] = (one for one in (self.gold, self.predicted) if one is not None)
        return span.type


def find_mistakes(
    gold: Iterable[Document], predicted: Iterable[Document], types: Collection[str]
) -> Iterator[Mistake]:
    """The mistakes of each document, as `vaner.evaluation.score` counts them, in the text's order.

    Every wrong prediction is in one mistake, and so is every gold mention that was not found.

    Args:
        gold, predicted: documents with the same ids in the same order.
        types: types to look at; others are left out.

    >>> gold = Document("1", "lung cancer", (Span(0, 11, "Disease"),))
    >>> predicted = gold.with_spans([Span(5, 11, "Disease")])
    >>> [mistake.kind.value for mistake in find_mistakes([gold], [predicted], ["Disease"])]
    ['too short']
    """
    for true, found in zip(gold, predicted, strict=True):
        wanted = list(dict.fromkeys(span for span in true.spans if span.type in types))
        given = [span for span in found.spans if span.type in types]
        missing, wrong = _left(wanted, given), _left(given, wanted)
        some = [Mistake(kind, true, g, f) for kind, g, f in _paired(missing, wrong)]
        yield from sorted(some, key=_place)


def count_confusions(
    gold: Iterable[Document], predicted: Iterable[Document], types: Collection[str]
) -> Counter[tuple[str | None, str | None]]:
    """(gold type, found type) -> mentions at just the same place.

    None stands for no mention at that place; a mention is in one cell.

    >>> gold = Document("1", "estrogen", (Span(0, 8, "Chemical"),))
    >>> count_confusions([gold], [gold.with_spans([Span(0, 8, "Gene")])], ["Chemical", "Gene"])
    Counter({('Chemical', 'Gene'): 1})
    """
    golds, founds = list(gold), list(predicted)
    cells = Counter[tuple[str | None, str | None]]()
    for true, found in zip(golds, founds, strict=True):
        # Spans that agree in what scoring looks at are equal.
        wanted = Counter(dict.fromkeys((s for s in true.spans if s.type in types), 1))
        right = wanted & Counter(s for s in found.spans if s.type in types)
        cells.update((span.type, span.type) for span in right)
    for one in find_mistakes(golds, founds, types):
        if one.kind is MistakeKind.TYPE and one.gold and one.predicted:
            cells[one.gold.type, one.predicted.type] += 1
            continue
        if one.gold is not None:
            cells[one.gold.type, None] += 1
        if one.predicted is not None:
            cells[None, one.predicted.type] += 1
    return cells


def _left(some: Sequence[Span], others: Sequence[Span]) -> list[Span]:
    """What has no equal on the other side; of a repeated mention one copy has."""
    there, left = Counter(others), []
    for span in some:
        if there[span]:
            there[span] -= 1
        else:
            left.append(span)
    return left


def _paired(
    missing: Sequence[Span], wrong: Sequence[Span]
) -> Iterator[tuple[MistakeKind, Span | None, Span | None]]:
    ranks = {kind: rank for rank, kind in enumerate(MistakeKind)}
    # Which way borders are wrong says nothing of how badly they are.
    ranks |= dict.fromkeys(BOUNDARY_MISTAKES, ranks[MistakeKind.LONGER])
    ways = [
        (ranks[kind], -_shared(g, f), i, j, kind)
        for i, g in enumerate(missing)
        for j, f in enumerate(wrong)
        if (kind := _kind(g, f)) is not None
    ]
    free_gold, free_found = dict(enumerate(missing)), dict(enumerate(wrong))
    for _, _, i, j, kind in sorted(ways):
        if i in free_gold and j in free_found:
            yield kind, free_gold.pop(i), free_found.pop(j)
    yield from ((MistakeKind.MISSED, span, None) for span in free_gold.values())
    yield from ((MistakeKind.FALSE_ALARM, None, span) for span in free_found.values())


def _kind(gold: Span, found: Span) -> MistakeKind | None:
    """What kind of mistake it is to find one for the other; None where they lie apart."""
    if not _shared(gold, found):
        return None
    if gold.pieces == found.pieces:
        return MistakeKind.TYPE
    if gold.type != found.type:
        return MistakeKind.BOTH
    if _covers(found, gold):
        return MistakeKind.LONGER
    return MistakeKind.SHORTER if _covers(gold, found) else MistakeKind.SHIFTED


def _shared(one: Span, other: Span) -> int:
    """Number of characters that are in both."""
    return sum(max(0, min(e, f) - max(s, t)) for s, e in one.pieces for t, f in other.pieces)


def _covers(outer: Span, inner: Span) -> bool:
    return _shared(outer, inner) == sum(end - start for start, end in inner.pieces)


def _place(one: Mistake) -> tuple[int, int]:
    starts = [span.start for span in (one.gold, one.predicted) if span is not None]
    return min(starts), max(starts)
