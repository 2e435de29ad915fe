"""Abbreviations that a text defines, such as "chronic kidney disease (CKD)".

Source: Schwartz and Hearst, A simple algorithm for identifying abbreviation definitions in
biomedical text, PSB 2003. A definition is a short form next to a long form, one of them in
brackets. The letters of the short form must occur in the long form, in their order, and its first
letter at the beginning of a word.

Definitions continue over the line breaks of wrapped text, but not into another paragraph, list item
or line of a note. These are the line breaks at which the sentence splitter ends a sentence.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import regex

from vaner.text.documents import Document
from vaner.text.normalize import normalize_with_offsets
from vaner.text.words import split_sentences, split_words

METADATA_KEY = "abbreviations"
"""Key of the abbreviations in the metadata of a document, see `add_abbreviations`."""

_BRACKETS = regex.compile(r"\(([^()]{2,120})\)|\[([^\[\]]{2,120})\]")
_LINE_BREAK = regex.compile(r"[\n\r\f\u2028\u2029]")
_WORD = regex.compile(r"\S+")
_SEPARATOR = regex.compile(r"[;,:]\s")
_QUOTES = frozenset("\"'“”„‟«»‘’‚‛‹›")
_MIN_LENGTH, _MAX_LENGTH = 2, 10  # characters of a short form
_MAX_WORDS = 2  # words of a short form
_FUNCTION_WORDS = frozenset(
    "a an and are as at by for from in is of on or that the to was were which with".split()
)
_REMARKS = frozenset({"eg", "ie", "e.g", "i.e"})  # "(eg, nausea)"
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
    read, starts, ends = normalize_with_offsets(text)
    brackets = list(_BRACKETS.finditer(read, overlapped=True))  # also those in other brackets
    breaks = _find_breaks(read, brackets)
    return [
        Abbreviation(
            starts[pair.short_start],
            ends[pair.short_end - 1],
            starts[pair.long_start],
            ends[pair.long_end - 1],
        )
        for bracket in brackets
        for pair in _read_bracket(read, bracket, breaks)
    ]


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


def _find_breaks(text: str, brackets: Iterable[regex.Match[str]]) -> list[int]:
    """Return where a sentence begins after a line break; none if all are far from brackets."""
    extents = ((max(0, bracket.start() - _MAX_WINDOW), bracket.end()) for bracket in brackets)
    if not any(_LINE_BREAK.search(text, *extent) for extent in extents):
        return []
    words = split_words(text)
    return [
        words[first].start
        for first, _ in split_sentences(text, words)[1:]
        if _LINE_BREAK.search(text, words[first - 1].end, words[first].start)
    ]


def _read_bracket(
    text: str, bracket: regex.Match[str], breaks: Sequence[int]
) -> Iterator[Abbreviation]:
    """Yield the definition that a bracket is a part of, if there is one.

    Args:
        text: the text.
        bracket: the bracket.
        breaks: offsets that no definition crosses, in order.
    """
    position = bisect_right(breaks, bracket.start())
    if position < len(breaks) and breaks[position] < bracket.end():
        return
    group = 1 if bracket[1] is not None else 2
    start, end = bracket.span(group)
    if separator := _SEPARATOR.search(text, start, end):  # "(CKD; stage 3)"
        end = separator.start()
    start, end = _strip(text, start, end)
    first = max(breaks[position - 1] if position else 0, bracket.start() - _MAX_WINDOW)
    before = _strip(text, first, bracket.start())
    if is_short_form(text[start:end]):
        long_start = find_long_form(text[start:end], text[before[0] : before[1]])
        if long_start is not None:
            yield Abbreviation(start, end, before[0] + long_start, before[1])
            return
    words = list(_WORD.finditer(text, *before))
    short_start, short_end = _strip(text, *words[-1].span()) if words else (0, 0)
    if is_short_form(text[short_start:short_end]):
        long_start = find_long_form(text[short_start:short_end], text[start:end])
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
        and text not in _REMARKS
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


def _strip(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the extent without white space and quotation marks at its ends."""
    while start < end and (text[start].isspace() or text[start] in _QUOTES):
        start += 1
    while start < end and (text[end - 1].isspace() or text[end - 1] in _QUOTES):
        end -= 1
    return start, end
