"""Conventions for offsets other than code points, detected from the stored texts of mentions.

Programs count UTF-16 units or bytes, include the last character, count from 1, or compute offsets
before line ends, white space, entities of XML or accents changed. The offsets of a document are
converted if they disagree with its text, and one of these conventions makes all mentions agree.
Without stored texts, offsets that cut words are converted if they cut none when they are read as
UTF-16 units or as numbers of tokens.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

from vaner.formats.spellings import drop_gap_marks, is_same_spelling
from vaner.formats.utf16 import has_wide_characters

_SPACE = re.compile(r"\s+")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_ESCAPED_LENGTHS = {"&": 5, "<": 4, ">": 4}

Piece = tuple[int, int]
Quoted = tuple[Sequence[Piece], str | None]
"""The pieces of a mention, and its text as stored in the file, or None."""


class Conversion(NamedTuple):
    """A conversion of offsets to code points.

    Args:
        description: what the offsets of the file count, for a message.
        convert: returns a piece in code points, with negative offsets if that is not possible.
    """

    description: str
    convert: Callable[[Piece], Piece]

    def apply(self, pieces: Iterable[Piece]) -> list[Piece]:
        """Return the pieces of a mention in code points."""
        return [self.convert((start, end)) for start, end in pieces]


def find_conversion(
    text: str, mentions: Iterable[Quoted], tokens: Sequence[Piece] = ()
) -> Conversion | None:
    """Return the conversion that makes all mentions agree with the text; None if none is needed.

    Args:
        text: text of the document.
        mentions: its mentions. Those without a stored text count only if none has one.
        tokens: the pieces of the tokens that the file has in addition to the text.

    >>> find_conversion("Rat fever.", [([(1, 3)], "Rat"), ([(5, 9)], "fever")]).description
    'count from 1 and include the last character'
    """
    mentions = list(mentions)
    quoted = [(pieces, quote) for pieces, quote in mentions if quote and quote.strip()]
    if not quoted:
        is_stored = any(quote for _, quote in mentions)  # white space
        return None if is_stored else _find_by_words(text, [p for p, _ in mentions], tokens)
    if _agree(text, quoted):
        return None
    for conversion in (*_list_conversions(text), _count_tokens(tokens)):
        converted = [(conversion.apply(pieces), quote) for pieces, quote in quoted]
        # White space at the edge of a piece shows that another conversion is right.
        if _agree(text, converted) and not any(_has_edges(text, pieces) for pieces, _ in converted):
            return conversion
    return None


def are_converted_without_texts(text: str, mentions: Iterable[Sequence[Piece]]) -> bool:
    """Return whether readers convert offsets of mentions if a file does not have their texts."""
    return find_conversion(text, [(pieces, None) for pieces in mentions]) is not None


def _agree(text: str, mentions: Iterable[tuple[Sequence[Piece], str]]) -> bool:
    return all(
        all(0 <= start < end <= len(text) for start, end in pieces)
        and _is_quoted([text[start:end] for start, end in pieces], quote)
        for pieces, quote in mentions
    )


def _is_quoted(pieces: Sequence[str], quote: str) -> bool:
    mention, quote = " ".join(pieces), drop_gap_marks(quote, pieces)
    spaced, spaced_quote = _SPACE.sub(" ", mention), _SPACE.sub(" ", quote)
    is_equal = spaced in (spaced_quote, spaced_quote.strip())
    return is_equal or is_same_spelling(mention, quote)


def _has_edges(text: str, pieces: Iterable[Piece]) -> bool:
    """Return whether a piece begins or ends with white space."""
    return any(text[start].isspace() or text[end - 1].isspace() for start, end in pieces)


def _find_by_words(
    text: str, mentions: Sequence[Sequence[Piece]], tokens: Sequence[Piece]
) -> Conversion | None:
    """Return the conversion after which no mention cuts a word; None if none does without one."""
    conversions = [_count_utf16(text)] if has_wide_characters(text) else []
    conversions += [_count_tokens(tokens)] if tokens else []
    if not mentions or not conversions or all_keep_words(text, mentions):
        return None
    for conversion in conversions:
        if all_keep_words(text, map(conversion.apply, mentions)):
            return conversion
    return None


def all_keep_words(text: str, mentions: Iterable[Sequence[Piece]]) -> bool:
    """Return whether no mention cuts a word, or begins or ends with white space."""
    return all(_keeps_words(text, piece) for pieces in mentions for piece in pieces)


def _keeps_words(text: str, piece: Piece) -> bool:
    """Return whether a piece does not begin or end inside a word or with white space."""
    start, end = piece
    if not 0 <= start < end <= len(text) or _has_edges(text, [piece]):
        return False
    return not any(text[i - 1 : i].isalnum() and text[i : i + 1].isalnum() for i in piece)


def _count_utf16(text: str) -> Conversion:
    return _by_width("count UTF-16 units", (1 + (c > "\uffff") for c in text))


def _count_tokens(tokens: Sequence[Piece]) -> Conversion:
    def convert(piece: Piece) -> Piece:
        start, end = piece
        is_possible = 0 <= start < end <= len(tokens)
        return (tokens[start][0], tokens[end - 1][1]) if is_possible else (-1, -1)

    return Conversion("count tokens", convert)


def _list_conversions(text: str) -> Iterator[Conversion]:
    """Yield the conversions that are possible in a text, the likeliest first."""
    if "\r\n" in text:
        widths = (not text.startswith("\r\n", i) for i in range(len(text)))
        yield _by_width("count the two characters of a line end as one", widths)
    if has_wide_characters(text):
        yield _count_utf16(text)
    if not text.isascii():
        yield _by_width("count bytes", (len(c.encode("utf-8", "surrogatepass")) for c in text))
    if "\n" in text:
        yield _by_width("do not count line ends", (c not in "\r\n" for c in text))
    yield from _list_changes(text)
    yield Conversion("include the last character", lambda p: (p[0], p[1] + 1))
    yield Conversion("count from 1 and include the last character", lambda p: (p[0] - 1, p[1]))
    yield Conversion("count from 1", lambda p: (p[0] - 1, p[1] - 1))


def _list_changes(text: str) -> Iterator[Conversion]:
    """Yield the conversions for offsets that were computed before or after the text was changed."""
    indices = range(len(text))
    if start := len(text) - len(text.lstrip()):
        yield _by_width("do not count white space at the start", (i >= start for i in indices))
    if text.split() != text.split(" "):
        is_space = [c.isspace() for c in " " + text]
        counted = (not (is_space[i] and is_space[i + 1]) for i in indices)
        yield _by_width("count several spaces as one", counted)
    if entities := list(_ENTITY.finditer(text)):
        rest = {i for match in entities for i in range(match.start() + 1, match.end())}
        counted = (i not in rest for i in indices)
        yield _by_width("count entities such as &lt; as one character", counted)
    if not _ESCAPED_LENGTHS.keys().isdisjoint(text):
        lengths = (_ESCAPED_LENGTHS.get(c, 1) for c in text)
        yield _by_width("count < as the four characters &lt;", lengths)
    if not text.isascii():
        yield _by_width("do not count accents", (not unicodedata.combining(c) for c in text))
        lengths = (len(unicodedata.normalize("NFD", c)) for c in text)
        yield _by_width("count accents as characters", lengths)


def _by_width(description: str, widths: Iterable[int]) -> Conversion:
    """Return the conversion of offsets in which each character of the text has a width."""
    offsets = list(accumulate(widths, initial=0))
    # A mention begins after characters without width, and ends before them.
    starts = {offset: index for index, offset in enumerate(offsets)}
    ends = {offset: index for index, offset in reversed(list(enumerate(offsets)))}
    return Conversion(description, lambda p: (starts.get(p[0], -1), ends.get(p[1], -1)))
