"""Tests of the scorer: small cases, comparison with seqeval, nervaluate and scipy, and errors."""

from __future__ import annotations

import json
import random
import time
import warnings
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from nervaluate import Evaluator
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import maximum_bipartite_matching
from seqeval.metrics.v1 import precision_recall_fscore_support
from seqeval.scheme import IOB2

from vaner.errors import VanerError
from vaner.evaluation import Counts, compare, score, seen_mentions
from vaner.evaluation.bootstrap import precision_recall_f1, resample_counts
from vaner.evaluation.match_criteria import match_overlapping
from vaner.evaluation.report import Bootstrap
from vaner.text.documents import Document, Span
from vaner.text.tags import decode_tags

TEXT = "x" * 40
MENTIONS = [(0, 4), (5, 9), (10, 14), (15, 19)]


def document(name: str, *spans: tuple[int, int, str], text: str = TEXT) -> Document:
    return Document(name, text, tuple(Span(*span) for span in spans))


def from_tags(sequences: list[list[str]]) -> list[Document]:
    return [
        Document(str(i), "w" * len(tags), tuple(Span(*c) for c in decode_tags(tags, repair=False)))
        for i, tags in enumerate(sequences)
    ]


def random_corpus(
    size: int, seed: int = 0, hit: float = 0.8
) -> tuple[list[Document], list[Document]]:
    """Return documents with two mentions each, and predictions that are correct at rate `hit`."""
    rng = random.Random(seed)
    gold, predicted = [], []
    for i in range(size):
        spans = [Span(s, e, rng.choice("AB")) for s, e in rng.sample(MENTIONS, 2)]
        predictions = [s if rng.random() < hit else Span(s.start, s.end + 1, s.type) for s in spans]
        gold.append(Document(f"d{i}", TEXT, tuple(spans)))
        predicted.append(Document(f"d{i}", TEXT, tuple(predictions)))
    return gold, predicted


# --- small cases ------------------------------------------------------------------------------


def test_counts_of_a_small_case() -> None:
    counts = Counts(tp=2, fp=1, fn=3)
    assert (counts.precision, counts.recall, counts.f1) == (2 / 3, 2 / 5, 4 / 8)
    assert (counts.gold, counts.predicted) == (5, 3)


def test_zero_divided_by_zero_is_zero() -> None:
    report = score([document("a")], [document("a")])
    assert (report.micro.precision, report.micro.recall, report.micro.f1) == (0.0, 0.0, 0.0)
    assert report.macro.f1 == 0.0
    assert report.types == {}
    assert "gold mentions out of reach: 0" in report.table()


def test_scores_of_a_small_corpus() -> None:
    gold = [document("1", (0, 4, "A"), (5, 9, "B"), (10, 14, "A")), document("2", (0, 3, "A"))]
    predicted = [
        document("1", (0, 4, "A"), (5, 9, "A"), (10, 15, "A"), (20, 22, "A")),
        document("2", (1, 3, "A")),
    ]
    report = score(gold, predicted)
    assert report.micro.counts == Counts(tp=1, fp=4, fn=3)
    assert report.types["A"].counts == Counts(tp=1, fp=4, fn=2)
    assert report.types["B"].counts == Counts(tp=0, fp=0, fn=1)
    assert report.macro.precision == pytest.approx((1 / 5 + 0) / 2)
    assert report.macro.f1 == pytest.approx((2 / 8 + 0) / 2)
    relaxed = {name: row.counts.tp for name, row in report.relaxed.items() if row.counts}
    assert relaxed == {"overlap": 3, "boundaries": 2, "left": 2, "right": 2}


def test_repeated_prediction_is_a_false_positive_and_repeated_gold_counts_once() -> None:
    twice = document("1", (0, 4, "A"), (0, 4, "A"))
    once = document("1", (0, 4, "A"))
    for expected, gold, predicted in [
        (Counts(1, 1, 0), once, twice),
        (Counts(1, 0, 0), twice, once),
    ]:
        report = score([gold], [predicted])
        for row in (report.micro, report.types["A"], *report.relaxed.values()):
            assert row.counts == expected


def test_mention_scores_and_identifiers_are_ignored() -> None:
    predicted = Document("1", TEXT, (Span(0, 4, "A", score=0.5, identifiers=("MESH:D1",)),))
    assert score([document("1", (0, 4, "A"))], [predicted]).micro.f1 == 1.0


