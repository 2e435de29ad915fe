"""Abbreviations that a text defines, such as "chronic kidney disease (CKD)".

Source: Schwartz and Hearst, A simple algorithm for identifying abbreviation definitions in
biomedical text, PSB 2003. A definition is a short form next to a long form, one of them in
brackets. The letters of the short form must occur in the long form, in their order, and its first
letter at the beginning of a word.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import regex

from vaner.text.documents import Document

METADATA_KEY = "abbreviations"
"""Key of the abbreviations in the metadata of a document, see `add_abbreviations`."""

_BRACKETS = regex.compile(r"\(([^()\n]{2,120})\)|\[([^\[\]\n]{2,120})\]")
_WORD = regex.compile(r"\S+")
_SEPARATOR = regex.compile(r"[;,:]\s")
_MIN_LENGTH, _MAX_LENGTH = 2, 10  # characters of a short form
_MAX_WORDS = 2  # words of a short form
_FUNCTION_WORDS = frozenset(
    "a an and are as at by for from in is of on or that the to was were which with".split()
)
_MAX_WINDOW = 200  # characters before a bracket in which a long form can begin


class Abbreviation(NamedTuple):
    """A definition in a text.

    Args:
        short_start, short_end: offsets of the short form, in code points; the end is exclusive.
        long_start, long_end: offsets of the long form.
    """

    short_start: int
    short_end: int
    long_start: int
    long_end: int


def find_abbreviations(text: str) -> list[Abbreviation]:
    """Return the abbreviations that a text defines, in the order of their brackets.

    Both orders are found: "long form (SF)" and "SF (long form)".

    Args:
        text: the text of a document.

    Returns:
        The definitions, with offsets into `text`.

    >>> text = "Chronic kidney disease (CKD) and T2DM (type 2 diabetes mellitus)."
    >>> [(text[a:b], text[c:d]) for a, b, c, d in find_abbreviations(text)]
    [('CKD', 'Chronic kidney disease'), ('T2DM', 'type 2 diabetes mellitus')]
    """
    brackets = _BRACKETS.finditer(text, overlapped=True)  # also those in other brackets
    return [pair for bracket in brackets for pair in _read_bracket(text, bracket)]


def add_abbreviations(document: Document) -> Document:
    """Return a document whose metadata has its abbreviations, if there are any.

    >>> document = add_abbreviations(Document("1", "Chronic kidney disease (CKD)"))
    >>> document.metadata[METADATA_KEY][0]["short"]
    {'start': 24, 'end': 27, 'text': 'CKD'}
    """
    text = document.text
    abbreviations = tuple(
        {
            "short": _describe(text, pair.short_start, pair.short_end),
            "long": _describe(text, pair.long_start, pair.long_end),
        }
        for pair in find_abbreviations(text)
    )
    metadata = {name: value for name, value in document.metadata.items() if name != METADATA_KEY}
    return replace(
        document, metadata=metadata | ({METADATA_KEY: abbreviations} if abbreviations else {})
    )


def _describe(text: str, start: int, end: int) -> dict[str, str | int]:
    return {"start": start, "end": end, "text": text[start:end]}


def _read_bracket(text: str, bracket: regex.Match[str]) -> Iterator[Abbreviation]:
    """Yield the definition that a bracket is a part of, if there is one."""
    group = 1 if bracket[1] is not None else 2
    start, end = bracket.span(group)
    if separator := _SEPARATOR.search(text, start, end):  # "(CKD; stage 3)"
        end = separator.start()
    start, end = _strip(text, start, end)
    before = _before(text, bracket.start())
    if is_short_form(text[start:end]):
        long_start = find_long_form(text[start:end], text[before[0] : before[1]])
        if long_start is not None:
            yield Abbreviation(start, end, before[0] + long_start, before[1])
            return
    words = list(_WORD.finditer(text, *before))
    if words and is_short_form(words[-1][0]):
        short, (short_start, short_end) = words[-1][0], words[-1].span()
        long_start = find_long_form(short, text[start:end])
        if long_start == 0:  # the bracket holds nothing else
            yield Abbreviation(short_start, short_end, start, end)


def is_short_form(text: str) -> bool:
    """Return whether a text can be an abbreviation.

    >>> [is_short_form(text) for text in ("CKD", "p53", "n = 12", "1998", "see Figure 2 of")]
    [True, True, False, False, False]
    """
    return (
        _MIN_LENGTH <= len(text) <= _MAX_LENGTH
        and len(text.split()) <= _MAX_WORDS
        and text[0].isalnum()
        and any(character.isalpha() for character in text)
        and not {"=", ","} & set(text)
        and not (text.islower() and text.endswith("."))  # e.g.
    )


def find_long_form(short: str, text: str) -> int | None:
    """Return the offset at which a long form of an abbreviation begins in a text; it ends there.

    The letters and digits of the short form are matched from the last to the first, each with the
    nearest character to the left. The first one must be at the beginning of a word.

    Args:
        short: the short form.
        text: what is before the bracket, or in it.

    Returns:
        The offset; None if `text` does not end in a long form.

    >>> find_long_form("HMM", "we use hidden Markov models")
    7
    """
    folded, position = text.casefold(), len(text)
    if len(folded) != len(text):  # a few letters change their length
        folded = text.lower() if len(text.lower()) == len(text) else text
    letters = [letter for letter in short.casefold() if letter.isalnum()]
    for number, letter in enumerate(reversed(letters), 1):
        is_first = number == len(letters)
        position = folded.rfind(letter, 0, position)
        while is_first and position > 0 and folded[position - 1].isalnum():
            position = folded.rfind(letter, 0, position)
        if position < 0:
            return None
    long = text[position:]
    # As in the paper: no long form of many words for a few letters, and none that repeats it.
    words = long.split()
    most = min(len(letters) + 5, 2 * len(letters))
    is_repeated = short.casefold() in (word.casefold() for word in words)
    if len(long) <= len(short) or len(words) > most or is_repeated:
        return None
    # Not in the paper: what begins in another bracket, or with a word such as "of", is not a name.
    is_name = words[0].casefold() not in _FUNCTION_WORDS and _has_balanced_brackets(long)
    return position if is_name else None


def _has_balanced_brackets(text: str) -> bool:
    """Return whether each bracket that a text closes was opened in it, and the reverse.

    >>> _has_balanced_brackets("n(2) of x"), _has_balanced_brackets("AUC) 0.9")
    (True, False)
    """
    depth = 0
    for character in text:
        depth += (character in "([") - (character in ")]")
        if depth < 0:
            return False
    return depth == 0


def _before(text: str, bracket: int) -> tuple[int, int]:
    """Return the extent of the text before a bracket, in its line and at most the window."""
    start = max(0, bracket - _MAX_WINDOW)
    return _strip(text, max(text.rfind("\n", start, bracket) + 1, start), bracket)


def _strip(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the extent without white space at its ends."""
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    return start, end
