"""A summary of the overlaps of each mention, in O(n log n) for n mentions.

`vaner.text.span_relations` lists all pairs, whose number is quadratic if thousands of mentions
nest or cross. A summary has a fixed size: how many mentions are around a mention, which of them is
the shortest, and whether it crosses others.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from vaner.text.documents import Span
from vaner.text.span_relations import SpanRelation, find_relation

MAX_PAIRS = 100_000
"""Pairs with a discontinuous mention that are compared; they have no order that saves work."""

_Key = tuple[int, int]
_NONE: _Key = (1 << 62, 0)


@dataclass(slots=True)
class Overlaps:
    """The overlaps of a mention.

    Attributes:
        depth: number of mentions that it is inside of.
        nearest: length and start of the shortest of them.
        has_same: whether another mention before it is at the same place.
        crossings: number of mentions before it that it crosses.
        crossed: start and end of the first of these.
    """

    depth: int = 0
    nearest: _Key = _NONE
    has_same: bool = False
    crossings: int = 0
    crossed: _Key = _NONE

    def add_around(self, key: _Key, number: int = 1) -> None:
        """Add mentions around this one, the shortest of which has a length and a start."""
        self.depth += number
        self.nearest = min(self.nearest, key)

    def add_crossed(self, key: _Key, number: int = 1) -> None:
        """Add mentions that this one crosses, the first of which has a start and an end."""
        self.crossings += number
        self.crossed = min(self.crossed, key)


def text_order(span: Span) -> tuple[int, int, str, tuple[_Key, ...]]:
    """Return the sort key of the order of the text, outer mentions before inner ones."""
    return span.start, -span.end, span.type, span.fragments


def summarize_overlaps(spans: Iterable[Span], max_pairs: int = MAX_PAIRS) -> dict[Span, Overlaps]:
    """Return the overlaps of each mention. Duplicates count as a single mention.

    Args:
        spans: the mentions.
        max_pairs: pairs with a discontinuous mention that are compared at most.

    >>> spans = [Span(0, 9, "Disease"), Span(5, 9, "Anatomy"), Span(7, 12, "Gene")]
    >>> [(o.depth, o.crossings) for o in summarize_overlaps(spans).values()]
    [(0, 0), (1, 0), (0, 2)]
    """
    ordered = sorted(set(spans), key=text_order)
    overlaps = {span: Overlaps() for span in ordered}
    _add_contiguous([span for span in ordered if not span.fragments], overlaps)
    if any(span.fragments for span in ordered):
        _add_discontinuous(ordered, overlaps, max_pairs)
    return overlaps


def _add_contiguous(ordered: Sequence[Span], overlaps: dict[Span, Overlaps]) -> None:
    """Add the overlaps of contiguous mentions with contiguous mentions.

    Of the mentions before one in the order of the text, those that end at its end or later are
    around it, and those that end between its start and its end cross it. Two trees of minima over
    the ends find the shortest and the first of these.
    """
    ends = sorted({span.end for span in ordered})
    shortest, first, seen = _MinTree(len(ends)), _MinTree(len(ends)), list[int]()
    for (start, end), group in groupby(ordered, key=lambda span: (span.start, span.end)):
        same_place = list(group)
        after, at = bisect_right(ends, start), bisect_left(ends, end)
        around = len(seen) - bisect_left(seen, end)
        crossings = bisect_left(seen, end) - bisect_right(seen, start)
        for number, span in enumerate(same_place):
            summary = overlaps[span]
            summary.has_same = number > 0
            summary.add_around(shortest.minimum(at, len(ends)), around)
            summary.add_crossed(first.minimum(after, at), crossings)
        for _ in same_place:
            insort(seen, end)
        shortest.lower(at, (end - start, start))
        first.lower(at, (start, end))


def _add_discontinuous(
    ordered: Sequence[Span], overlaps: dict[Span, Overlaps], max_pairs: int
) -> None:
    """Add the overlaps of pairs with a discontinuous mention, as many as are allowed."""
    for number, (before, span) in enumerate(_pairs_with_discontinuous(ordered)):
        if number == max_pairs:
            return
        relation = find_relation(span, before)
        if relation is SpanRelation.INSIDE:
            overlaps[span].add_around((before.length, before.start))
        elif relation is SpanRelation.AROUND:
            overlaps[before].add_around((span.length, span.start))
        elif relation is SpanRelation.SAME:
            overlaps[span].has_same = True
        elif relation is SpanRelation.CROSSING:
            overlaps[span].add_crossed((before.start, before.end))


def _pairs_with_discontinuous(ordered: Sequence[Span]) -> Iterator[tuple[Span, Span]]:
    """Yield pairs of mentions whose extents overlap, of which at least one is discontinuous."""
    active: list[Span] = []
    discontinuous: list[Span] = []
    for span in ordered:
        discontinuous = [other for other in discontinuous if other.end > span.start]
        if span.fragments:
            active = [other for other in active if other.end > span.start]
            yield from ((other, span) for other in active)
            discontinuous.append(span)
        else:
            yield from ((other, span) for other in discontinuous)
        active.append(span)


class _MinTree:
    """The minimum of a key over a range of positions, in O(log n).

    Args:
        size: number of positions.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._keys = [_NONE] * (2 * size)  # the children of node i are 2i and 2i + 1

    def lower(self, position: int, key: _Key) -> None:
        """Lower the key of a position to `key`, if it is higher."""
        node = position + self._size
        while node and key < self._keys[node]:
            self._keys[node] = key
            node //= 2

    def minimum(self, first: int, end: int) -> _Key:
        """Return the lowest key of the positions from `first` to before `end`."""
        lowest, left, right = _NONE, first + self._size, end + self._size
        while left < right:
            if left % 2:
                lowest = min(lowest, self._keys[left])
                left += 1
            if right % 2:
                right -= 1
                lowest = min(lowest, self._keys[right])
            left, right = left // 2, right // 2
        return lowest