def test_contiguous_prediction_never_equals_discontinuous_gold() -> None:
    pieces = Document("1", TEXT, (Span(0, 9, "A", fragments=((0, 3), (6, 9))),))
    report = score([pieces], [document("1", (0, 9, "A"))])
    assert report.micro.counts == Counts(0, 1, 1)
    assert report.relaxed["boundaries"].counts == Counts(0, 1, 1)
    assert report.relaxed["overlap"].counts == Counts(1, 0, 0)
    assert score([pieces], [pieces]).micro.f1 == 1.0
    in_the_gap = document("1", (3, 6, "A"))
    assert score([pieces], [in_the_gap]).relaxed["overlap"].counts == Counts(0, 1, 1)


def test_unpredicted_and_unreachable_gold_counts_as_missed() -> None:
    gold = [document("1", (0, 4, "A")), document("2", (0, 4, "A"), (5, 9, "A"))]
    report = score(gold, gold[:1], unreachable=2)
    assert report.micro.counts == Counts(1, 0, 2)
    assert report.unreachable == 2
    assert "gold mentions out of reach: 2" in report.table()


def test_types_restrict_both_sides() -> None:
    gold = [document("1", (0, 4, "A"), (5, 9, "B"))]
    predicted = [document("1", (0, 4, "A"), (5, 9, "C"))]
    report = score(gold, predicted, types=["A", "Z"])
    assert report.micro.counts == Counts(1, 0, 0)
    assert report.types["Z"].counts == Counts(0, 0, 0)
    assert report.macro.f1 == 1.0, "types that do not occur are not part of the mean"


def test_one_type_in_any_case() -> None:
    gold = [document("1", (0, 4, "Disease"), (5, 9, "Gene"))]
    predicted = [document("1", (0, 4, "Disease"))]
    assert score(gold, predicted, types="disease") == score(gold, predicted, types=["Disease"])
    assert list(score(gold, predicted, types="disease").types) == ["Disease"]
    assert compare(gold, predicted, gold, types="gene", resamples=10).b == 1.0


def test_seen_and_unseen_mentions_of_a_small_case() -> None:
    train = [Document("t", "Breast\n cancer", (Span(0, 14, "Disease"),))]
    seen = seen_mentions(train)
    assert seen == {("breast cancer", "Disease")}
    text = "breast cancer, BREAST CANCER, flu, flu"
    d = "Disease"
    gold = document("1", (0, 13, d), (15, 28, d), (30, 33, d), (35, 38, "Gene"), text=text)
    predicted = document("1", (0, 13, d), (0, 6, d), (15, 28, "Gene"), (30, 33, d), text=text)
    report = score([gold], [predicted], seen=seen)
    assert report.seen is not None
    assert report.unseen is not None
    assert report.seen.counts == Counts(tp=1, fp=0, fn=1)
    assert report.unseen.counts == Counts(tp=1, fp=2, fn=1)
    assert score([gold], [predicted]).seen is None


# --- comparison with other implementations ----------------------------------------------------

TAGS = ["O", "B-A", "I-A", "B-B", "I-B"]


@st.composite
def tag_pairs(draw: st.DrawFn) -> tuple[list[list[str]], list[list[str]]]:
    lengths = draw(st.lists(st.integers(1, 12), min_size=1, max_size=5))
    tags = st.sampled_from(TAGS)
    sides = [[draw(st.lists(tags, min_size=n, max_size=n)) for n in lengths] for _ in range(2)]
    return sides[0], sides[1]


def well_formed(sequences: list[list[str]]) -> list[list[str]]:
    """Return the sequences without tags that belong to no mention."""
    fixed = []
    for tags in sequences:
        clean = ["O"] * len(tags)
        for start, end, name in decode_tags(tags, repair=False):
            clean[start:end] = [f"B-{name}", *[f"I-{name}"] * (end - start - 1)]
        fixed.append(clean)
    return fixed


@settings(deadline=None, max_examples=150)
@given(tag_pairs())
def test_agrees_with_seqeval_strict(pair: tuple[list[list[str]], list[list[str]]]) -> None:
    gold, predicted = pair
    assume(any(tag != "O" for side in pair for tags in side for tag in tags))
    ours = score(from_tags(gold), from_tags(predicted), bootstrap=0)
    assume(ours.types)
    options = {"scheme": IOB2, "zero_division": 0}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for average, row in (("micro", ours.micro), ("macro", ours.macro)):
            theirs = precision_recall_fscore_support(gold, predicted, average=average, **options)
            assert (row.precision, row.recall, row.f1) == pytest.approx(theirs[:3])
        theirs = precision_recall_fscore_support(gold, predicted, average=None, **options)
    by_type = [
        (r.precision, r.recall, r.f1, r.counts.gold) for r in ours.types.values() if r.counts
    ]
    assert np.array(by_type) == pytest.approx(np.array(theirs).T)


