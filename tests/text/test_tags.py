"""Conversion between spans and tags, and unreachable mentions."""

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
def test_decoding_inverts_encoding(chunks: list[Chunk], scheme: TagScheme) -> None:
    encoded = encode_tags(WORDS, map(to_span, chunks), scheme)
    assert not encoded.unreachable
    assert find_violations(encoded.tags, scheme) == []
    assert decode_tags(encoded.tags) == chunks
    assert decode_tags(encoded.tags, repair=False) == chunks


@given(chunk_lists(), SCHEMES)
def test_tags_without_types_separate_adjacent_mentions(
    chunks: list[Chunk], scheme: TagScheme
) -> None:
    encoded = encode_tags(WORDS, map(to_span, chunks), scheme, with_types=False)
    assert decode_tags(encoded.tags) == [Chunk(c.start, c.end, "") for c in chunks]


@given(st.lists(st.sampled_from(["O", "B-X", "I-X", "E-X", "S-X", "I-Y", "B-Y", "L-Y", "U-X"])))
def test_decoded_chunks_cover_all_tags_without_overlap(tags: list[str]) -> None:
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
def test_decode_tags(tags: list[str], expected: list[Chunk]) -> None:
    assert decode_tags(tags) == expected


def test_without_repair_a_mention_must_begin_with_b() -> None:
    assert decode_tags(["O", "I-X", "O", "B-X"], repair=False) == [Chunk(3, 4, "X")]


@pytest.mark.parametrize("tag", ["X", "B-", "b-Gene", "", "BGene"])
def test_invalid_tag_is_rejected(tag: str) -> None:
    with pytest.raises(ValueError, match="is not a tag"):
        decode_tags([tag])


def test_unreachable_mentions_have_a_reason() -> None:
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
    # The longer of two overlapping mentions is tagged; a boundary in a word tags the full word.
    assert encoded.tags == ("O", "O", "B-Disease", "I-Disease", "B-Gene", "O")


def test_span_with_outer_white_space_is_unreachable() -> None:
    encoded = encode_tags(split_words("a TNF b"), [Span(1, 5, "Gene")])
    assert [reason for _, reason in encoded.unreachable] == [UnreachableReason.BOUNDARY]


@pytest.mark.parametrize("scheme", list(TagScheme))
def test_allowed_transitions_are_those_of_valid_sequences(scheme: TagScheme) -> None:
    tag_set = TagSet(scheme, ("X", "Y"))
    mentions = [make_tags(n, scheme, t) for n in (1, 2, 3, 4) for t in ("X", "Y")]
    sequences = [[*a, *gap, *b] for a in mentions for b in mentions for gap in ([], ["O"])]
    used = {pair for s in sequences for pair in zip(s, s[1:], strict=False)} | {("O", "O")}
    allowed = tag_set.allowed_transitions()
    actual = {
        (i, j)
        for a, i in enumerate(tag_set.tags)
        for b, j in enumerate(tag_set.tags)
        if allowed[a][b]
    }
    assert actual == used
    assert {t for t, ok in zip(tag_set.tags, tag_set.allowed_start(), strict=True) if ok} == {
        "O", *(s[0] for s in mentions)
    }  # fmt: skip
    assert {t for t, ok in zip(tag_set.tags, tag_set.allowed_end(), strict=True) if ok} == {
        "O", *(s[-1] for s in mentions)
    }  # fmt: skip
