"""How mentions lie to each other, against the sets of characters that they cover."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings

from tests.overlapping import spans_of
from vaner.text.documents import Span
from vaner.text.span_relations import (
    SpanRelation,
    find_overlapping_pairs,
    find_relation,
    find_relations,
)


def covered(span: Span) -> set[int]:
    return {place for start, end in span.pieces for place in range(start, end)}


def by_characters(one: Span, other: Span) -> SpanRelation | None:
    a, b = covered(one), covered(other)
    if not a & b:
        return None
    if a == b:
        return SpanRelation.SAME
    return SpanRelation.INSIDE if a < b else SpanRelation.AROUND if a > b else SpanRelation.CROSSING


@settings(deadline=None, max_examples=200)
@given(spans_of("x" * 30))
def test_relations_are_those_of_the_characters(spans: list[Span]) -> None:
    distinct = set(spans)
    expected: dict[Span, set[SpanRelation]] = {span: set() for span in distinct}
    for one in distinct:
        for other in distinct - {one}:
            way = by_characters(one, other)
            assert find_relation(one, other) == way
            if way is not None:
                expected[one].add(way)
    assert find_relations(spans) == expected


@settings(deadline=None, max_examples=100)
@given(spans_of("x" * 30))
def test_every_pair_is_told_once(spans: list[Span]) -> None:
    told = [frozenset((one, other)) for one, other, _ in find_overlapping_pairs(spans)]
    assert len(told) == len(set(told))
    assert all(
        by_characters(one, other) == way for one, other, way in find_overlapping_pairs(spans)
    )


@pytest.mark.parametrize(
    ("gap", "way"), [((4, 6), None), ((4, 8), SpanRelation.CROSSING), ((7, 9), SpanRelation.INSIDE)]
)
def test_gaps_belong_to_nobody(gap: tuple[int, int], way: SpanRelation | None) -> None:
    pieces = Span(0, 9, "Disease", fragments=((0, 3), (7, 9)))
    assert find_relation(Span(*gap, "Anatomy"), pieces) == way


def test_pieces_that_touch_are_at_the_place_of_the_whole() -> None:
    whole = Span(0, 6, "A")
    assert find_relation(Span(0, 6, "A", fragments=((0, 3), (3, 6))), whole) is SpanRelation.SAME
    assert (
        find_relation(Span(2, 5, "B"), Span(0, 6, "A", fragments=((0, 3), (3, 6))))
        is SpanRelation.INSIDE
    )


def test_many_mentions_are_quick() -> None:
    spans = [Span(10 * i, 10 * i + 15, "A") for i in range(20_000)]
    start = time.process_time()
    assert sum(1 for _ in find_overlapping_pairs(spans)) == 19_999
    assert time.process_time() - start < 5, (
        "takes about 0.1 s; the bound leaves a busy machine room"
    )
