"""Computes the layout of mentions: lines at depths where they do not overlap, and labels."""

from __future__ import annotations

import unicodedata
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from vaner.text.documents import Span

LANES = 8
"""Number of depths. Mentions that are nested deeper share the last one."""

_JOINER = "\u200d"
_TONES = range(0x1F3FB, 0x1F400)  # of emoji
_MAX_SHIFT = 64  # characters that a boundary moves at most


class Piece(NamedTuple):
    """A part of the line of a mention.

    Args:
        start, end: the underlined characters.
        number: index of the mention in the input.
        lane: depth of the line; 0 is nearest to the text.
        gap: whether it joins two parts of a discontinuous mention.
        label: offset of the mention's label, on the last of its pieces; None on the others.
    """

    start: int
    end: int
    number: int
    lane: int
    gap: bool = False
    label: int | None = None


def pieces(text: str, spans: Sequence[Span]) -> list[Piece]:
    """Return the lines of all mentions, in the order of the text, outer before inner.

    >>> [p.lane for p in pieces("lung cancer", [Span(0, 11, "Disease"), Span(0, 4, "Anatomy")])]
    [1, 0]
    """
    underlined = [[_extend_to_graphemes(text, *part) for part in span.pieces] for span in spans]
    lanes = _assign_lanes([(parts[0][0], parts[-1][1]) for parts in underlined])
    lines = [
        piece
        for number, parts in enumerate(underlined)
        for piece in _split_line(text, parts, number, lanes[number])
    ]
    return sorted(lines, key=lambda p: (p.start, -p.end, -p.lane))


def _split_line(
    text: str, parts: Sequence[tuple[int, int]], number: int, lane: int
) -> Iterator[Piece]:
    for (start, end), (following, _) in pairwise(parts):
        yield Piece(start, end, number, lane)
        if end < following:
            yield Piece(end, following, number, lane, gap=True)
    start, end = parts[-1]
    yield Piece(start, end, number, lane, label=_find_label_offset(text, end))


def _assign_lanes(ranges: Sequence[tuple[int, int]]) -> list[int]:
    """Return a lane for each range, so that overlapping ranges have different lanes.

    Short ranges come first, and a longer one goes below all ranges inside it, so that lines nest
    like mentions. A range that crosses others gets the first free lane.
    """
    lanes: list[list[tuple[int, int]]] = [[] for _ in range(LANES)]
    assigned = [LANES - 1] * len(ranges)
    for number in sorted(range(len(ranges)), key=lambda i: (ranges[i][1] - ranges[i][0], i)):
        start, end = ranges[number]
        free = LANES - 1
        for lane in reversed(range(LANES)):
            overlapping = _find_overlapping(lanes[lane], start, end)
            if any(start <= s and e <= end for s, e in overlapping):
                break
            if not overlapping:
                free = lane
        assigned[number] = free
        insort(lanes[free], (start, end))
    return assigned


def _find_overlapping(taken: list[tuple[int, int]], start: int, end: int) -> list[tuple[int, int]]:
    """Return up to three of the ordered, disjoint ranges that overlap a range."""
    first = bisect_right(taken, start, key=lambda range_: range_[1])
    last = bisect_left(taken, end, key=lambda range_: range_[0])
    return taken[first : min(last, first + 3)]


def _extend_to_graphemes(text: str, start: int, end: int) -> tuple[int, int]:
    """Return a range extended to complete graphemes, so that a line includes accents.

    >>> _extend_to_graphemes("cafe\u0301", 0, 4)
    (0, 5)
    """
    for _ in range(_MAX_SHIFT):
        if not _combines(text, start):
            break
        start -= 1
    for _ in range(_MAX_SHIFT):
        if not _combines(text, end):
            break
        end += 1
    return start, end


def _combines(text: str, offset: int) -> bool:
    """Return whether a character forms a grapheme with the character before it."""
    if not 0 < offset < len(text):
        return False
    before, after = text[offset - 1], text[offset]
    if after == "\n":
        return before == "\r"
    if before.isspace():
        return False
    is_tone = ord(after) in _TONES
    return unicodedata.category(after)[0] == "M" or _JOINER in (before, after) or is_tone


def _find_label_offset(text: str, end: int) -> int:
    """Return the offset of a mention's label: after the word if its letters join, as in Arabic.

    >>> _find_label_offset("\u0645\u0631\u0636\u0647 x", 2)
    4
    """
    for offset in range(end, end + _MAX_SHIFT):
        if not (_combines(text, offset) or _joins(text, offset)):
            return offset
    return end


def _joins(text: str, offset: int) -> bool:
    """Return whether the letters before and at an offset are joined in writing."""
    if not 0 < offset < len(text):
        return False
    base = offset - 1
    while base and unicodedata.category(text[base])[0] == "M":  # skip vowel signs
        base -= 1
    letters = (text[base], text[offset])
    return all(c.isalpha() and unicodedata.bidirectional(c) == "AL" for c in letters)
