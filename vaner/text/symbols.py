"""Symbols at the ends of predicted mentions: emoji, "™" and "®" are not parts of a name."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from vaner.text.words import Word


def trim_symbols(text: str, words: Sequence[Word], first: int, last: int) -> tuple[int, int]:
    """Return a mention without symbols at its ends.

    Args:
        text: the text.
        words: the words of the sentence.
        first, last: the mention, a half-open range of words.

    Returns:
        The mention; an empty range if it consists of symbols only.

    >>> from vaner.text.words import split_words
    >>> trim_symbols("Tylenol® 😀", split_words("Tylenol® 😀"), 0, 3)
    (0, 1)
    """
    while first < last and _is_symbol(text[words[last - 1].start]):
        last -= 1
    while first < last and _is_symbol(text[words[first].start]):
        first += 1
    return first, last


def _is_symbol(character: str) -> bool:
    return unicodedata.category(character) == "So"
