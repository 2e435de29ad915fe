"""Tests of the threshold sweep against the scorer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaner.evaluation.document_alignment import align_documents
from vaner.evaluation.scorer import score_pairs
from vaner.evaluation.thresholds import find_best_threshold, sweep_thresholds
from vaner.text.documents import Document, Span, filter_by_score

TEXT = "one two six ten"
EXTENTS = [(0, 3), (4, 7), (8, 11), (12, 15), (0, 7)]

spans = st.lists(
    st.tuples(
        st.sampled_from(EXTENTS),
        st.sampled_from(["A", "B"]),
        st.sampled_from([None, 0.0, 0.25, 0.5, 0.75, 1.0]),
    ),
    max_size=6,
)


def make_document(number: int, spans: list[tuple[tuple[int, int], str, float | None]]) -> Document:
    return Document(str(number), TEXT, tuple(sorted(Span(*p, t, s) for p, t, s in spans)))


@given(st.lists(st.tuples(spans, spans), min_size=1, max_size=4))
def test_every_threshold_has_the_counts_of_the_scorer(
    pairs: list[tuple[list[tuple[tuple[int, int], str, float | None]], ...]],
) -> None:
    without_scores = [[(extent, type, None) for extent, type, _ in g] for g, _ in pairs]
    gold = [make_document(i, spans) for i, spans in enumerate(without_scores)]
    predicted = [make_document(i, p) for i, (_, p) in enumerate(pairs)]
    swept = sweep_thresholds(gold, predicted, ["A"])
    assert [item.threshold for item in swept] == sorted(item.threshold for item in swept)
    for item in swept:
        selected = [filter_by_score(document, item.threshold) for document in predicted]
        report = score_pairs(align_documents(gold, selected), ["A"], bootstrap=0)
        assert item.counts == report.micro.counts
    scores = {
        s.score
        for document in predicted
        for s in document.spans
        if s.type == "A" and s.score is not None
    }
    assert scores <= {item.threshold for item in swept}
    best = find_best_threshold(gold, predicted, ["A"])
    assert best.counts.f1 == max(item.counts.f1 for item in swept)


def test_best_threshold_without_predictions() -> None:
    gold = [make_document(0, [((0, 3), "A", None), ((4, 7), "A", None)])]
    assert find_best_threshold(gold, [make_document(0, [])], ["A"]).counts.f1 == pytest.approx(0)
