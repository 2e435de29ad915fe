"""Tests of the error analysis: the kind of each mistake, and their number against the scorer."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vaner.evaluation.document_alignment import align_documents
from vaner.evaluation.error_analysis import (
    BOUNDARY_MISTAKES,
    Mistake,
    MistakeKind,
    count_confusions,
    find_mistakes,
)
from vaner.evaluation.scorer import score_pairs
from vaner.text.documents import Document, Span

TEXT = "leftbreastcancerandgout"
A, B = "A", "B"
PIECES = Span(0, 18, A, None, (), ((0, 4), (12, 18)))

spans = st.lists(
    st.builds(
        lambda start, length, type: Span(start, start + length, type),
        st.sampled_from([0, 2, 4, 6]),
        st.integers(1, 6),
        st.sampled_from([A, B, "C"]),
    ),
    max_size=6,
)


@pytest.mark.parametrize(
    ("gold", "predicted", "kinds"),
    [
        ([Span(0, 4, A)], [Span(0, 4, A)], []),
        ([Span(0, 4, A)], [Span(0, 4, B)], ["another type"]),
        ([Span(5, 11, A)], [Span(0, 11, A)], ["too long"]),
        ([Span(0, 11, A)], [Span(5, 11, A)], ["too short"]),
        ([Span(0, 11, A)], [Span(5, 18, A)], ["shifted"]),
        ([Span(0, 11, A)], [Span(5, 18, B)], ["type and boundaries"]),
        ([], [Span(0, 4, A)], ["false alarm"]),
        ([Span(0, 4, A)], [], ["missed"]),
        ([Span(0, 4, A)], [Span(5, 11, A)], ["missed", "false alarm"]),
        # A second copy of a correct mention, and a part of it, are false alarms.
        ([Span(0, 4, A)], [Span(0, 4, A), Span(0, 4, A)], ["false alarm"]),
        ([Span(0, 11, A)], [Span(0, 11, A), Span(5, 11, A)], ["false alarm"]),
        # Correct boundaries before the correct type, a large overlap before a small mistake.
        ([Span(0, 11, A)], [Span(0, 11, B), Span(5, 11, A)], ["another type", "false alarm"]),
        ([Span(0, 11, A)], [Span(0, 4, A), Span(5, 11, A)], ["false alarm", "too short"]),
        # A prediction that covers the gap of a discontinuous mention is too long.
        ([PIECES], [Span(0, 18, A)], ["too long"]),
        ([PIECES], [Span(5, 11, A)], ["missed", "false alarm"]),
        ([Span(0, 4, "C")], [Span(5, 11, "C")], []),
    ],
)  # fmt: skip
def test_kinds_of_mistakes(gold: list[Span], predicted: list[Span], kinds: list[str]) -> None:
    document = Document("1", TEXT, tuple(gold))
    mistakes = find_mistakes([document], [document.with_spans(predicted)], [A, B])
    assert [str(mistake.kind) for mistake in mistakes] == kinds


def to_key(mistake: Mistake) -> tuple[MistakeKind, str, Span | None, Span | None]:
    return mistake.kind, mistake.document.id, mistake.gold, mistake.predicted


@settings(deadline=None)
@given(st.lists(st.tuples(spans, spans), min_size=1, max_size=3))
def test_mistakes_agree_with_the_scorer(pairs: list[tuple[list[Span], list[Span]]]) -> None:
    gold = [Document(str(i), TEXT, tuple(g)) for i, (g, _) in enumerate(pairs)]
    predicted = [document.with_spans(p) for document, (_, p) in zip(gold, pairs, strict=True)]
    counts = score_pairs(align_documents(gold, predicted), [A, B], bootstrap=0).micro.counts
    assert counts is not None
    mistakes = list(find_mistakes(gold, predicted, [A, B]))
    assert sum(mistake.predicted is not None for mistake in mistakes) == counts.fp
    assert sum(mistake.gold is not None for mistake in mistakes) == counts.fn
    for mistake in mistakes:
        assert (mistake.gold is None) == (mistake.kind is MistakeKind.FALSE_ALARM)
        assert (mistake.predicted is None) == (mistake.kind is MistakeKind.MISSED)
        if mistake.gold and mistake.predicted:
            assert mistake.gold.overlaps(mistake.predicted)
            assert (mistake.gold.type == mistake.predicted.type) == (
                mistake.kind in BOUNDARY_MISTAKES
            )
    cells = count_confusions(gold, predicted, [A, B])
    assert sum(n for (g, _), n in cells.items() if g) == counts.gold
    assert sum(n for (_, f), n in cells.items() if f) == counts.predicted
    assert sum(n for (g, f), n in cells.items() if g == f) == counts.tp
    reversed_mistakes = find_mistakes(gold[::-1], predicted[::-1], [A, B])
    assert Counter(map(to_key, mistakes)) == Counter(map(to_key, reversed_mistakes))
