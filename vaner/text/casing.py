"""Casing of words: the information that an uncased tokenizer removes."""

from __future__ import annotations

from enum import IntEnum


class Casing(IntEnum):
    """Casing classes of a word. Characters without case, such as digits, are ignored."""

    NONE = 0
    LOWER = 1
    CAPITAL = 2
    TITLE = 3
    UPPER = 4
    MIXED = 5


def get_casing(word: str) -> Casing:
    """Return the casing class of a word.

    >>> [get_casing(word).name for word in ("5", "flu", "C", "Homo", "BRCA1", "mRNA")]
    ['NONE', 'LOWER', 'CAPITAL', 'TITLE', 'UPPER', 'MIXED']
    """
    letters = "".join(filter(_has_case, word))
    if not letters:
        return Casing.NONE
    if letters.islower():
        return Casing.LOWER
    if letters.isupper():
        return Casing.UPPER if len(letters) > 1 else Casing.CAPITAL
    return Casing.TITLE if letters.istitle() else Casing.MIXED


def _has_case(character: str) -> bool:
    return character.islower() or character.isupper() or character.istitle()
