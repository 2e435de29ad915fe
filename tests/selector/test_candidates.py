"""Wrong candidates are never right, and the same for the same draw."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaner.selector.candidates import Candidate, Variants, candidates_of, variants
from vaner.text.documents import Document, Span
from vaner.text.words import split_words

TYPES = ["DNA", "RNA", "protein"]


@st.composite
def annotated(draw: st.DrawFn) -> Document:
    """A sentence with mentions that nest, cross and stand inside words."""
    text = draw(st.text("ab (-", min_size=1, max_size=40).filter(str.strip))
    places = [i for i, sign in enumerate(text) if not sign.isspace()]
    extents = st.tuples(st.sampled_from(places), st.sampled_from(places))
    spans = [
        Span(min(pair), max(pair) + 1, draw(st.sampled_from(TYPES)))
        for pair in draw(st.lists(extents, min_size=1, max_size=6))
    ]
    return Document("1", text, tuple(spans))


@given(annotated(), st.integers(0, 12), st.integers())
def test_no_candidate_is_right(document: Document, number: int, seed: int) -> None:
    words, right = split_words(document.text), candidates_of(document)
    for mention in right:
        found = variants(words, (0, len(words)), mention, TYPES, right)
        everything = [one for kind in found for one in kind]
        assert len(set(everything)) == len(everything)
        assert not right & set(everything)
        drawn = found.draw(number, Random(seed))
        assert drawn == found.draw(number, Random(seed))
        assert len(drawn) == min(number, len(everything)) and set(drawn) <= set(everything)
        for one in everything:
            assert document.text[one.start : one.end].strip()
            assert one.type in TYPES


@given(annotated())
def test_each_kind_is_what_it_says(document: Document) -> None:
    words, right = split_words(document.text), candidates_of(document)
    for mention in right:
        found = variants(words, (0, len(words)), mention, TYPES, right)
        edges = {word.start for word in words} | {word.end for word in words}
        for one in found.boundaries:
            assert one.type == mention.type and {one.start, one.end} <= edges
        for one in found.types:
            assert one[:2] == mention[:2] and one.type != mention.type
        for one in found.elsewhere:
            assert not any(
                one.start < other.end and other.start < one.end
                for other in right
                if other.type == one.type
            )


def test_the_eight_boundaries() -> None:
    text = "a bb cc dd e"
    words = split_words(text)
    mention = Candidate(2, 10, "DNA")  # bb cc dd
    found = variants(words, (0, 5), mention, ["DNA"], {mention})
    assert [text[one.start : one.end] for one in found.boundaries] == [
        "a bb cc", "a bb cc dd", "a bb cc dd e", "bb cc", "bb cc dd e", "cc", "cc dd", "cc dd e",
    ]  # fmt: skip
    assert not found.types and not found.elsewhere


def test_nested_mentions_are_no_variants_of_each_other() -> None:
    text = "the CD28 surface receptor binds"
    words = split_words(text)
    outer, inner = Candidate(4, 25, "protein"), Candidate(4, 16, "protein")
    right = {outer, inner, Candidate(4, 16, "DNA")}
    around_outer = variants(words, (0, 5), outer, TYPES, right)
    around_inner = variants(words, (0, 5), inner, TYPES, right)
    assert inner not in around_outer.boundaries and outer not in around_inner.boundaries
    assert [one.type for one in around_inner.types] == ["RNA"]


def test_variants_stay_in_the_sentence() -> None:
    text = "Gout hurts. It is gout"
    words = split_words(text)
    mention = Candidate(18, 22, "Disease")
    found = variants(words, (3, 6), mention, ["Disease"], {mention})
    assert min(one.start for kind in found for one in kind) == 12


@pytest.mark.parametrize(("number", "kinds"), [(4, "btbe"), (2, "bt"), (1, "b"), (6, "btbebe")])
def test_kinds_take_turns(number: int, kinds: str) -> None:
    one = {
        kind: tuple(Candidate(i, i + 1, kind) for i in range(size))
        for kind, size in (("b", 8), ("t", 1), ("e", 5))
    }
    drawn = Variants(one["b"], one["t"], one["e"]).draw(number, Random(0))
    assert "".join(candidate.type for candidate in drawn) == kinds
