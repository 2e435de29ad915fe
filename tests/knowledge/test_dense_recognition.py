"""Texts made of names: what is a mention is one, nothing else is, every draw is another."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vaner.knowledge.dense_recognition import Counts, in_context, name_list
from vaner.knowledge.related_names import NamePool
from vaner.text.documents import Document, Span

POOL = NamePool(tuple(f"disease {i}" for i in range(30)), tuple(f"gene {i}" for i in range(20)))


def test_a_list_holds_ten_and_five() -> None:
    document = name_list(POOL, "Disease", Counts(), Random(1))
    mentions = [document.mention(span) for span in document.spans]
    assert len(mentions) == len(set(mentions)) == 10
    assert all(mention in POOL.positives for mention in mentions)
    assert document.text.count("gene") == 5
    assert {span.type for span in document.spans} == {"Disease"}


def test_lists_differ_by_their_draw_and_only_by_it() -> None:
    texts = [name_list(POOL, "Disease", Counts(), Random(seed)).text for seed in (1, 1, 2)]
    assert texts[0] == texts[1] != texts[2]


def test_a_small_pool_gives_what_it_has() -> None:
    document = name_list(NamePool(("asthma",), ()), "Disease", Counts(), Random(1))
    assert document.text == "asthma" and document.spans == (Span(0, 6, "Disease"),)


def test_adjacent_names_stay_apart() -> None:
    from vaner.text.tags import TagScheme, decode_tags, encode_tags
    from vaner.text.words import split_words

    document = name_list(NamePool(("heart attack", "asthma"), ()), "Disease", Counts(), Random(3))
    words = split_words(document.text)
    for scheme in TagScheme:
        tags = encode_tags(words, document.spans, scheme).tags
        assert [(words[c.start].start, words[c.end - 1].end) for c in decode_tags(tags)] == [
            (span.start, span.end) for span in document.spans
        ]


def test_a_shouted_name_is_written_small() -> None:
    pool = NamePool(("DIABETES MELLITUS, TYPE 2", "BRCA1"), ())
    text = name_list(pool, "Disease", Counts(), Random(1)).text
    assert "diabetes mellitus, type 2" in text and "BRCA1" in text


NAMES = st.text("ab -é", min_size=1, max_size=8).filter(lambda n: n.strip() == n)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(NAMES, st.booleans()), min_size=1, max_size=8),
    st.lists(NAMES, min_size=1, max_size=4),
    st.integers(0, 9),
)
def test_names_take_the_place_of_mentions_and_of_nothing_else(
    parts: list[tuple[str, bool]], names: list[str], seed: int
) -> None:
    text, spans = "", []
    for part, mention in parts:
        text += "|"
        if mention:
            spans.append(Span(len(text), len(text) + len(part), "Disease"))
        text += part
    pool = NamePool(tuple(names), ("gene",))
    changed = in_context(Document("d", text, tuple(spans)), pool, "Disease", Random(seed))
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


def test_a_part_of_a_word_stays() -> None:
    """In its place a name would be no word, and O."""
    text = "antiCD3, CD4"
    document = Document("d", text, (Span(4, 7, "Gene"), Span(9, 12, "Gene")))
    for seed in range(5):
        changed = in_context(document, NamePool(("TNF",), ()), "Gene", Random(seed))
        assert changed.text == "antiCD3, TNF"


def test_overlapping_and_discontinuous_mentions_stay() -> None:
    text = "breast and ovarian cancer with fever"
    spans = (
        Span(0, 25, "Disease", fragments=((0, 6), (19, 25))),
        Span(11, 25, "Disease"),
        Span(31, 36, "Disease"),
        Span(0, 6, "Anatomy"),
    )
    pool = NamePool(("lupus",), ())
    changed = in_context(Document("d", text, spans), pool, "Disease", Random(1))
    assert changed.text == "breast and ovarian cancer with lupus"
    assert changed.spans == (*spans[:2], Span(31, 36, "Disease"))


@pytest.mark.parametrize("pool", [NamePool((), ()), POOL])
def test_nothing_to_replace(pool: NamePool) -> None:
    bare = Document("d", "no mention here")
    assert in_context(bare, pool, "Disease", Random(1)).text == bare.text
