"""How the mentions of one text lie to each other: inside, around, at the same place, crossing.

What counts is the characters that a mention covers: the gaps of a discontinuous one belong to
nobody, so a mention in a gap lies apart from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum

from vaner.text.documents import Span


class SpanRelation(StrEnum):
    """How a mention lies to another that it shares a character with."""

    INSIDE = "inside"
    AROUND = "around"
    SAME = "same place"
    CROSSING = "crossing"

    @property
    def back(self) -> SpanRelation:
        """How the other one lies to the first."""
        return _BACK.get(self, self)


_BACK = {SpanRelation.INSIDE: SpanRelation.AROUND, SpanRelation.AROUND: SpanRelation.INSIDE}


def find_relation(one: Span, other: Span) -> SpanRelation | None:
    """How `one` lies to `other`; None where they share no character.

    >>> relation(Span(5, 9, "Anatomy"), Span(0, 9, "Disease"))
    <Relation.INSIDE: 'inside'>
    """
    if not one.overlaps(other):
        return None
    own, others = _covered(one), _covered(other)
    if own == others:
        return SpanRelation.SAME
    if _within(own, others):
        return SpanRelation.INSIDE
    if _within(others, own):
        return SpanRelation.AROUND
    shared = any(s < e2 and s2 < e for s, e in own for s2, e2 in others)
    return SpanRelation.CROSSING if shared else None


def find_overlapping_pairs(spans: Iterable[Span]) -> Iterator[tuple[Span, Span, SpanRelation]]:
    """Every two mentions that overlap, once, with how the first lies to the second.

    In the order of the text; a mention that is given twice is one.
    """
    open_: list[Span] = []
    for span in sorted(set(spans)):
        open_ = [other for other in open_ if other.end > span.start]
        for other in open_:
            found = find_relation(other, span)
            if found is not None:
                yield other, span, found
        open_.append(span)


def find_relations(spans: Iterable[Span]) -> dict[Span, frozenset[SpanRelation]]:
    """All the ways in which each mention lies to others; none for one that stands apart.

    >>> found = relations([Span(0, 9, "Disease"), Span(5, 9, "Anatomy"), Span(12, 15, "Gene")])
    >>> [sorted(ways) for ways in found.values()]
    [[<Relation.AROUND: 'around'>], [<Relation.INSIDE: 'inside'>], []]
    """
    found: dict[Span, set[SpanRelation]] = {span: set() for span in spans}
    for one, other, way in find_overlapping_pairs(found):
        found[one].add(way)
        found[other].add(way.back)
    return {span: frozenset(ways) for span, ways in found.items()}


def _covered(span: Span) -> tuple[tuple[int, int], ...]:
    """The pieces of a mention, those that touch joined to one."""
    if not span.fragments:
        return span.pieces
    joined: list[tuple[int, int]] = []
    for start, end in span.pieces:
        if joined and joined[-1][1] == start:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return tuple(joined)


def _within(inner: Iterable[tuple[int, int]], outer: Iterable[tuple[int, int]]) -> bool:
    return all(any(s <= start and end <= e for s, e in outer) for start, end in inner)