def nervaluate_counts(
    gold: list[list[str]], predicted: list[list[str]]
) -> dict[str, dict[str, float]]:
    evaluator = Evaluator(gold, predicted, tags=["A", "B"], loader="list")
    return {name: vars(row) for name, row in evaluator.evaluate()["overall"].items()}


@settings(deadline=None, max_examples=150)
@given(tag_pairs())
def test_agrees_with_nervaluate(pair: tuple[list[list[str]], list[list[str]]]) -> None:
    gold, predicted = map(well_formed, pair)
    ours = score(from_tags(gold), from_tags(predicted), bootstrap=0)
    theirs = nervaluate_counts(gold, predicted)
    assert ours.micro.counts is not None
    assert ours.micro.counts.tp == theirs["strict"]["correct"]
    assert ours.micro.counts.gold == theirs["strict"]["possible"]
    assert ours.micro.counts.predicted == theirs["strict"]["actual"]
    assert ours.relaxed["boundaries"].counts.tp == theirs["exact"]["correct"]  # type: ignore[union-attr]
    # nervaluate matches greedily, so it never finds more matches.
    assert ours.relaxed["overlap"].counts.tp >= theirs["ent_type"]["correct"]  # type: ignore[union-attr]


@st.composite
def slotted_pairs(draw: st.DrawFn) -> tuple[list[list[str]], list[list[str]]]:
    """Return at most one mention per side and slot of five words: overlaps are unambiguous."""

    def side(slots: int) -> list[str]:
        tags: list[str] = []
        for _ in range(slots):
            start, length = draw(st.integers(0, 3)), draw(st.integers(0, 2))
            name = draw(st.sampled_from("AB"))
            mention = [f"B-{name}", f"I-{name}"][:length]
            tags += (["O"] * start + mention + ["O"] * 5)[:5]
        return tags

    slots = draw(st.integers(1, 5))
    return [side(slots)], [side(slots)]


@settings(deadline=None, max_examples=100)
@given(slotted_pairs())
def test_unambiguous_overlap_agrees_with_nervaluate(
    pair: tuple[list[list[str]], list[list[str]]],
) -> None:
    counts = score(*map(from_tags, pair), bootstrap=0).relaxed["overlap"].counts
    theirs = nervaluate_counts(*pair)
    assert counts is not None
    assert counts.tp == theirs["ent_type"]["correct"]
    one_type = [
        [[tag.replace("B-B", "B-A").replace("I-B", "I-A") for tag in s] for s in side]
        for side in pair
    ]
    counts = score(*map(from_tags, one_type), bootstrap=0).relaxed["overlap"].counts
    partial = nervaluate_counts(*one_type)["partial"]
    assert counts is not None
    assert counts.tp == partial["correct"] + partial["partial"]


spans = st.builds(
    lambda start, length, name: Span(start, start + length, name),
    st.integers(0, 20),
    st.integers(1, 12),
    st.sampled_from("AB"),
)


@settings(deadline=None, max_examples=200)
@given(st.lists(spans, max_size=9, unique=True), st.lists(spans, max_size=9))
def test_overlap_is_a_maximum_matching(gold: list[Span], predicted: list[Span]) -> None:
    edges = [[g.type == p.type and g.overlaps(p) for p in predicted] for g in gold]
    expected = 0
    if gold and predicted:
        partners = maximum_bipartite_matching(csr_matrix(np.array(edges, dtype=int)))
        expected = int((partners >= 0).sum())
    assert match_overlapping(gold, predicted) == expected
    assert match_overlapping(gold[::-1], predicted[::-1]) == expected


@settings(deadline=None, max_examples=100)
@given(st.lists(spans, max_size=9), st.lists(spans, max_size=9), st.booleans())
def test_counts_of_parts_add_up(gold: list[Span], predicted: list[Span], is_seen: bool) -> None:
    golds, predictions = [Document("1", TEXT, tuple(gold))], [Document("1", TEXT, tuple(predicted))]
    seen = seen_mentions(golds if is_seen else predictions[:0])
    report = score(golds, predictions, seen=seen, bootstrap=0)
    for parts in (report.types.values(), (report.seen, report.unseen)):
        counts = [row.counts for row in parts if row and row.counts]
        total = Counts(*(sum(getattr(c, n) for c in counts) for n in ("tp", "fp", "fn")))
        assert total == report.micro.counts
    assert report.micro.counts is not None
    for row in report.relaxed.values():
        assert row.counts is not None
        assert row.counts.tp >= report.micro.counts.tp
        assert row.counts.gold == report.micro.counts.gold


