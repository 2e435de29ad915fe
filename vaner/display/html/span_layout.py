"""What is to be drawn for mentions: pieces of lines at depths that keep them apart, and labels."""

from __future__ import annotations

import unicodedata
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from vaner.text.documents import Span

LANES = 8
"""Depths of lines; a mention that is nested deeper shares the last."""

_JOINER = "\u200d"
_TONES = range(0x1F3FB, 0x1F400)  # of emoji
_LONGEST = 64  # characters that a cut moves at most


class Piece(NamedTuple):
    """A part of the line of a mention.

    Args:
        start, end: what it lies under; at least the characters of the mention there.
        number: index of the mention in the list that was given.
        lane: how deep the line lies, 0 being nearest to the text.
        gap: it joins two pieces of a discontinuous mention.
        label: where the label of the mention goes, on the last of its pieces; None on others.
    """

    start: int
    end: int
    number: int
    lane: int
    gap: bool = False
    label: int | None = None


def pieces(text: str, spans: Sequence[Span]) -> list[Piece]:
    """The lines of all mentions, in the order of the text, outer before inner.

    >>> [p.lane for p in pieces("lung cancer", [Span(0, 11, "Disease"), Span(0, 4, "Anatomy")])]
    [1, 0]
    """
    drawn = [[_whole(text, *piece) for piece in span.pieces] for span in spans]
    lanes = _lanes([(parts[0][0], parts[-1][1]) for parts in drawn])
    found = [
        piece
        for number, parts in enumerate(drawn)
        for piece in _line(text, parts, number, lanes[number])
    ]
    return sorted(found, key=lambda p: (p.start, -p.end, -p.lane))


def _line(text: str, parts: Sequence[tuple[int, int]], number: int, lane: int) -> Iterator[Piece]:
    for (start, end), (following, _) in pairwise(parts):
        yield Piece(start, end, number, lane)
        if end < following:
            yield Piece(end, following, number, lane, gap=True)
    start, end = parts[-1]
    yield Piece(start, end, number, lane, label=_label_place(text, end))


def _lanes(places: Sequence[tuple[int, int]]) -> list[int]:
    """A lane for each place, so that none shares one with a place that it overlaps.

    Short places come first, and a longer one goes below all that lie in it: lines nest as mentions
    do. One that crosses others takes the first lane that is free.
    """
    lanes: list[list[tuple[int, int]]] = [[] for _ in range(LANES)]
    found = [LANES - 1] * len(places)
    for number in sorted(range(len(places)), key=lambda i: (places[i][1] - places[i][0], i)):
        start, end = places[number]
        free = LANES - 1
        for lane in reversed(range(LANES)):
            there = _between(lanes[lane], start, end)
            if any(start <= s and e <= end for s, e in there):
                break
            if not there:
                free = lane
        found[number] = free
        insort(lanes[free], (start, end))
    return found


def _between(taken: list[tuple[int, int]], start: int, end: int) -> list[tuple[int, int]]:
    """Of places in order that do not overlap, those that overlap this one; three tell enough."""
    first = bisect_right(taken, start, key=lambda place: place[1])
    last = bisect_left(taken, end, key=lambda place: place[0])
    return taken[first : min(last, first + 3)]


def _whole(text: str, start: int, end: int) -> tuple[int, int]:
    """A place widened to what a reader sees as whole characters: a line cannot cut an accent off.

    >>> _whole("cafe\u0301", 0, 4)
    (0, 5)
    """
    for _ in range(_LONGEST):
        if not _combines(text, start):
            break
        start -= 1
    for _ in range(_LONGEST):
        if not _combines(text, end):
            break
        end += 1
    return start, end


def _combines(text: str, place: int) -> bool:
    """Whether the character at a place is seen as one with the character before it."""
    if not 0 < place < len(text):
        return False
    before, after = text[place - 1], text[place]
    if after == "\n":
        return before == "\r"
    if before.isspace():
        return False
    tone = ord(after) in _TONES
    return unicodedata.category(after)[0] == "M" or _JOINER in (before, after) or tone


def _label_place(text: str, end: int) -> int:
    """Where the label of a mention can stand: behind the word where its letters join, as in Arabic.

    >>> _label_place("\u0645\u0631\u0636\u0647 x", 2)
    4
    """
    for place in range(end, end + _LONGEST):
        if not (_combines(text, place) or _joins(text, place)):
            return place
    return end


def _joins(text: str, place: int) -> bool:
    """Whether letters are written together across a place."""
    if not 0 < place < len(text):
        return False
    base = place - 1
    while base and unicodedata.category(text[base])[0] == "M":  # a vowel sign stands on its letter
        base -= 1
    letters = (text[base], text[place])
    return all(c.isalpha() and unicodedata.bidirectional(c) == "AL" for c in letters)
