"""Where the brackets of a copy stand in its source, which the copy need not be true to."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate
from unicodedata import combining

from vaner.generator.alignment import Gap, nonspace_offsets
from vaner.generator.repairs import RepairKind


def trim_extent(filled: Sequence[int], start: int, end: int) -> tuple[int, int]:
    """An extent without the white space at its edges, empty where there is nothing else.

    Looked up, not searched: thousands of brackets can stand round the same white space.
    """
    first, last = bisect_left(filled, start), bisect_left(filled, end)
    return (filled[first], filled[last - 1] + 1) if first < last else (start, start)


class OffsetMap:
    """Where in a source what stands between two places of its copy stands.

    Places further on in the copy are never further back in the source, so brackets that do not
    cross in the one do not cross in the other.

    Args:
        copy: the copy.
        text: the source.
        gaps: where the two differ, as `vaner.generator.alignment.align_texts` tells it.

    >>> OffsetMap("a CD28", "a new CD28", [Gap(2, 2, 2, 6)]).extent(2, 6)
    ((6, 10), None)
    """

    def __init__(self, copy: str, text: str, gaps: Sequence[Gap]) -> None:
        self.gaps = [_after_accents(text, gap) for gap in gaps]
        self.filled = nonspace_offsets(text)
        agrees = [not character.isspace() for character in copy]
        # How many characters before each place are not blank; and which of them are the source's.
        self.written = [0, *accumulate(agrees)]
        for gap in gaps:
            agrees[gap.a_start : gap.a_end] = [False] * (gap.a_end - gap.a_start)
        self.agreeing = [0, *accumulate(agrees)] if gaps else self.written

    def extent(
        self, opening: int, closing: int
    ) -> tuple[tuple[int, int] | None, RepairKind | None]:
        """Extent in the source of what brackets in the copy hold, and what is wrong with it."""
        if self.written[opening] == self.written[closing]:
            return None, RepairKind.EMPTY
        found = self._opened(opening), self._closed(closing)
        place = trim_extent(self.filled, *found)
        if place[0] == place[1] or self.agreeing[opening] == self.agreeing[closing]:
            return None, RepairKind.LOST
        return place, None if place == found else RepairKind.TRIMMED

    def _opened(self, place: int) -> int:
        gap, shift = self._gap(place)
        if not gap:
            return place + shift
        return gap.b_end if gap.a_start == gap.a_end else _inside(gap, place)

    def _closed(self, place: int) -> int:
        gap, shift = self._gap(place)
        if not gap:
            return place + shift
        return gap.b_start if gap.a_start == gap.a_end else _inside(gap, place)

    def _gap(self, place: int) -> tuple[Gap | None, int]:
        """The gap that a place lies in or at, or how far the source is shifted there."""
        i = bisect_left(self.gaps, place, key=lambda gap: gap.a_end)
        if i < len(self.gaps) and self.gaps[i].a_start <= place:
            return self.gaps[i], 0
        return None, self.gaps[i - 1].b_end - self.gaps[i - 1].a_end if i else 0


def _after_accents(text: str, gap: Gap) -> Gap:
    """A gap without accents at its beginning: they belong to the letter before."""
    start = gap.b_start
    while start < gap.b_end and combining(text[start]):
        start += 1
    return gap._replace(b_start=start)


def _inside(gap: Gap, place: int) -> int:
    """A place in a piece that is written otherwise, by proportion."""
    done, length = place - gap.a_start, gap.a_end - gap.a_start
    return gap.b_start + done * (gap.b_end - gap.b_start) // length
