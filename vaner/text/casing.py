"""How a word is cased: what a tokenizer that lowers all letters takes away."""

from __future__ import annotations

from enum import IntEnum


class Casing(IntEnum):
    """What the cased letters of a word are; digits and marks among them say nothing."""

    NONE = 0
    LOWER = 1
    CAPITAL = 2
    TITLE = 3
    UPPER = 4
    MIXED = 5


def get_casing(word: str) -> Casing:
    """The casing of one word.

    >>> [casing_of(word).name for word in ("5", "flu", "C", "Homo", "BRCA1", "mRNA")]
    ['NONE', 'LOWER', 'CAPITAL', 'TITLE', 'UPPER', 'MIXED']
    """
    letters = "".join(filter(_cased, word))
    if not letters:
        return Casing.NONE
    if letters.islower():
        return Casing.LOWER
    if letters.isupper():
        return Casing.UPPER if len(letters) > 1 else Casing.CAPITAL
    return Casing.TITLE if letters.istitle() else Casing.MIXED


def _cased(character: str) -> bool:
    return character.islower() or character.isupper() or character.istitle()
