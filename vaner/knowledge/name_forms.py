"""One spelling for names and texts, so that the same name agrees however it is written.

A canonical text is a row of words and signs. A word is a run of letters and digits; everything
else that shows, and every character of a script written without spaces, is a sign by itself.
White space and hyphens of any kind only part words: between two words they become one space, and
beside a sign nothing. So ``beta-blocker``, ``beta - blocker`` and ``Beta blocker`` agree, and
``( vWf )`` out of a tokenised corpus agrees with ``(vWF)``. Accents and compatibility forms
(full width, ligatures, superscripts) are taken off, quotation marks are of one kind.

The original is never lost: names keep it beside them, texts are canonical with a map back.
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

Codes = NDArray[np.uint32]
Offsets = NDArray[np.int64]

# Kinds of code points. A joined one goes on with what stands before it.
GAP, WORD, SIGN, JOINED = range(4)

# Marks that are accents. In other scripts marks are vowels and tones, and stay (`JOINED`).
_ACCENT = regex.compile(r"[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+")
_UNSPACED = regex.compile(
    r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]"
)  # as in vaner.text.words
_QUOTES = dict.fromkeys("‘’‚‛′‵´ʹʼˊˋ＇", "'") | dict.fromkeys("“”„‟″‶«»＂", '"')
_QUOTE_TABLE = str.maketrans(_QUOTES)
_LETTERS = {"ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O",
            "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ı": "i", "ς": "σ", "ϐ": "β", "ϑ": "θ",
            "ϕ": "φ", "ϵ": "ε", "⁄": "/"}  # fmt: skip
_GAPS = frozenset("−⁃®©™℠")  # minus and hyphen bullet; trade marks say nothing
# In ASCII, where nearly all names are: a gap between two words, and any other.
_INNER_GAP = re.compile(r"(?<=[A-Za-z0-9])[\s-]+(?=[A-Za-z0-9])")
_OUTER_GAP = re.compile(r"(?<![A-Za-z0-9])[\s-]+|[\s-]+(?![A-Za-z0-9])")
_GAP_RUN = re.compile(r"[\s-]+")
_SIZE = 0x110000
# Ideographs, Hangul, surrogates, private use: many, and each its own canonical form.
_PLAIN = (
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
_SPELLED = regex.compile(rf"(?<![\p{{L}}'])(?:{'|'.join(_GREEK)})(?![\p{{L}}'])")
_LETTER = regex.compile(rf"[{''.join(_GREEK_NAME)}]")
_JOINABLE = regex.compile(rf"(?<=[\p{{L}}\p{{N}}]) (?=[{''.join(_GREEK_NAME)}](?:$|\P{{L}}))")


def canonical(name: str, *, case: bool = False) -> str:
    """The canonical form of a name.

    Args:
        name: as a source spells it; any string, lone surrogates too.
        case: whether capitals stay.

    Returns:
        May be empty, for a name of nothing but hyphens.

    >>> canonical("Beta-Blocker"), canonical("  beta — blocker ")
    ('beta blocker', 'beta blocker')
    >>> canonical("( vWf ) Ménière’s disease", case=True)
    "(vWf)Meniere's disease"
    """
    if name.isascii():
        spaced = _OUTER_GAP.sub("", _INNER_GAP.sub(" ", name))
    else:
        spaced = _GAP_RUN.sub(_gap, "".join(map(_spelling, name)))
    return spaced if case else _folded(spaced)


def _gap(found: re.Match[str]) -> str:
    """One space between two words, nothing at an end or beside a sign."""
    before = found.string[found.start() - 1 : found.start()]
    after = found.string[found.end() : found.end() + 1]
    beside = (before and _kind(before), after and _kind(after))
    return " " if all(kind in (WORD, JOINED) for kind in beside) else ""


def variants(name: str) -> Iterator[str]:
    """Other spellings of a canonical name that mean the same: Greek letters and their names.

    >>> list(variants("tnf alpha"))
    ['tnf α', 'tnfα']
    >>> list(variants("il 1β"))
    ['il 1beta']
    """
    if name.isascii() and not any(greek in name for greek in _GREEK):  # nearly all
        return
    lettered = _SPELLED.sub(lambda found: _GREEK[found[0]], name)
    spelled = name if name.isascii() else _LETTER.sub(lambda f: _GREEK_NAME[f[0]], name)
    if lettered.isascii():
        return
    joined = _JOINABLE.sub("", lettered)
    yield from (each for each in dict.fromkeys((lettered, spelled, joined)) if each != name)


class CanonicalText(NamedTuple):
    """A text in canonical form, with its way back.

    Args:
        codes: code points, capitals kept. *Shape:* (N,)
        folded: the same in lower case, code point by code point. *Shape:* (N,)
        kinds: `WORD`, `SIGN`, `JOINED`, or `GAP` for the one space between two words.
            *Shape:* (N,)
        starts: offset in the original at which each code point begins. *Shape:* (N,)
        ends: offset at which it ends, its accents included. *Shape:* (N,)
    """

    codes: Codes
    folded: Codes
    kinds: NDArray[np.uint8]
    starts: Offsets
    ends: Offsets

    def text(self, *, case: bool = False) -> str:
        """As a string; what `canonical` makes of the original."""
        codes = self.codes if case else self.folded
        return codes.astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")


def canonical_text(text: str) -> CanonicalText:
    """The canonical form of a text, each code point with its place in the original.

    >>> found = canonical_text("Von  Willebrand ( vWf )")
    >>> found.text(), found.text().index("vwf")
    ('von willebrand(vwf)', 15)
    >>> int(found.starts[15]), int(found.ends[17])
    (18, 21)
    """
    codes, kinds, starts, ends = spelled(text)
    codes, kinds, starts, ends = _without_gaps(codes, kinds, starts, ends)
    return CanonicalText(codes, _tables().folds[codes], kinds, starts, ends)


def spelled(text: str) -> tuple[Codes, NDArray[np.uint8], Offsets, Offsets]:
    """Codes, kinds, starts and ends as in `CanonicalText`, every gap still in its place.

    Cheaper where only words are wanted: they stand between gaps, however wide.
    """
    tables = _tables()
    raw = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")
    lengths = tables.lengths[raw]
    if lengths.size and not (lengths.min() == lengths.max() == 1):
        codes, starts, ends = _stretched(raw, lengths, tables)
    else:
        starts = np.arange(len(raw), dtype=np.int64)
        codes, ends = tables.codes[raw], starts + 1
    return codes, tables.kinds[codes], starts, ends


def folded(codes: Codes) -> Codes:
    """Code points in lower case, one for one. *Shape:* (N,) both."""
    return _tables().folds[codes]


def _stretched(
    raw: Codes, lengths: NDArray[np.uint8], tables: _Tables
) -> tuple[Codes, Offsets, Offsets]:
    """Code points that became none or several, with the offsets they came from."""
    starts = np.repeat(np.arange(len(raw), dtype=np.int64), lengths)
    codes = tables.codes[raw[starts]]
    places = np.flatnonzero(lengths > 1)
    for place, first in zip(places, np.searchsorted(starts, places), strict=True):
        letters = tables.several[int(raw[place])]
        codes[first : first + len(letters)] = letters
    # An accent belongs to the letter before it: the letter ends where the accents do.
    ends = starts + 1
    accents = tables.accents[raw]
    if accents.any():
        nexts = np.where(accents, len(raw), np.arange(len(raw)))
        ends = np.append(np.minimum.accumulate(nexts[::-1])[::-1], len(raw))[ends]
    return codes, starts, ends


def _without_gaps(
    codes: Codes, kinds: NDArray[np.uint8], starts: Offsets, ends: Offsets
) -> tuple[Codes, NDArray[np.uint8], Offsets, Offsets]:
    """Gaps between two words become one space, all others nothing."""
    gaps = np.zeros(len(codes) + 2, np.bool_)
    gaps[1:-1] = kinds == GAP
    wordlike = np.zeros(len(codes) + 2, np.bool_)
    wordlike[1:-1] = (kinds == WORD) | (kinds == JOINED)
    edges = np.flatnonzero(gaps[1:] != gaps[:-1])
    before, last = edges[::2], edges[1::2]  # the place before each run, and its last
    keep = ~gaps
    keep[before + 1] = wordlike[before] & wordlike[last + 1]
    kept = np.flatnonzero(keep[1:-1])
    codes, kinds = codes[kept], kinds[kept]
    codes[kinds == GAP] = 0x20
    return codes, kinds, starts[kept], ends[kept]


class _Tables(NamedTuple):
    """What becomes of each code point. *Shape:* (0x110000,) each."""

    codes: Codes
    folds: Codes
    lengths: NDArray[np.uint8]
    kinds: NDArray[np.uint8]
    accents: NDArray[np.bool_]
    several: dict[int, list[int]]


@cache
def _tables() -> _Tables:
    """All of Unicode, when a text is first read."""
    codes = np.arange(_SIZE, dtype=np.uint32)
    folds = codes.copy()
    lengths = np.ones(_SIZE, np.uint8)
    kinds = np.full(_SIZE, SIGN, np.uint8)
    kinds[0xAC00:0xD7A4] = WORD
    accents = np.zeros(_SIZE, np.bool_)
    several: dict[int, list[int]] = {}
    begin = 0
    for first, last in _PLAIN:
        for code in range(begin, first):
            char = chr(code)
            if unicodedata.category(char) == "Cn":
                continue
            spelling = _spelling(char)
            lengths[code] = len(spelling)
            kinds[code], folds[code] = _kind(char), ord(_folded(char))
            accents[code] = not spelling and _ACCENT.match(char) is not None
            if spelling:
                codes[code] = ord(spelling[0])
            if len(spelling) > 1:
                several[code] = [ord(letter) for letter in spelling]
        begin = last
    return _Tables(codes, folds, lengths, kinds, accents, several)


@cache
def _spelling(char: str) -> str:
    """What stands for a character: nothing, itself, another, or several letters."""
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
    plain = unicodedata.normalize("NFC", plain)  # what is left are no accents: Hangul, dakuten
    plain = "".join(_LETTERS.get(each, each).translate(_QUOTE_TABLE) for each in plain)
    # A character that would become several signs stays: no name may end within it. One with a
    # vowel sign or another mark that is no accent stays as well.
    letters = len(plain) == 1 or all(_kind(each) == WORD for each in plain)
    if plain.isspace() or not plain or not letters:
        return char
    return plain if plain == char or len(plain) > 1 else _spelling(plain)


@cache
def _kind(char: str) -> int:
    if char.isspace() or char in _GAPS or unicodedata.category(char) == "Pd":
        return GAP
    if _UNSPACED.match(char):
        return JOINED if unicodedata.category(char)[0] == "M" else SIGN
    if char.isalnum():
        return WORD
    return JOINED if unicodedata.category(char)[0] == "M" else SIGN


def _folded(text: str) -> str:
    """Lower case, code point by code point, so that offsets stay."""
    lower = text.lower()
    if len(lower) == len(text) and "Σ" not in text:  # a final sigma depends on its neighbours
        return lower
    return "".join(low if len(low := char.lower()) == 1 else char for char in text)
