"""Tests of nested, crossing and discontinuous mentions against simple, slow implementations."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import maximum_bipartite_matching

from tests.overlapping import spans_of
from vaner.evaluation import Counts, Report, score, seen_mentions
from vaner.evaluation.match_criteria import match_overlapping
from vaner.evaluation.memorized_mentions import mention_key
from vaner.evaluation.nesting_groups import GROUPS
from vaner.evaluation.thresholds import sweep_thresholds
from vaner.text.documents import Document, Span, filter_by_score

TEXT = "p53 of the p53 of p53 of the IL-2 of it"
Pair = tuple[Document, Document]


@st.composite
def pairs(draw: st.DrawFn) -> tuple[list[Document], list[Document]]:
    """Return gold documents and predictions, which repeat some gold mentions."""
    gold, predicted = [], []
    for number in range(draw(st.integers(1, 4))):
        mentions = draw(spans_of(TEXT))
        correct = [span for span in mentions if draw(st.booleans())]
        wrong = draw(spans_of(TEXT, most=4))
        gold.append(Document(str(number), TEXT, tuple(mentions)))
        predicted.append(Document(str(number), TEXT, tuple(draw(st.permutations(correct + wrong)))))
    return gold, predicted


def counted(gold: Sequence[Span], predicted: Sequence[Span]) -> Counts:
    """Return strict counts: only the first copy of a prediction can be correct."""
    left = list(dict.fromkeys(gold))
    right = 0
    for span in predicted:
        if span in left:
            left.remove(span)
            right += 1
    return Counts(right, len(predicted) - right, len(left))


def covered(span: Span) -> frozenset[int]:
    return frozenset(offset for start, end in span.pieces for offset in range(start, end))


def within(name: str, span: Span, side: Sequence[Span]) -> bool:
    """Return whether a mention is in a group, by the characters that the mentions cover."""
    extent = covered(span)
    others = [covered(other) for other in set(side) - {span}]
    inside = any(extent < other for other in others)
    around = any(extent > other for other in others)
    return {
        "flat": not any(extent & other for other in others),
        "nested": any(extent & other for other in others),
        "outermost": not inside,
        "inside": inside,
        "innermost": not around,
        "around": around,
        "same_place": extent in others,
        "crossing": any(extent & o and extent - o and o - extent for o in others),
    }[name]


def group(name: str, pair: Pair) -> Counts:
    gold, predicted = pair[0].spans, pair[1].spans
    wrong_too = [
        span for span in predicted if within(name, span, gold if span in gold else predicted)
    ]
    return counted([span for span in gold if within(name, span, gold)], wrong_too)


def known(pair: Pair, seen: frozenset[tuple[str, str]]) -> Counts:
    document = pair[0]
    sides = [[s for s in side.spans if mention_key(document, s) in seen] for side in pair]
    return counted(*sides)


def matched(pair: Pair) -> Counts:
    gold, predicted = list(dict.fromkeys(pair[0].spans)), pair[1].spans
    size = 0
    if gold and predicted:
        edges = [
            [g.type == p.type and bool(covered(g) & covered(p)) for p in predicted] for g in gold
        ]
        partners = maximum_bipartite_matching(csr_matrix(np.array(edges, dtype=int)))
        size = int((partners >= 0).sum())
    return Counts(size, len(predicted) - size, len(gold) - size)


def agreeing(pair: Pair, key: Callable[[Span], object]) -> Counts:
    gold = Counter(key(span) for span in dict.fromkeys(pair[0].spans))
    predicted = Counter(key(span) for span in pair[1].spans)
    size = sum(min(number, predicted[name]) for name, number in gold.items())
    return Counts(size, predicted.total() - size, gold.total() - size)


def rows(pair: Pair, seen: frozenset[tuple[str, str]], types: Sequence[str]) -> dict[str, Counts]:
    """Return all counts of one document, by their names in the report."""
    gold, predicted = pair[0].spans, pair[1].spans
    counts = {"micro": counted(gold, predicted), "seen": known(pair, seen)}
    for name in types:
        counts[f"types.{name}"] = counted(
            [s for s in gold if s.type == name], [s for s in predicted if s.type == name]
        )
    counts["relaxed.overlap"] = matched(pair)
    counts["relaxed.boundaries"] = agreeing(pair, lambda s: (s.start, s.end, s.fragments))
    counts["relaxed.left"] = agreeing(pair, lambda s: (s.start, s.type))
    counts["relaxed.right"] = agreeing(pair, lambda s: (s.end, s.type))
    return counts | {f"nesting.{name}": group(name, pair) for name in GROUPS}


def row(report: Report, name: str) -> dict[str, object]:
    values = report.to_dict()
    for part in name.split(".", 1):
        values = values[part]
    return values


def overlaps(gold: Sequence[Document]) -> bool:
    return any(within("nested", span, d.spans) for d in gold for span in d.spans)


@pytest.mark.heavy
@settings(deadline=None, max_examples=150)
@given(pairs())
def test_counts_equal_those_of_a_simple_implementation(
    both: tuple[list[Document], list[Document]],
) -> None:
    gold, predicted = both
    seen = seen_mentions([Document("t", "p53", (Span(0, 3, "Disease"),))])
    report = score(gold, predicted, seen=seen, bootstrap=0)
    assert (report.nesting is not None) == overlaps(gold)
    totals = Counter[tuple[str, str]]()
    for pair in zip(gold, predicted, strict=True):
        for name, counts in rows(pair, seen, list(report.types)).items():
            for column in ("tp", "fp", "fn"):
                totals[name, column] += getattr(counts, column)
    for (name, column), number in totals.items():
        if report.nesting is not None or not name.startswith("nesting"):
            assert row(report, name)[column] == number, (name, column)


@settings(deadline=None, max_examples=100)
@given(pairs())
def test_counts_of_groups_add_up(both: tuple[list[Document], list[Document]]) -> None:
    report = score(*both, bootstrap=0)
    if report.nesting is None:
        return
    for name, other in [("flat", "nested"), ("outermost", "inside"), ("innermost", "around")]:
        parts = (report.nesting[name].counts, report.nesting[other].counts)
        assert parts[0] is not None and parts[1] is not None
        assert parts[0] + parts[1] == report.micro.counts


@settings(deadline=None, max_examples=25)
@given(pairs())
def test_intervals_equal_those_of_drawing_documents(
    both: tuple[list[Document], list[Document]],
) -> None:
    gold, predicted = both
    seen = seen_mentions([Document("t", "p53", (Span(0, 3, "Disease"),))])
    report = score(gold, predicted, seen=seen, bootstrap=40, seed=7)
    document_rows = [rows(p, seen, list(report.types)) for p in zip(gold, predicted, strict=True)]
    rng = np.random.default_rng(7)
    samples = [rng.integers(len(gold), size=len(gold)) for _ in range(40)]
    for name in document_rows[0]:
        if report.nesting is None and name.startswith("nesting"):
            continue
        drawn = [
            sum((document_rows[i][name] for i in sample), Counts(0, 0, 0)) for sample in samples
        ]
        for figure in ("precision", "recall", "f1"):
            ends = np.quantile([getattr(counts, figure) for counts in drawn], (0.025, 0.975))
            assert row(report, name)["intervals"][figure] == pytest.approx(list(ends))  # type: ignore[index]


@settings(deadline=None, max_examples=100)
@given(pairs(), st.data())
def test_thresholds_have_the_counts_of_the_scorer(
    both: tuple[list[Document], list[Document]], data: st.DataObject
) -> None:
    gold, plain = both
    scores = st.none() | st.sampled_from([0.25, 0.5, 0.75])
    predicted = [d.with_spans(replace(s, score=data.draw(scores)) for s in d.spans) for d in plain]
    types = sorted({span.type for d in (*gold, *predicted) for span in d.spans})
    for item in sweep_thresholds(gold, predicted, types):
        selected = [filter_by_score(document, item.threshold) for document in predicted]
        assert score(gold, selected, bootstrap=0).micro.counts == item.counts


def test_groups_of_a_small_case() -> None:
    """A nested [[lung] cancer] and a flat [flu]; the prediction misses the inner mention."""
    text = "lung cancer, flu, B cell line"
    gold = Document("1", text, (Span(0, 11, "D"), Span(0, 4, "A"), Span(13, 16, "D")))
    predicted = Document(
        "1", text, (Span(0, 11, "D"), Span(13, 16, "D"), Span(18, 24, "C"), Span(18, 29, "C"))
    )
    nesting = score([gold], [predicted]).nesting
    assert nesting is not None
    counts = {name: row.counts for name, row in nesting.items()}
    assert counts == {
        "flat": Counts(1, 0, 0), "nested": Counts(1, 2, 1),
        "outermost": Counts(2, 1, 0), "inside": Counts(0, 1, 1),
        "innermost": Counts(1, 1, 1), "around": Counts(1, 1, 0),
        "same_place": Counts(0, 0, 0), "crossing": Counts(0, 0, 0),
    }  # fmt: skip


def test_groups_agree_with_a_published_example() -> None:
    """The example of nestednereval (Rojas et al. 2022), with its published scores."""
    body, disease, drug = Span(2, 3, "Body Part"), Span(0, 3, "Disease"), Span(1, 2, "Medication")
    gold = [Document(str(i), "abc", s) for i, s in enumerate([(body, disease)] * 2 + [(drug,)])]
    predicted = [gold[0], gold[1].with_spans([disease]), gold[2]]
    report = score(gold, predicted)
    assert report.nesting is not None
    assert report.micro.recall == 0.8
    figures = {n: (r.precision, r.recall, r.f1) for n, r in report.nesting.items()}
    assert figures["flat"] == (1, 1, 1)
    assert figures["nested"] == (1, 0.75, pytest.approx(6 / 7))


def test_flat_gold_has_no_nesting_scores() -> None:
    flat = Document("1", "abc def", (Span(0, 3, "A"), Span(4, 7, "A")))
    report = score([flat], [flat.with_spans([Span(0, 7, "A"), Span(0, 3, "A")])])
    assert report.nesting is None and report.to_dict()["nesting"] is None
    assert "nesting" not in report.table()


def test_types_that_are_not_scored_do_not_nest() -> None:
    gold = Document("1", "abc def", (Span(0, 7, "A"), Span(0, 3, "B")))
    assert score([gold], [gold], types=["A"]).nesting is None
    assert score([gold], [gold], types=["A", "B"]).nesting is not None


def test_table_shows_groups_that_occur() -> None:
    gold = Document("1", "abc def", (Span(0, 7, "A"), Span(0, 3, "B")))
    report = score([gold], [gold], bootstrap=10)
    names = [line[:20].strip() for line in report.table().splitlines() if "nesting" in line]
    assert names == [f"nesting: {n}" for n in (
        "nested", "outermost", "inside", "innermost", "around"
    )]  # fmt: skip
    stored = json.loads(json.dumps(report.to_dict()))["nesting"]
    assert list(stored) == list(GROUPS)
    assert stored["inside"]["gold"] == 1 and stored["inside"]["intervals"]["f1"] == [1, 1]


def test_overlap_with_one_mention_over_thousands() -> None:
    """Each prediction overlaps two mentions, and one mention covers them all."""
    number = 3000
    gold = [Span(0, 10 * number + 20, "A")]
    gold += [Span(10 * i + 5, 10 * i + 15, "A") for i in range(number)]
    predicted = [Span(10 * i + 2, 10 * i + 8, "A") for i in range(number + 1)]
    assert match_overlapping(gold, predicted) == number + 1
    assert (
        match_overlapping(gold, predicted[1:])
        == match_overlapping(gold[::-1], predicted[1:])
        == number
    )
