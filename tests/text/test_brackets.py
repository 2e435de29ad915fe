"""Brackets in predicted mentions."""

from __future__ import annotations

import random

import pytest

from vaner.text.brackets import balance_brackets
from vaner.text.words import split_words


def balance(text: str, mention: str) -> str:
    words = split_words(text)
    start = text.index(mention)
    first = next(i for i, word in enumerate(words) if word.start == start)
    last = 1 + next(i for i, word in enumerate(words) if word.end == start + len(mention))
    first, last = balance_brackets(text, words, first, last)
    return text[words[first].start : words[last - 1].end] if first < last else ""


@pytest.mark.parametrize(
    ("text", "mention", "expected"),
    [
        ("poly(ADP-ribose) of (rats)", "poly(ADP-ribose)", "poly(ADP-ribose)"),
        ("Rad (c.263 G>C) here", "c.263 G>C)", "c.263 G>C"),
        ("Rad (c.263 G>C) here", "(c.263 G>C", "c.263 G>C"),
        ("leptin (L) binds", "leptin (L", "leptin"),
        ("leptin (L) binds", "leptin (", "leptin"),
        ("kinase (PI3K)/threonine kinase", "PI3K)/threonine kinase", "PI3K"),
        ("receptor (PRL) family, PRL", "PRL) family", "PRL"),
        ("(1R,2S)-2-amine gave", "1R,2S)-2-amine", "(1R,2S)-2-amine"),
        ("[Cu(phen)2]2+ binds", "Cu(phen)2]2+", "[Cu(phen)2]2+"),
        ("cis-[Pt(NH3)2Cl2] binds", "cis-[Pt(NH3)2Cl2", "cis-[Pt(NH3)2Cl2]"),
        ("[Ca(2+)]i rises", "Ca(2+)]i", "[Ca(2+)]i"),
        ("PF-04691502(PF-502) in", "PF-04691502(PF-502", "PF-04691502"),
        ("a range [0, 1) of", "[0, 1)", "[0, 1)"),
        ("a (b) c", "(", ""),
        ("a) b) c (d", "a) b) c (d", "a"),
        ("胃癌（GC）的", "胃癌（GC", "胃癌"),
    ],
)
def test_mention_has_pairs_of_brackets(text: str, mention: str, expected: str) -> None:
    assert balance(text, mention) == expected


def test_mention_stays_in_its_sentence_and_at_its_place() -> None:
    draw = random.Random(5)
    for _ in range(2000):
        text = "".join(draw.choices("ab- ()[]", k=draw.randint(1, 10)))
        words = split_words(text)
        for first in range(len(words)):
            last = draw.randint(first + 1, len(words))
            start, end = balance_brackets(text, words, first, last)
            assert 0 <= start <= end <= len(words)
            assert first - 1 <= start and end <= last + 1
            assert start == end or balance_brackets(text, words, start, end) == (start, end)
