"""Relations between mentions, checked against their sets of characters."""

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


def characters(span: Span) -> set[int]:
    return {index for start, end in span.pieces for index in range(start, end)}


def expected_relation(first: Span, second: Span) -> SpanRelation | None:
    a, b = characters(first), characters(second)
    if not a & b:
        return None
    if a == b:
        return SpanRelation.SAME
    return SpanRelation.INSIDE if a < b else SpanRelation.AROUND if a > b else SpanRelation.CROSSING


@settings(deadline=None, max_examples=200)
@given(spans_of("x" * 30))
def test_relations_match_the_character_sets(spans: list[Span]) -> None:
    distinct = set(spans)
    expected: dict[Span, set[SpanRelation]] = {span: set() for span in distinct}
    for first in distinct:
        for second in distinct - {first}:
            relation = expected_relation(first, second)
            assert find_relation(first, second) == relation
            if relation is not None:
                expected[first].add(relation)
    assert find_relations(spans) == expected


@settings(deadline=None, max_examples=100)
@given(spans_of("x" * 30))
def test_each_pair_is_yielded_once(spans: list[Span]) -> None:
    pairs = list(find_overlapping_pairs(spans))
    assert len(pairs) == len({frozenset((first, second)) for first, second, _ in pairs})
    assert all(expected_relation(first, second) == relation for first, second, relation in pairs)


@pytest.mark.parametrize(
    ("gap", "expected"),
    [((4, 6), None), ((4, 8), SpanRelation.CROSSING), ((7, 9), SpanRelation.INSIDE)],
)
def test_gaps_do_not_belong_to_the_mention(
    gap: tuple[int, int], expected: SpanRelation | None
) -> None:
    pieces = Span(0, 9, "Disease", fragments=((0, 3), (7, 9)))
    assert find_relation(Span(*gap, "Anatomy"), pieces) == expected


def test_adjacent_fragments_equal_a_contiguous_span() -> None:
    contiguous = Span(0, 6, "A")
    assert (
        find_relation(Span(0, 6, "A", fragments=((0, 3), (3, 6))), contiguous) is SpanRelation.SAME
    )
    assert (
        find_relation(Span(2, 5, "B"), Span(0, 6, "A", fragments=((0, 3), (3, 6))))
        is SpanRelation.INSIDE
    )


def test_many_mentions_take_linear_time() -> None:
    spans = [Span(10 * i, 10 * i + 15, "A") for i in range(20_000)]
    start = time.process_time()
    assert sum(1 for _ in find_overlapping_pairs(spans)) == 19_999
    assert time.process_time() - start < 5, "takes about 0.1 s; the limit allows for a busy machine"
