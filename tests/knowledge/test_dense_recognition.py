"""Texts made of names: which names are mentions, and reproducible sampling."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vaner.knowledge.dense_recognition import NameCounts, make_name_list, replace_mentions
from vaner.knowledge.related_names import NamePool
from vaner.text.documents import Document, Span

POOL = NamePool(tuple(f"disease {i}" for i in range(30)), tuple(f"gene {i}" for i in range(20)))


def test_a_list_has_ten_positives_and_five_negatives() -> None:
    document = make_name_list(POOL, "Disease", NameCounts(), Random(1))
    mentions = [document.mention(span) for span in document.spans]
    assert len(mentions) == len(set(mentions)) == 10
    assert all(mention in POOL.positives for mention in mentions)
    assert document.text.count("gene") == 5
    assert {span.type for span in document.spans} == {"Disease"}


def test_lists_depend_only_on_the_seed() -> None:
    texts = [make_name_list(POOL, "Disease", NameCounts(), Random(seed)).text for seed in (1, 1, 2)]
    assert texts[0] == texts[1] != texts[2]


def test_a_small_pool_gives_a_short_list() -> None:
    document = make_name_list(NamePool(("asthma",), ()), "Disease", NameCounts(), Random(1))
    assert document.text == "asthma" and document.spans == (Span(0, 6, "Disease"),)


def test_adjacent_names_are_separate_mentions() -> None:
    from vaner.text.tags import TagScheme, decode_tags, encode_tags
    from vaner.text.words import split_words

    document = make_name_list(
        NamePool(("heart attack", "asthma"), ()), "Disease", NameCounts(), Random(3)
    )
    words = split_words(document.text)
    for scheme in TagScheme:
        tags = encode_tags(words, document.spans, scheme).tags
        assert [(words[c.start].start, words[c.end - 1].end) for c in decode_tags(tags)] == [
            (span.start, span.end) for span in document.spans
        ]


def test_a_long_name_in_capitals_is_lower_cased() -> None:
    pool = NamePool(("DIABETES MELLITUS, TYPE 2", "BRCA1"), ())
    text = make_name_list(pool, "Disease", NameCounts(), Random(1)).text
    assert "diabetes mellitus, type 2" in text and "BRCA1" in text


NAMES = st.text("ab -é", min_size=1, max_size=8).filter(lambda n: n.strip() == n)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(NAMES, st.booleans()), min_size=1, max_size=8),
    st.lists(NAMES, min_size=1, max_size=4),
    st.integers(0, 9),
)
def test_names_replace_only_mentions(
    parts: list[tuple[str, bool]], names: list[str], seed: int
) -> None:
    text, spans = "", []
    for part, mention in parts:
        text += "|"
        if mention:
            spans.append(Span(len(text), len(text) + len(part), "Disease"))
        text += part
    pool = NamePool(tuple(names), ("gene",))
    changed = replace_mentions(Document("d", text, tuple(spans)), pool, "Disease", Random(seed))
    pieces = changed.text.split("|")[1:]
    assert len(pieces) == len(parts)
    assert len(changed.spans) == len(spans)
    gold = iter(changed.spans)
    for piece, (part, mention) in zip(pieces, parts, strict=True):
        if mention:
            assert changed.mention(next(gold)) == piece
            assert piece == part or piece in {" ".join(name.split()) for name in names}
        else:
            assert piece == part


def test_a_part_of_a_word_is_not_replaced() -> None:
    """A name in its place would not be a word, and would be tagged O."""
    text = "antiCD3, CD4"
    document = Document("d", text, (Span(4, 7, "Gene"), Span(9, 12, "Gene")))
    for seed in range(5):
        changed = replace_mentions(document, NamePool(("TNF",), ()), "Gene", Random(seed))
        assert changed.text == "antiCD3, TNF"


def test_overlapping_and_discontinuous_mentions_are_not_replaced() -> None:
    text = "breast and ovarian cancer with fever"
    spans = (
        Span(0, 25, "Disease", fragments=((0, 6), (19, 25))),
        Span(11, 25, "Disease"),
        Span(31, 36, "Disease"),
        Span(0, 6, "Anatomy"),
    )
    pool = NamePool(("lupus",), ())
    changed = replace_mentions(Document("d", text, spans), pool, "Disease", Random(1))
    assert changed.text == "breast and ovarian cancer with lupus"
    assert changed.spans == (*spans[:2], Span(31, 36, "Disease"))


@pytest.mark.parametrize("pool", [NamePool((), ()), POOL])
def test_sentences_without_replacement_are_unchanged(pool: NamePool) -> None:
    bare = Document("d", "no mention here")
    assert replace_mentions(bare, pool, "Disease", Random(1)).text == bare.text
