"""Relations between the mentions of a text: inside, around, at the same place, crossing.

Two mentions are related if they share a character. The gaps of a discontinuous mention do not
belong to it, so a mention that fits into a gap is not related to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum

from vaner.text.documents import Span


class SpanRelation(StrEnum):
    """Relation of a mention to another that it shares a character with."""

    INSIDE = "inside"
    AROUND = "around"
    SAME = "same place"
    CROSSING = "crossing"

    @property
    def inverse(self) -> SpanRelation:
        """The relation with the two mentions exchanged."""
        return _INVERSE.get(self, self)


_INVERSE = {
    SpanRelation.INSIDE: SpanRelation.AROUND,
    SpanRelation.AROUND: SpanRelation.INSIDE,
}


def find_relation(first: Span, second: Span) -> SpanRelation | None:
    """Return the relation of `first` to `second`, or None if they share no character.

    >>> find_relation(Span(5, 9, "Anatomy"), Span(0, 9, "Disease"))
    <SpanRelation.INSIDE: 'inside'>
    """
    if not first.overlaps(second):
        return None
    if not (first.fragments or second.fragments):
        return _compare_extents(first, second)
    first_pieces, second_pieces = _merge_pieces(first), _merge_pieces(second)
    if first_pieces == second_pieces:
        return SpanRelation.SAME
    if _is_within(first_pieces, second_pieces):
        return SpanRelation.INSIDE
    if _is_within(second_pieces, first_pieces):
        return SpanRelation.AROUND
    shares_character = any(s < e2 and s2 < e for s, e in first_pieces for s2, e2 in second_pieces)
    return SpanRelation.CROSSING if shares_character else None


def _compare_extents(first: Span, second: Span) -> SpanRelation:
    """Return the relation of two contiguous mentions that overlap."""
    left, right = first.start - second.start, first.end - second.end
    if left == 0 == right:
        return SpanRelation.SAME
    if left >= 0 >= right:
        return SpanRelation.INSIDE
    return SpanRelation.AROUND if left <= 0 <= right else SpanRelation.CROSSING


def find_overlapping_pairs(spans: Iterable[Span]) -> Iterator[tuple[Span, Span, SpanRelation]]:
    """Yield each pair of overlapping mentions once, in text order.

    Duplicates count as a single mention. Time: O(n log n + p) for n mentions and p pairs of
    overlapping extents.

    Yields:
        The two mentions, and the relation of the first to the second.
    """
    active: list[Span] = []  # mentions that end after the start of the current one
    for span in sorted(set(spans)):
        active = [other for other in active if other.end > span.start]
        for other in active:
            relation = find_relation(other, span)
            if relation is not None:
                yield other, span, relation
        active.append(span)


def find_relations(spans: Iterable[Span]) -> dict[Span, frozenset[SpanRelation]]:
    """Return all relations of each mention to the others; an empty set if it has none.

    >>> spans = [Span(0, 9, "Disease"), Span(5, 9, "Anatomy"), Span(12, 15, "Gene")]
    >>> [sorted(relations) for relations in find_relations(spans).values()]
    [[<SpanRelation.AROUND: 'around'>], [<SpanRelation.INSIDE: 'inside'>], []]
    """
    relations: dict[Span, set[SpanRelation]] = {span: set() for span in spans}
    for first, second, relation in find_overlapping_pairs(relations):
        relations[first].add(relation)
        relations[second].add(relation.inverse)
    return {span: frozenset(values) for span, values in relations.items()}


def _merge_pieces(span: Span) -> tuple[tuple[int, int], ...]:
    """Return the pieces of a mention, with adjacent pieces merged."""
    if not span.fragments:
        return span.pieces
    merged: list[tuple[int, int]] = []
    for start, end in span.pieces:
        if merged and merged[-1][1] == start:
            merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return tuple(merged)


def _is_within(inner: Iterable[tuple[int, int]], outer: Iterable[tuple[int, int]]) -> bool:
    return all(any(s <= start and end <= e for s, e in outer) for start, end in inner)
