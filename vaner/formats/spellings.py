"""Spellings: whether a mention and its quote in a file are the same name, written differently.

Case, accents, dashes, quotation marks, white space and invisible characters do not count. A Greek
letter may be written as a Latin one or by its name, a ligature as its letters, and a character as
an entity of HTML, or as the question mark of a program that could not write it.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Sequence

# Greek letter -> its name, and the Latin letters that programs write for it, by sound or by shape.
_GREEK = {
    "α": "alpha a", "β": "beta b ss", "γ": "gamma g y", "δ": "delta d", "ε": "epsilon e",
    "ζ": "zeta z", "η": "eta h e n", "θ": "theta th t q", "ι": "iota i", "κ": "kappa k",
    "λ": "lambda l", "μ": "mu m u micro mc", "ν": "nu n v", "ξ": "xi x", "ο": "omicron o",
    "π": "pi p", "ρ": "rho r p", "σ": "sigma s", "τ": "tau t", "υ": "upsilon u y",
    "φ": "phi ph f p", "χ": "chi ch x c", "ψ": "psi ps p y", "ω": "omega o w",
}  # fmt: skip
_OTHERS = {
    "ä": "a ae", "å": "a aa", "æ": "ae", "ð": "d dh", "đ": "d", "ħ": "h", "ı": "i", "ł": "l",
    "ö": "o oe", "ø": "o oe", "œ": "oe", "þ": "th", "ü": "u ue", "×": "x *", "·": ". *",
    "±": "+- +/-", "≤": "<=", "≥": ">=", "→": "->", "←": "<-", "↔": "<->", "≈": "~", "∼": "~",
    "°": "o deg", "®": "r (r)", "™": "tm (tm)", "©": "c (c)", '"': "''",
}  # fmt: skip
_SPELLINGS = {letter: tuple(others.split()) for letter, others in _OTHERS.items()} | {
    letter: (*names.split(), f".{name}.", f"\\{name}")
    for letter, names in _GREEK.items()
    for name in names.split()[:1]
}
_PUNCTUATION = str.maketrans(
    {"\u2212": "-", "\u2044": "/", "`": "'", "´": "'", "\u2018": "'", "\u2019": "'", "\u2032": "'"}
    | {"\u201c": '"', "\u201d": '"', "\u2033": '"', "\u02da": "°", "\u2219": "·", "\u22c5": "·"}
)
_DASHES = re.compile("-{2,3}")
_GAP_MARK = re.compile(r"\s*(?:\[\s*(?:\.{3}|…)\s*\]|\.{3}|…)\s*")
_UNWRITTEN = "?\ufffd"
_STATES_PER_CHARACTER = 20  # long runs of ambiguous letters would take quadratic time


def drop_gap_marks(quoted: str, pieces: Sequence[str]) -> str:
    """Return a quote without the marks that a program wrote between the pieces of a mention.

    >>> drop_gap_marks("breast [...] cancer", ["breast", "cancer"])
    'breast cancer'
    """
    if len(pieces) < 2 or any(map(_GAP_MARK.search, pieces)):
        return quoted
    return _GAP_MARK.sub(" ", quoted)


def is_same_spelling(mention: str, quoted: str) -> bool:
    """Return whether a quote differs from a mention only in spelling.

    >>> is_same_spelling("TNF-α", "TNF-alpha"), is_same_spelling("œdema", "oedema")
    (True, True)
    >>> is_same_spelling("TNF-α", "TNF-b"), is_same_spelling("β-carotene", "?-carotene")
    (False, True)
    """
    folded = fold(mention)
    if not folded or mention.strip() != mention:
        return False
    quotes = dict.fromkeys((quoted, html.unescape(quoted)))
    return any(_match(folded, fold(quote)) for quote in quotes) or _is_replaced(mention, quoted)


def _is_replaced(mention: str, quoted: str) -> bool:
    """Return whether a program wrote question marks for the characters outside ASCII."""
    return len(mention) == len(quoted) and all(
        q == m or (q in _UNWRITTEN and not m.isascii())
        for m, q in zip(mention, quoted, strict=True)
    )


def fold(text: str) -> str:
    """Return a text without case, accents and invisible characters.

    Dashes and runs of white space have one form each. Characters with several spellings remain.

    >>> fold("Sjögren’s  TNF‐Α")
    "sjögren's tnf-α"
    """
    folded = "".join(map(_fold_character, unicodedata.normalize("NFC", text)))
    return " ".join(_DASHES.sub("-", folded).split())


def _fold_character(character: str) -> str:
    if character.isascii():
        return "'" if character == "`" else character.lower()
    if character.isspace():
        return " "
    category = unicodedata.category(character)
    if category in ("Pd", "Cf"):
        return "-" if category == "Pd" else ""
    simple = character.translate(_PUNCTUATION).casefold()
    if simple in _SPELLINGS or simple.isascii():
        return simple
    parts = unicodedata.normalize("NFKD", simple).casefold().translate(_PUNCTUATION)
    return "".join(c for c in parts if not unicodedata.combining(c))


def _match(first: str, second: str) -> bool:
    """Return whether two folded texts are equal if letters are replaced by their spellings."""
    limit = _STATES_PER_CHARACTER * (len(first) + len(second))
    waiting, seen = [(0, 0)], {(0, 0)}
    while waiting and len(seen) <= limit:
        i, j = waiting.pop()
        if i == len(first) or j == len(second):
            if (i, j) == (len(first), len(second)):
                return True
            continue
        states = [(i + 1, j + 1)] if first[i] == second[j] else []
        for spelling in _SPELLINGS.get(first[i], ()):
            if second.startswith(spelling, j):
                states.append((i + 1, j + len(spelling)))
        for spelling in _SPELLINGS.get(second[j], ()):
            if first.startswith(spelling, i):
                states.append((i + len(spelling), j + 1))
        waiting += [state for state in states if state not in seen]
        seen.update(states)
    return False