# --- confidence intervals ---------------------------------------------------------------------


def test_interval_contains_the_score_and_narrows_with_more_documents() -> None:
    widths = []
    for size in (20, 200, 2000):
        report = score(*random_corpus(size), bootstrap=500)
        for row in (report.micro, report.macro, *report.types.values(), *report.relaxed.values()):
            assert row.intervals is not None
            for value, ends in (
                (row.precision, row.intervals.precision),
                (row.recall, row.intervals.recall),
                (row.f1, row.intervals.f1),
            ):
                assert 0 <= ends.low <= value <= ends.high <= 1
        assert report.micro.intervals is not None
        widths.append(report.micro.intervals.f1.high - report.micro.intervals.f1.low)
    # The width is proportional to 1 / sqrt(size): 3.16 times smaller for ten times as many.
    assert widths[0] / widths[1] == pytest.approx(10**0.5, rel=0.4)
    assert widths[1] / widths[2] == pytest.approx(10**0.5, rel=0.25)


def test_interval_agrees_with_the_normal_approximation() -> None:
    gold, predicted = random_corpus(2000)
    report = score(gold, predicted, bootstrap=2000)
    recall = report.micro.recall
    half = 1.96 * (recall * (1 - recall) / (2 * len(gold))) ** 0.5
    assert report.micro.intervals is not None
    ends = report.micro.intervals.recall
    assert (ends.high - ends.low) / 2 == pytest.approx(half, rel=0.1)


def test_resample_counts_equals_drawing_documents() -> None:
    counts = np.arange(24, dtype=float).reshape(4, 2, 3)
    rng = np.random.default_rng(3)
    by_hand = [counts[rng.integers(4, size=4)].sum(axis=0) for _ in range(50)]
    assert np.array_equal(resample_counts(counts, 50, seed=3), by_hand)


def test_precision_recall_f1_agrees_with_counts() -> None:
    for numbers in [(0, 0, 0), (0, 2, 0), (0, 0, 3), (2, 1, 3)]:
        counts = Counts(*numbers)
        expected = (counts.precision, counts.recall, counts.f1)
        assert tuple(precision_recall_f1(np.array(numbers, dtype=float))) == expected


def test_order_of_documents_and_spans_does_not_matter() -> None:
    gold, predicted = random_corpus(50)
    shuffled = [d.with_spans(d.spans[::-1]) for d in gold]
    random.Random(1).shuffle(shuffled)
    assert score(shuffled, predicted[::-1], bootstrap=100) == score(gold, predicted, bootstrap=100)


def test_iterators_are_read_once() -> None:
    gold, predicted = random_corpus(20)
    assert score(iter(gold), iter(predicted)) == score(gold, predicted)
    assert compare(iter(gold), iter(predicted), iter(gold)) == compare(gold, predicted, gold)


def test_seed_and_absence_of_the_bootstrap_are_reported() -> None:
    gold, predicted = random_corpus(30)
    assert score(gold, predicted, seed=1) == score(gold, predicted, seed=1)
    assert score(gold, predicted, seed=1) != score(gold, predicted, seed=2)
    bare = score(gold, predicted, bootstrap=0)
    assert bare.bootstrap is None
    assert bare.micro.intervals is None
    assert bare.to_dict()["bootstrap"] is None


def test_a_thousand_resamples_of_five_thousand_documents_are_quick() -> None:
    counts = np.random.default_rng(0).integers(0, 4, size=(5000, 12, 3)).astype(float)
    start = time.process_time()
    resample_counts(counts, 1000, seed=0)
    assert time.process_time() - start < 5, (
        "takes about 0.2 s; the bound leaves a busy machine room"
    )


# --- reports ---------------------------------------------------------------------------------


def test_dictionary_is_json_and_in_fractions() -> None:
    gold, predicted = random_corpus(30)
    report = score(gold, predicted, seen=seen_mentions(gold), bootstrap=50, seed=4)
    stored = json.loads(json.dumps(report.to_dict()))
    assert stored["figures"] == "strict, fractions of one"
    assert stored["micro"]["f1"] == report.micro.f1
    assert stored["micro"]["gold"] == 60
    low, high = stored["types"]["A"]["intervals"]["recall"]
    assert 0 < low <= stored["types"]["A"]["recall"] <= high <= 1
    assert stored["bootstrap"] == {"resamples": 50, "seed": 4, "units": 30, "level": 0.95}
    assert "tp" not in stored["macro"]


