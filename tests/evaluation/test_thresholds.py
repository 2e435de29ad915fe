"""Thresholds against a sweep that scores every one of them by the scorer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaner.evaluation import score
from vaner.evaluation.thresholds import find_best_threshold, sweep_thresholds
from vaner.text.documents import Document, Span, filter_by_score

TEXT = "one two six ten"
PLACES = [(0, 3), (4, 7), (8, 11), (12, 15), (0, 7)]

spans = st.lists(
    st.tuples(
        st.sampled_from(PLACES),
        st.sampled_from(["A", "B"]),
        st.sampled_from([None, 0.0, 0.25, 0.5, 0.75, 1.0]),
    ),
    max_size=6,
)


def document(number: int, found: list[tuple[tuple[int, int], str, float | None]]) -> Document:
    return Document(str(number), TEXT, tuple(sorted(Span(*p, t, s) for p, t, s in found)))


@given(st.lists(st.tuples(spans, spans), min_size=1, max_size=4))
def test_every_cut_is_what_the_scorer_says(
    pairs: list[tuple[list[tuple[tuple[int, int], str, float | None]], ...]],
) -> None:
    gold = [document(i, g).with_spans(Span(s.start, s.end, s.type) for s in document(i, g).spans)
            for i, (g, _) in enumerate(pairs)]  # fmt: skip
    found = [document(i, p) for i, (_, p) in enumerate(pairs)]
    swept = sweep_thresholds(gold, found, ["A"])
    assert [cut.threshold for cut in swept] == sorted(cut.threshold for cut in swept)
    for cut in swept:
        kept = [filter_by_score(one, cut.threshold) for one in found]
        report = score(gold, kept, types=["A"], bootstrap=0)
        assert cut.counts == report.micro.counts
    scores = {s.score for one in found for s in one.spans if s.type == "A" and s.score is not None}
    assert scores <= {cut.threshold for cut in swept}
    best = find_best_threshold(gold, found, ["A"])
    assert best.counts.f1 == max(cut.counts.f1 for cut in swept)


def test_where_nothing_was_found() -> None:
    gold = [document(0, [((0, 3), "A", None), ((4, 7), "A", None)])]
    assert find_best_threshold(gold, [document(0, [])], ["A"]).counts.f1 == pytest.approx(0)
