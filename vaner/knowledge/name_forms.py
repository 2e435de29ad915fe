"""Canonical forms of names and texts, so that spelling variants of a name are equal.

A canonical text is a sequence of words and signs. A word is a run of letters and digits. Every
other visible character, and every character of a script without spaces, is a sign. White space and
hyphens of any kind are gaps: between two words they become one space, next to a sign they are
removed. So ``beta-blocker``, ``beta - blocker`` and ``Beta blocker`` are equal, and ``( vWf )`` in
a tokenized corpus is equal to ``(vWF)``. Accents and compatibility forms (full width, ligatures,
superscripts) are removed, and quotation marks are unified.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import numpy as np
import regex
from numpy.typing import NDArray

from vaner.text.normalize import UNSPACED

Codes = NDArray[np.uint32]
Offsets = NDArray[np.int64]

# Kinds of characters. A joined character belongs to the character before it.
GAP, WORD, SIGN, JOINED = range(4)

# Combining accents are removed, and so is the invisible U+034F, which joins them. Marks of other
# scripts are vowels and tones (`JOINED`).
_ACCENT = regex.compile(r"[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+")
_UNSPACED = regex.compile(UNSPACED)
_QUOTES = dict.fromkeys("‘’‚‛′‵´ʹʼˊˋ＇", "'") | dict.fromkeys("“”„‟″‶«»＂", '"')
_QUOTE_TABLE = str.maketrans(_QUOTES)
_LETTERS = {"ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O",
            "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ı": "i", "ς": "σ", "ϐ": "β", "ϑ": "θ",
            "ϕ": "φ", "ϵ": "ε", "⁄": "/"}  # fmt: skip
_GAPS = frozenset("−⁃®©™℠")  # minus, hyphen bullet, and trademarks, which have no meaning
# For ASCII, which nearly all names are: a gap between two words, and any other gap.
_INNER_GAP = re.compile(r"(?<=[A-Za-z0-9])[\s-]+(?=[A-Za-z0-9])")
_OUTER_GAP = re.compile(r"(?<![A-Za-z0-9])[\s-]+|[\s-]+(?![A-Za-z0-9])")
_GAP_RUN = re.compile(r"[\s-]+")
_SIZE = 0x110000
# Ideographs, Hangul, surrogates, private use: each character is in canonical form.
_UNCHANGED = (
    (0x3400, 0xA000),
    (0xAC00, 0xF900),
    (0x20000, 0x2F800),
    (0x2FA20, 0xE0000),
    (0xE0200, _SIZE),
)

_GREEK = dict(
    zip(
        "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho "
        "sigma tau upsilon phi chi psi omega".split(),
        "αβγδεζηθικλμνξοπρστυφχψω",
        strict=True,
    )
)
_GREEK_NAME = {letter: name for name, letter in _GREEK.items()}
_LETTER_NAME = regex.compile(rf"(?<![\p{{L}}'])(?:{'|'.join(_GREEK)})(?![\p{{L}}'])")
_LETTER = regex.compile(rf"[{''.join(_GREEK_NAME)}]")
_SPACE_BEFORE_LETTER = regex.compile(
    rf"(?<=[\p{{L}}\p{{N}}]) (?=[{''.join(_GREEK_NAME)}](?:$|\P{{L}}))"
)
_GREEK_PART = regex.compile(rf"(?<=[\p{{L}}\p{{N}}])(?=[{''.join(_GREEK_NAME)}])")


def canonicalize(name: str, *, case: bool = False) -> str:
    """Return the canonical form of a name.

    Args:
        name: any string, including one with lone surrogates.
        case: whether to preserve case.

    Returns:
        The canonical form. It is empty for a name of hyphens only.

    >>> canonicalize("Beta-Blocker"), canonicalize("  beta — blocker ")
    ('beta blocker', 'beta blocker')
    >>> canonicalize("( vWf ) Ménière’s disease", case=True)
    "(vWf)Meniere's disease"
    """
    if name.isascii():
        spaced = _OUTER_GAP.sub("", _INNER_GAP.sub(" ", name))
    else:
        spaced = _GAP_RUN.sub(_replace_gap, "".join(map(_normalize_character, name)))
    return spaced if case else _lower_case(spaced)


def _replace_gap(gap: re.Match[str]) -> str:
    """Return a space between two words, else nothing."""
    before = gap.string[gap.start() - 1 : gap.start()]
    after = gap.string[gap.end() : gap.end() + 1]
    kinds = (before and _character_kind(before), after and _character_kind(after))
    return " " if all(kind in (WORD, JOINED) for kind in kinds) else ""


def greek_variants(name: str) -> Iterator[str]:
    """Yield spellings of a canonical name with Greek letters instead of their names, or vice versa.

    >>> list(greek_variants("tnf alpha"))
    ['tnf α', 'tnfα']
    >>> list(greek_variants("il 1β"))
    ['il 1beta']
    """
    if name.isascii() and not any(greek in name for greek in _GREEK):  # nearly all names
        return
    letters = _LETTER_NAME.sub(lambda match: _GREEK[match[0]], name)
    if letters.isascii():
        return
    names = name if name.isascii() else _LETTER.sub(lambda match: _GREEK_NAME[match[0]], name)
    joined = _SPACE_BEFORE_LETTER.sub("", letters)
    yield from (v for v in dict.fromkeys((letters, names, joined)) if v != name)


def spell_out_greek(name: str) -> str:
    """Return a canonical name with the names of Greek letters, as new words after other letters.

    >>> [spell_out_greek(name) for name in ("β catenin", "tnfα", "nf κb")]
    ['beta catenin', 'tnf alpha', 'nf kappab']
    """
    if name.isascii():
        return name
    return _LETTER.sub(lambda match: _GREEK_NAME[match[0]], _GREEK_PART.sub(" ", name))


def normalize_characters(text: str) -> tuple[Codes, NDArray[np.uint8], Offsets, Offsets]:
    """Return the canonical characters of a text, with their offsets. Gaps are not removed.

    Args:
        text: any string.

    Returns:
        Code points with their case, kinds (`WORD`, `SIGN`, `JOINED` or `GAP`), start offsets in
        the text, and end offsets, which include accents. *Shape:* (N,) each.
    """
    tables = _tables()
    raw = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")
    lengths = tables.lengths[raw]
    if lengths.size and not (lengths.min() == lengths.max() == 1):
        codes, starts, ends = _expand(raw, lengths, tables)
    else:
        starts = np.arange(len(raw), dtype=np.int64)
        codes, ends = tables.codes[raw], starts + 1
    return codes, tables.kinds[codes], starts, ends


def fold_case(codes: Codes) -> Codes:
    """Return code points in lower case. *Shape:* (N,) both."""
    return _tables().folds[codes]


def _expand(
    raw: Codes, lengths: NDArray[np.uint8], tables: _Tables
) -> tuple[Codes, Offsets, Offsets]:
    """Replace code points by none, one or several, and return them with their offsets.

    Args:
        raw: code points of the text. *Shape:* (T,)
        lengths: number of canonical code points for each of them. *Shape:* (T,)
        tables: the canonical code points.

    Returns:
        Code points, start offsets and end offsets. *Shape:* (N,) each.
    """
    starts = np.repeat(np.arange(len(raw), dtype=np.int64), lengths)
    codes = tables.codes[raw[starts]]
    positions = np.flatnonzero(lengths > 1)
    for position, first in zip(positions, np.searchsorted(starts, positions), strict=True):
        letters = tables.expansions[int(raw[position])]
        codes[first : first + len(letters)] = letters
    # An accent belongs to the letter before it, which ends after its accents.
    ends = starts + 1
    accents = tables.accents[raw]
    if accents.any():
        nexts = np.where(accents, len(raw), np.arange(len(raw)))
        ends = np.append(np.minimum.accumulate(nexts[::-1])[::-1], len(raw))[ends]
    return codes, starts, ends


class _Tables(NamedTuple):
    """The canonical form of each code point. *Shape:* (0x110000,) each.

    Args:
        codes: its first canonical code point.
        folds: its lower case.
        lengths: number of canonical code points.
        kinds: kind of the code point.
        accents: whether it is an accent, which is removed.
        expansions: code point -> canonical code points, for those with more than one.
    """

    codes: Codes
    folds: Codes
    lengths: NDArray[np.uint8]
    kinds: NDArray[np.uint8]
    accents: NDArray[np.bool_]
    expansions: dict[int, list[int]]


@cache
def _tables() -> _Tables:
    """Compute the tables for all of Unicode, once."""
    codes = np.arange(_SIZE, dtype=np.uint32)
    folds = codes.copy()
    lengths = np.ones(_SIZE, np.uint8)
    kinds = np.full(_SIZE, SIGN, np.uint8)
    kinds[0xAC00:0xD7A4] = WORD
    accents = np.zeros(_SIZE, np.bool_)
    expansions: dict[int, list[int]] = {}
    begin = 0
    for first, last in _UNCHANGED:
        for code in range(begin, first):
            char = chr(code)
            if unicodedata.category(char) == "Cn":
                continue
            spelling = _normalize_character(char)
            lengths[code] = len(spelling)
            kinds[code], folds[code] = _character_kind(char), ord(_lower_case(char))
            accents[code] = not spelling and char != "\u034f" and _ACCENT.match(char) is not None
            if spelling:
                codes[code] = ord(spelling[0])
            if len(spelling) > 1:
                expansions[code] = [ord(letter) for letter in spelling]
        begin = last
    return _Tables(codes, folds, lengths, kinds, accents, expansions)


@cache
def _normalize_character(char: str) -> str:
    """Return the canonical form of a character: nothing, one character, or several letters."""
    if char in _QUOTES:
        return _QUOTES[char]
    if char in _LETTERS:
        return _LETTERS[char]
    category = unicodedata.category(char)
    if category == "Cn":
        return char
    if _ACCENT.match(char) or category == "Cf":
        return ""
    if char.isspace() or char in _GAPS or category == "Pd":
        return " "
    plain = _ACCENT.sub("", unicodedata.normalize("NFKD", char))
    plain = unicodedata.normalize("NFC", plain)  # compose the other marks: Hangul, dakuten
    plain = "".join(_LETTERS.get(c, c).translate(_QUOTE_TABLE) for c in plain)
    # A character is not replaced by several signs, because no name may end within a character.
    # One with a vowel sign or another mark that is not an accent is not replaced either.
    is_valid = len(plain) == 1 or all(_character_kind(c) == WORD for c in plain)
    if plain.isspace() or not plain or not is_valid:
        return char
    return plain if plain == char or len(plain) > 1 else _normalize_character(plain)


@cache
def _character_kind(char: str) -> int:
    if char.isspace() or char in _GAPS or unicodedata.category(char) == "Pd":
        return GAP
    if _UNSPACED.match(char):
        return JOINED if unicodedata.category(char)[0] == "M" else SIGN
    if char.isalnum():
        return WORD
    return JOINED if unicodedata.category(char)[0] == "M" else SIGN


def _lower_case(text: str) -> str:
    """Return a text in lower case, without changing its length."""
    lower = text.lower()
    if len(lower) == len(text) and "Σ" not in text:  # a final sigma depends on its neighbors
        return lower
    return "".join(low if len(low := char.lower()) == 1 else char for char in text)
