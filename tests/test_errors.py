"""Kinds of mistakes: each in words, and all together against what the scorer counts."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vaner.evaluation import score
from vaner.evaluation.error_analysis import (
    BOUNDARY_MISTAKES,
    Mistake,
    MistakeKind,
    count_confusions,
    find_mistakes,
)
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
    ("gold", "found", "kinds"),
    [
        ([Span(0, 4, A)], [Span(0, 4, A)], []),
        ([Span(0, 4, A)], [Span(0, 4, B)], ["another type"]),
        ([Span(5, 11, A)], [Span(0, 11, A)], ["too long"]),
        ([Span(0, 11, A)], [Span(5, 11, A)], ["too short"]),
        ([Span(0, 11, A)], [Span(5, 18, A)], ["shifted"]),
        ([Span(0, 11, A)], [Span(5, 18, B)], ["type and borders"]),
        ([], [Span(0, 4, A)], ["false alarm"]),
        ([Span(0, 4, A)], [], ["missed"]),
        ([Span(0, 4, A)], [Span(5, 11, A)], ["missed", "false alarm"]),
        # The second copy of what is right, and a part of it, are alarms of their own.
        ([Span(0, 4, A)], [Span(0, 4, A), Span(0, 4, A)], ["false alarm"]),
        ([Span(0, 11, A)], [Span(0, 11, A), Span(5, 11, A)], ["false alarm"]),
        # One for each: the right place before the right type, the larger share before the smaller.
        ([Span(0, 11, A)], [Span(0, 11, B), Span(5, 11, A)], ["another type", "false alarm"]),
        ([Span(0, 11, A)], [Span(0, 4, A), Span(5, 11, A)], ["false alarm", "too short"]),
        # What covers the gap of a mention in pieces is more than the mention.
        ([PIECES], [Span(0, 18, A)], ["too long"]),
        ([PIECES], [Span(5, 11, A)], ["missed", "false alarm"]),
        ([Span(0, 4, "C")], [Span(5, 11, "C")], []),
    ],
)  # fmt: skip
def test_kinds(gold: list[Span], found: list[Span], kinds: list[str]) -> None:
    true = Document("1", TEXT, tuple(gold))
    told = find_mistakes([true], [true.with_spans(found)], [A, B])
    assert [str(one.kind) for one in told] == kinds


def named(one: Mistake) -> tuple[MistakeKind, str, Span | None, Span | None]:
    return one.kind, one.document.id, one.gold, one.predicted


@settings(deadline=None)
@given(st.lists(st.tuples(spans, spans), min_size=1, max_size=3))
def test_mistakes_are_what_the_scorer_counts(pairs: list[tuple[list[Span], list[Span]]]) -> None:
    gold = [Document(str(i), TEXT, tuple(g)) for i, (g, _) in enumerate(pairs)]
    found = [true.with_spans(f) for true, (_, f) in zip(gold, pairs, strict=True)]
    counts = score(gold, found, types=[A, B], bootstrap=0).micro.counts
    assert counts is not None
    told = list(find_mistakes(gold, found, [A, B]))
    assert sum(one.predicted is not None for one in told) == counts.fp
    assert sum(one.gold is not None for one in told) == counts.fn
    for one in told:
        assert (one.gold is None) == (one.kind is MistakeKind.FALSE_ALARM)
        assert (one.predicted is None) == (one.kind is MistakeKind.MISSED)
        if one.gold and one.predicted:
            assert one.gold.overlaps(one.predicted)
            assert (one.gold.type == one.predicted.type) == (one.kind in BOUNDARY_MISTAKES)
    cells = count_confusions(gold, found, [A, B])
    assert sum(n for (g, _), n in cells.items() if g) == counts.gold
    assert sum(n for (_, f), n in cells.items() if f) == counts.predicted
    assert sum(n for (g, f), n in cells.items() if g == f) == counts.tp
    again = find_mistakes(gold[::-1], found[::-1], [A, B])
    assert Counter(map(named, told)) == Counter(map(named, again))
