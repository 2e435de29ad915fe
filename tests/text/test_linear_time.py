"""The time to split a text grows in proportion to its length, whatever it is made of."""

import pytest

from tests.growth import assert_linear
from vaner.text.documents import Document, Span
from vaner.text.variant_notation import join_protein_variants
from vaner.text.words import Word, split_sentences, split_words

SIZE = 4_000
GROWTH = 8

FAMILIES = {
    "flags": "🇩🇪",
    "half flags": "🇩\u0301",
    "flags after a number sign": "\u0600🇩🇪",
    "combining marks": "\u0301",
    "letters with marks": "e\u0301",
    "ZWJ sequences": "👩\u200d",
    "joiners": "\u200d",
    "soft hyphens": "a\u00ad",
    "invisible characters": "\u200b",
    "letters with invisible accents": "e\u00ad\u0301",
    "full-width signs": "Ａ－\u200b",
    "ligatures": "ﬁ",
    "opening brackets": "(",
    "closing brackets": ")",
    "one-letter lines": "A\n",
    "one-letter lines of old Macs": "A\r",
    "list items": "1)\n",
    "cells": "a\t",
    "rows": "a\tb\n",
    "empty lines": "A\n\n",
    "no spaces": "x",
    "terms": "gout\n",
    "terms between empty lines": "gout\n\n",
    "only spaces": " ",
    "only line ends": "\r \n",
    "URLs": "https://a.example/b?c=d&e=",
    "base64": "QmFzZTY0/+",
    "digits": "0",
    "abbreviations": "e.g. ",
    "initials": "A. ",
    "split decimals": "1. ",
    "bands": "8q24. ",
    "wrapped lines": "vit.\nD\n\nd ",
    "full stops": ".",
    "Chinese": "病。",
}


def split(text: str) -> None:
    split_sentences(text, split_words(text))


@pytest.mark.parametrize("family", FAMILIES)
def test_splitting_takes_linear_time(family: str) -> None:
    short = (FAMILIES[family] * SIZE)[:SIZE]
    assert_linear(split, short, short * GROWTH, GROWTH)


@pytest.mark.parametrize("line_end", ["\n", "\r", "\u2028"])
def test_a_line_takes_the_same_time_after_any_text(line_end: str) -> None:
    def split_last_lines(text: str) -> None:
        words = [Word(len(text) - 3, len(text) - 2), Word(len(text) - 1, len(text))]
        for _ in range(100):
            assert len(split_sentences(text, words)) == 2

    short, long = (line_end * size + f"A{line_end}B" for size in (1_000, 4_000_000))
    assert_linear(split_last_lines, short, long, 3)


def test_joining_variants_takes_linear_time() -> None:
    variant = "p.(Leu858Arg) "

    def join(number: int) -> None:
        spans = (
            Span(i * len(variant) + 3, i * len(variant) + 12, "Variant") for i in range(number)
        )
        join_protein_variants(Document("1", variant * number, tuple(spans)))

    assert_linear(join, 200, 200 * GROWTH, GROWTH)
