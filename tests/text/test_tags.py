"""Spans to tags and back, and what cannot be spelt."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaner.text.documents import Span
from vaner.text.tags import (
    Chunk,
    TagScheme,
    TagSet,
    UnreachableReason,
    decode_tags,
    encode_tags,
    find_violations,
    make_tags,
)
from vaner.text.words import Word, split_words

WORDS = [Word(2 * i, 2 * i + 1) for i in range(12)]
SCHEMES = st.sampled_from(list(TagScheme))


@st.composite
def chunk_lists(draw: st.DrawFn) -> list[Chunk]:
    """Disjoint chunks over WORDS, adjacent ones of one type among them."""
    edges = sorted(draw(st.sets(st.integers(0, len(WORDS)), max_size=8)))
    pairs = [p for p in zip(edges, edges[1:], strict=False) if draw(st.booleans())]
    return [Chunk(a, b, draw(st.sampled_from(["Gene", "Disease"]))) for a, b in pairs]


def to_span(chunk: Chunk) -> Span:
    return Span(WORDS[chunk.start].start, WORDS[chunk.end - 1].end, chunk.type)


@given(chunk_lists(), SCHEMES)
def test_decode_undoes_encode(chunks: list[Chunk], scheme: TagScheme) -> None:
    encoded = encode_tags(WORDS, map(to_span, chunks), scheme)
    assert not encoded.unreachable
    assert find_violations(encoded.tags, scheme) == []
    assert decode_tags(encoded.tags) == chunks
    assert decode_tags(encoded.tags, repair=False) == chunks


@given(chunk_lists(), SCHEMES)
def test_untyped_tags_keep_adjacent_mentions_apart(chunks: list[Chunk], scheme: TagScheme) -> None:
    encoded = encode_tags(WORDS, map(to_span, chunks), scheme, with_types=False)
    assert decode_tags(encoded.tags) == [Chunk(c.start, c.end, "") for c in chunks]


@given(st.lists(st.sampled_from(["O", "B-X", "I-X", "E-X", "S-X", "I-Y", "B-Y", "L-Y", "U-X"])))
def test_decode_is_total_and_its_chunks_disjoint(tags: list[str]) -> None:
    chunks = decode_tags(tags)
    covered = [i for c in chunks for i in range(c.start, c.end)]
    assert covered == [i for i, tag in enumerate(tags) if tag != "O"]


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (["I-X", "I-X", "B-X"], [Chunk(0, 2, "X"), Chunk(2, 3, "X")]),  # IOB1
        (["B-X", "I-Y"], [Chunk(0, 1, "X"), Chunk(1, 2, "Y")]),
        (["B-X", "E-X", "S-X"], [Chunk(0, 2, "X"), Chunk(2, 3, "X")]),
        (["U-X", "B-X", "L-X"], [Chunk(0, 1, "X"), Chunk(1, 3, "X")]),  # BILOU
        (["E-X", "I-X"], [Chunk(0, 1, "X"), Chunk(1, 2, "X")]),
    ],
)
def test_what_a_tag_sequence_means(tags: list[str], expected: list[Chunk]) -> None:
    assert decode_tags(tags) == expected


def test_without_repair_a_mention_must_begin() -> None:
    assert decode_tags(["O", "I-X", "O", "B-X"], repair=False) == [Chunk(3, 4, "X")]


@pytest.mark.parametrize("tag", ["X", "B-", "b-Gene", "", "BGene"])
def test_what_is_no_tag_is_refused(tag: str) -> None:
    with pytest.raises(ValueError, match="is not a tag"):
        decode_tags([tag])


def test_the_inexpressible_is_told_with_its_reason() -> None:
    text = "renal and liver disease antiCD3 antibody"
    spans = [
        Span(0, 23, "Disease", fragments=((0, 5), (16, 23))),
        Span(10, 23, "Disease"),
        Span(16, 23, "Disease"),
        Span(28, 31, "Gene"),
    ]
    encoded = encode_tags(split_words(text), spans)
    assert dict(encoded.unreachable) == {
        spans[0]: UnreachableReason.DISCONTINUOUS,
        spans[2]: UnreachableReason.OVERLAPPING,
        spans[3]: UnreachableReason.BOUNDARY,
    }
    # The longest of two that overlap is kept; a boundary inside a word tags the whole word.
    assert encoded.tags == ("O", "O", "B-Disease", "I-Disease", "B-Gene", "O")


def test_a_span_with_white_space_at_its_edge_cannot_come_back() -> None:
    encoded = encode_tags(split_words("a TNF b"), [Span(1, 5, "Gene")])
    assert [reason for _, reason in encoded.unreachable] == [UnreachableReason.BOUNDARY]


@pytest.mark.parametrize("scheme", list(TagScheme))
def test_allowed_transitions_are_those_a_spelling_uses(scheme: TagScheme) -> None:
    tag_set = TagSet(scheme, ("X", "Y"))
    spelt = [make_tags(n, scheme, t) for n in (1, 2, 3, 4) for t in ("X", "Y")]
    sequences = [[*a, *gap, *b] for a in spelt for b in spelt for gap in ([], ["O"])]
    used = {pair for s in sequences for pair in zip(s, s[1:], strict=False)} | {("O", "O")}
    allowed = tag_set.allowed_transitions()
    told = {
        (i, j)
        for a, i in enumerate(tag_set.tags)
        for b, j in enumerate(tag_set.tags)
        if allowed[a][b]
    }
    assert told == used
    assert {t for t, ok in zip(tag_set.tags, tag_set.allowed_start(), strict=True) if ok} == {
        "O", *(s[0] for s in spelt)
    }  # fmt: skip
    assert {t for t, ok in zip(tag_set.tags, tag_set.allowed_end(), strict=True) if ok} == {
        "O", *(s[-1] for s in spelt)
    }  # fmt: skip
