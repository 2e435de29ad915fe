"""Detects texts that do not seem to be English, by their letters and their most frequent words.

The embedded models read English. In other languages they find mentions that mean nothing, so the
annotator warns. A short text, and a note without function words, gives no warning.
"""

from __future__ import annotations

import regex

_ENGLISH = frozenset(
    "the of and to with were are for by that this which from been have has had not but we these "
    "their between after than can may be it its is was at or as an on in into during who her his "
    "she he there no".split()
)
_OTHERS = frozenset(
    # German, Dutch
    "der die das und von mit den dem des ein eine einen einer nicht ist wurde wurden sich auf für "
    "bei nach auch oder als aus zum zur durch werden het een van niet voor door werd werden zijn "
    # French, Spanish, Portuguese, Italian
    "le la les des du et est dans pour par une avec sur qui que aux ont été el los las del y en "
    "con por para una se su como fue fueron não dos uma foi foram em pelo pela são "
    "il di che nel della sono gli alla è per "
    # Scandinavian languages, Polish, Czech
    "och att som är med på av til og det ikke w na się nie że oraz jest ve je pro jako byl".split()
)
_WORD = regex.compile(r"\p{L}+")
_LETTER = regex.compile(r"\p{L}")
_LATIN = regex.compile(r"\p{Latin}")
_ACCENTED = regex.compile(r"[^\P{Latin}a-zA-Z]")

_MAX_LENGTH = 4_000
_MIN_LETTERS = 20
_MIN_WORDS = 12


def is_not_english(text: str) -> bool:
    """Return whether the beginning of a text is most likely in another language.

    >>> is_not_english("Die Patientin wurde mit Metformin behandelt, das sie nicht vertrug, und "
    ...                "auf Insulin umgestellt.")
    True
    >>> is_not_english("68M c/o CP, SOB. Hx HTN, DM2. ASA 81 mg daily.")
    False
    """
    text = text[:_MAX_LENGTH]
    letters = len(_LETTER.findall(text))
    if letters < _MIN_LETTERS:
        return False
    if len(_LATIN.findall(text)) < letters / 2:
        return True
    words = [word.casefold() for word in _WORD.findall(text) if not word.isupper()]
    if len(words) < _MIN_WORDS:
        return False
    english = sum(word in _ENGLISH for word in words) / len(words)
    others = sum(word in _OTHERS for word in words) / len(words)
    accented = sum(bool(_ACCENTED.search(word)) for word in words) / len(words)
    return others > max(0.08, 1.5 * english) or (accented > 0.15 and english < 0.1)
