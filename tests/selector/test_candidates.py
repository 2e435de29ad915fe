"""Tests of the negative candidates of the selector."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaner.selector.candidates import (
    Candidate,
    NegativeCandidates,
    build_negatives,
    collect_candidates,
)
from vaner.text.documents import Document, Span
from vaner.text.words import split_words

TYPES = ["DNA", "RNA", "protein"]


@st.composite
def annotated(draw: st.DrawFn) -> Document:
    """Return a sentence with mentions that nest, cross and end inside words."""
    text = draw(st.text("ab (-", min_size=1, max_size=40).filter(str.strip))
    places = [i for i, sign in enumerate(text) if not sign.isspace()]
    extents = st.tuples(st.sampled_from(places), st.sampled_from(places))
    spans = [
        Span(min(pair), max(pair) + 1, draw(st.sampled_from(TYPES)))
        for pair in draw(st.lists(extents, min_size=1, max_size=6))
    ]
    return Document("1", text, tuple(spans))


@given(annotated(), st.integers(0, 12), st.integers())
def test_negatives_are_never_annotated_mentions(document: Document, number: int, seed: int) -> None:
    words, correct = split_words(document.text), collect_candidates(document)
    for mention in correct:
        negatives = build_negatives(words, (0, len(words)), mention, TYPES, correct)
        everything = [item for group in negatives for item in group]
        assert len(set(everything)) == len(everything)
        assert not correct & set(everything)
        sample = negatives.sample(number, Random(seed))
        assert sample == negatives.sample(number, Random(seed))
        assert len(sample) == min(number, len(everything)) and set(sample) <= set(everything)
        for candidate in everything:
            assert document.text[candidate.start : candidate.end].strip()
            assert candidate.type in TYPES


@given(annotated())
def test_each_group_of_negatives_holds_its_definition(document: Document) -> None:
    words, correct = split_words(document.text), collect_candidates(document)
    for mention in correct:
        negatives = build_negatives(words, (0, len(words)), mention, TYPES, correct)
        edges = {word.start for word in words} | {word.end for word in words}
        for candidate in negatives.boundaries:
            assert candidate.type == mention.type and {candidate.start, candidate.end} <= edges
        for candidate in negatives.types:
            assert candidate[:2] == mention[:2] and candidate.type != mention.type
        for candidate in negatives.elsewhere:
            assert not any(
                candidate.start < other.end and other.start < candidate.end
                for other in correct
                if other.type == candidate.type
            )


def test_boundary_negatives_are_the_eight_shifts() -> None:
    text = "a bb cc dd e"
    words = split_words(text)
    mention = Candidate(2, 10, "DNA")  # bb cc dd
    negatives = build_negatives(words, (0, 5), mention, ["DNA"], {mention})
    assert [text[candidate.start : candidate.end] for candidate in negatives.boundaries] == [
        "a bb cc", "a bb cc dd", "a bb cc dd e", "bb cc", "bb cc dd e", "cc", "cc dd", "cc dd e",
    ]  # fmt: skip
    assert not negatives.types and not negatives.elsewhere


def test_nested_mentions_are_not_negatives_of_each_other() -> None:
    text = "the CD28 surface receptor binds"
    words = split_words(text)
    outer, inner = Candidate(4, 25, "protein"), Candidate(4, 16, "protein")
    correct = {outer, inner, Candidate(4, 16, "DNA")}
    around_outer = build_negatives(words, (0, 5), outer, TYPES, correct)
    around_inner = build_negatives(words, (0, 5), inner, TYPES, correct)
    assert inner not in around_outer.boundaries and outer not in around_inner.boundaries
    assert [candidate.type for candidate in around_inner.types] == ["RNA"]


def test_negatives_stay_in_the_sentence() -> None:
    text = "Gout hurts. It is gout"
    words = split_words(text)
    mention = Candidate(18, 22, "Disease")
    negatives = build_negatives(words, (3, 6), mention, ["Disease"], {mention})
    assert min(candidate.start for group in negatives for candidate in group) == 12


@pytest.mark.parametrize(("number", "kinds"), [(4, "btbe"), (2, "bt"), (1, "b"), (6, "btbebe")])
def test_sample_alternates_between_groups(number: int, kinds: str) -> None:
    candidate = {
        kind: tuple(Candidate(i, i + 1, kind) for i in range(size))
        for kind, size in (("b", 8), ("t", 1), ("e", 5))
    }
    sample = NegativeCandidates(candidate["b"], candidate["t"], candidate["e"]).sample(
        number, Random(0)
    )
    assert "".join(candidate.type for candidate in sample) == kinds