def test_table_prints_percentages() -> None:
    gold = [document("1", (0, 4, "A"), (5, 9, "A"), (10, 14, "B"))]
    predicted = [document("1", (0, 4, "A"))]
    table = score(gold, predicted, seen=frozenset(), bootstrap=10).table()
    lines = {line[:19].strip(): line[19:].split() for line in table.splitlines()}
    assert lines["micro"] == ["100.00", "33.33", "50.00", "50.00-50.00", "3", "1", "1"]
    assert lines["macro"][:3] == ["50.00", "25.00", "33.33"]
    assert lines["relaxed: overlap"][:1] == ["100.00"]
    assert lines["unseen"][-3:] == ["3", "1", "1"]


# --- comparison of two systems ----------------------------------------------------------------


def test_compare_detects_a_better_system() -> None:
    gold, good = random_corpus(300, seed=1, hit=0.9)
    other, bad = random_corpus(300, seed=1, hit=0.6)
    assert gold == other
    comparison = compare(gold, good, bad, resamples=2000)
    assert comparison.difference == pytest.approx(comparison.a - comparison.b)
    assert comparison.a == score(gold, good).micro.f1
    assert comparison.interval.low <= comparison.difference <= comparison.interval.high
    assert comparison.interval.low > 0
    assert comparison.p_value == 1 / 2001
    assert json.dumps(comparison.to_dict())
    reverse = compare(gold, bad, good, resamples=2000)
    assert reverse.difference == -comparison.difference


def test_compare_equal_systems() -> None:
    gold, predicted = random_corpus(50)
    comparison = compare(gold, predicted, predicted)
    assert (comparison.difference, comparison.p_value) == (0.0, 1.0)


def test_p_value_equals_that_of_all_swaps() -> None:
    """One system is better on all three documents: only 2 of 8 swaps differ as much."""
    gold = [document(str(i), (0, 4, "A")) for i in range(3)]
    comparison = compare(gold, gold, [])
    assert comparison.p_value == pytest.approx(2 / 8, abs=0.02)


# --- errors ----------------------------------------------------------------------------------


def test_invalid_input_raises() -> None:
    a, b = document("a"), document("b")
    other = document("a", text="x" * 5 + "y" * 35)
    with pytest.raises(VanerError, match="no gold documents"):
        score([], [])
    with pytest.raises(VanerError, match="gold document 'a' occurs twice"):
        score([a, a], [])
    with pytest.raises(VanerError, match="predicted document 'a' occurs twice"):
        score([a], [a, a])
    with pytest.raises(VanerError, match="predicted document 'b' is not among the 1 gold"):
        score([a], [b])
    with pytest.raises(VanerError, match=r"'a' differ from character 5 on: 'x+' and 'y+'"):
        score([a], [other])
    with pytest.raises(VanerError, match="differ from character 40 on: '' and 'x'"):
        score([a], [document("a", text=TEXT + "x")])
    with pytest.raises(VanerError, match="must not be negative: -1"):
        score([a], [a], bootstrap=-1)
    with pytest.raises(VanerError, match="at least one resample, not 0"):
        compare([a], [a], [a], resamples=0)
    with pytest.raises(VanerError, match="types is empty"):
        score([a], [a], types=[])
    for types in ("C", ["C"]):
        with pytest.raises(VanerError, match="no mention has the type C; the types are A"):
            score([document("a", (0, 4, "A"))], [a], types=types)
        with pytest.raises(VanerError, match="no mention has the type C"):
            compare([a], [a], [document("a", (0, 4, "A"))], types=types)


def test_sentences_of_one_document_are_resampled_together() -> None:
    def part(number: int) -> tuple[Document, Document]:
        gold = Document(str(number), "Gout", (Span(0, 4, "D"),), {"doc_id": number // 10})
        return gold, gold if number // 10 % 2 else gold.with_spans(())

    gold, predicted = zip(*map(part, range(40)), strict=True)
    together = score(gold, predicted, bootstrap=200)
    separate = score([replace(item, metadata={}) for item in gold], predicted, bootstrap=200)
    assert together.micro.f1 == separate.micro.f1
    assert (together.bootstrap, separate.bootstrap) == (Bootstrap(200, 0, 4), Bootstrap(200, 0, 40))
    wide, narrow = (
        item.micro.intervals.recall for item in (together, separate) if item.micro.intervals
    )
    assert wide.high - wide.low > 2 * (narrow.high - narrow.low)
