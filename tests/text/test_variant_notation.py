"""Protein variants in brackets, and symbols at the ends of mentions."""

from __future__ import annotations

import pytest

from vaner.text.documents import Document, Span
from vaner.text.symbols import trim_symbols
from vaner.text.variant_notation import join_protein_variants
from vaner.text.words import split_words


def mark(text: str, *parts: str, type: str = "Variant") -> Document:
    spans = [
        Span(text.index(part), text.index(part) + len(part), type, 0.5 + i / 10)
        for i, part in enumerate(parts)
    ]
    return Document("1", text, tuple(sorted(spans)))


@pytest.mark.parametrize(
    ("text", "parts", "expected"),
    [
        ("in p.(Leu858Arg) of", ("p.", "Leu858Arg"), ["p.(Leu858Arg)"]),
        ("in p.(Leu858Arg) of", ("Leu858Arg",), ["p.(Leu858Arg)"]),
        ("c.52dupC p.(Gln17Profs*74)", ("c.52dupC p.",), ["c.52dupC", "p.(Gln17Profs*74)"]),
        ("c.3C>T, p.(Arg3Ter)", ("c.3C>T", "p.", "Arg3Ter"), ["c.3C>T", "p.(Arg3Ter)"]),
        ("p.(R117H) and p.(Gly551=)", ("R117H", "Gly551"), ["p.(R117H)", "p.(Gly551=)"]),
        ("in p.(Leu858Arg) of", (), []),
        ("see p.(Figure 2)", ("Figure",), ["Figure"]),
        ("Clip.(Leu858Arg)", ("Leu858Arg",), ["Leu858Arg"]),
    ],
)  # fmt: skip
def test_protein_variant_in_brackets_is_one_mention(
    text: str, parts: tuple[str, ...], expected: list[str]
) -> None:
    joined = join_protein_variants(mark(text, *parts))
    assert [text[span.start : span.end] for span in joined.spans] == expected
    assert join_protein_variants(joined) == joined


@pytest.mark.parametrize(
    "separator",
    [
        " ",
        "\u00a0",
        "\u2009",
        "\u2028",
        "\x1c",
        "\x85",
        "\u200b",
        "\u00ad",
        " – ",
        " - ",
        "—",
        " − ",
    ],
)
def test_no_separator_remains_at_the_end(separator: str) -> None:
    text = f"c.2573T>G{separator}p.(Leu858Arg)"
    spans = (Span(0, len(text), "Variant", 0.9),)
    joined = join_protein_variants(Document("1", text, spans))
    mentions = [text[span.start : span.end] for span in joined.spans]
    assert mentions == ["c.2573T>G", "p.(Leu858Arg)"]


def test_the_joined_mention_has_the_highest_score() -> None:
    [span] = join_protein_variants(mark("p.(Leu858Arg)", "p.", "Leu858Arg")).spans
    assert span.score == 0.6


def test_mentions_of_other_types_remain() -> None:
    document = mark("p.(Leu858Arg)", "Leu858Arg", type="Gene")
    assert join_protein_variants(document) == document


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("metformin 😀", "metformin"),
        ("💊 Metformin 💊", "Metformin"),
        ("Tylenol®", "Tylenol"),
        ("aspirin™ 👩\u200d🔬", "aspirin"),
        ("α-tocopherol ™ acetate", "α-tocopherol ™ acetate"),
        ("CD4+", "CD4+"),
        ("™", ""),
    ],
)
def test_symbols_at_the_ends_are_dropped(text: str, expected: str) -> None:
    words = split_words(text)
    first, last = trim_symbols(text, words, 0, len(words))
    assert (text[words[first].start : words[last - 1].end] if first < last else "") == expected
