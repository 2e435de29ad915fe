"""Summaries of overlaps: equal to those of all pairs, without the time that all pairs take."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vaner.display.html.page import article
from vaner.display.table import rows
from vaner.formats.references import Entry, find_dangling
from vaner.text.documents import Document, Span
from vaner.text.overlaps import MAX_PAIRS, summarize_overlaps, text_order
from vaner.text.span_relations import SpanRelation, find_relation


@st.composite
def mentions(draw: Any) -> Span:
    start = draw(st.integers(0, 8))
    end = draw(st.integers(start + 1, 14))
    fragments: tuple[tuple[int, int], ...] = ()
    if end - start > 3 and draw(st.booleans()):
        gap = draw(st.integers(start + 1, end - 2))
        fragments = ((start, gap), (draw(st.integers(gap + 1, end - 1)), end))
    return Span(start, end, draw(st.sampled_from("XY")), fragments=fragments)


@settings(max_examples=300, deadline=None)
@given(st.lists(mentions(), max_size=9))
def test_a_summary_agrees_with_all_pairs(spans: list[Span]) -> None:
    ordered = sorted(set(spans), key=text_order)
    for span, overlaps in summarize_overlaps(spans).items():
        before = ordered[: ordered.index(span)]
        around = [o for o in ordered if find_relation(span, o) is SpanRelation.INSIDE]
        crossed = [o for o in before if find_relation(span, o) is SpanRelation.CROSSING]
        assert (overlaps.depth, overlaps.crossings) == (len(around), len(crossed))
        assert overlaps.has_same == any(find_relation(span, o) is SpanRelation.SAME for o in before)
        if around:
            assert overlaps.nearest == min((o.length, o.start) for o in around)
        if crossed:
            assert overlaps.crossed == min((o.start, o.end) for o in crossed)


def nested(number: int) -> list[Span]:
    return [Span(i, 2 * number - i, "X") for i in range(number)]


def crossing(number: int) -> list[Span]:
    return [Span(i, i + number, "X") for i in range(number)]


def late(number: int) -> list[Span]:
    """Mentions that end one by one, all of them crossed by mentions that end later."""
    half = number // 2
    ending = [Span(i, 3 * half - i, "X") for i in range(half)]
    return [*ending, *(Span(half + i, 6 * half - i, "X") for i in range(half))]


def draw_page(spans: list[Span]) -> str:
    document = Document("1", "a" * max(span.end for span in spans), tuple(sorted(spans)))
    return article(document, "d1")


def chain(number: int) -> list[Entry]:
    return [Entry(f"R{i}", [f"R{i - 1}"]) for i in range(number)]


def count_calls(function: Callable[[], Any]) -> int:
    """Return the number of function calls in a call, a measure of work that is always the same."""
    number = 0

    def count(frame: Any, event: str, argument: Any) -> None:
        nonlocal number
        number += event in ("call", "c_call")

    previous = sys.getprofile()
    sys.setprofile(count)
    try:
        function()
    finally:
        sys.setprofile(previous)
    return number


@pytest.mark.parametrize(
    ("work", "build"),
    [
        (rows, nested), (rows, crossing), (rows, late), (draw_page, nested), (draw_page, crossing),
        (lambda entries: find_dangling(entries, ["R0"]), chain),
    ],
)  # fmt: skip
def test_work_grows_with_the_number_of_mentions(
    work: Callable[[Any], Any], build: Callable[[int], Any]
) -> None:
    work(build(10))  # what is done once
    small, large = (count_calls(lambda n=n: work(build(n))) for n in (300, 1200))  # type: ignore[misc]
    assert large < 6 * small


def test_a_chain_of_references_is_removed() -> None:
    entries = chain(2000)
    assert find_dangling(entries, ["R0"]) == set(range(1, 2000))
    assert find_dangling(entries, ["R1999", "T1"]) == set()


def test_splits_of_crossing_mentions_have_a_limit() -> None:
    spans = late(1000)
    html = draw_page(spans)
    assert html.count("<mark") < 25_000 and html.count("<mark") == html.count("</mark>")
    assert "mentions cross more than 20,000 times" in html
    assert "mentions cross" not in draw_page(late(100))
    assert len(re.findall(r'<a class="t\d+"', html)) == html.count("<tr id=") == len(spans)


def test_pairs_with_discontinuous_mentions_have_a_limit() -> None:
    spans = [Span(i, 4000 - i, "X", fragments=((i, 1500), (2500, 4000 - i))) for i in range(1000)]
    depths = [overlaps.depth for overlaps in summarize_overlaps(spans).values()]
    assert depths[:400] == [*range(400)] and sum(depths) == MAX_PAIRS
