"""Map brackets from an inexact copy of a text to the text itself."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate
from unicodedata import combining

from vaner.generator.alignment import Gap
from vaner.generator.repairs import RepairKind
from vaner.text.words import find_nonspace_offsets


def trim_extent(nonspace: Sequence[int], start: int, end: int) -> tuple[int, int]:
    """Return an extent without white space at its edges; an empty one if nothing else is in it.

    A binary search, because thousands of brackets can enclose the same white space.

    Args:
        nonspace: Offsets of the characters of the text that are not white space, sorted.
        start, end: Half-open offsets.
    """
    first, last = bisect_left(nonspace, start), bisect_left(nonspace, end)
    return (nonspace[first], nonspace[last - 1] + 1) if first < last else (start, start)


class OffsetMap:
    """Map from extents of a copy to extents of its source.

    The map is monotonic: brackets that do not cross in the copy do not cross in the source.

    Args:
        copy: The copy.
        source: The source.
        gaps: Differences between the two, from `vaner.generator.alignment.align_texts`.

    >>> OffsetMap("a CD28", "a new CD28", [Gap(2, 2, 2, 6)]).map_extent(2, 6)
    ((6, 10), None)
    """

    def __init__(self, copy: str, source: str, gaps: Sequence[Gap]) -> None:
        self.gaps = [_skip_accents(source, gap) for gap in gaps]
        self.nonspace = find_nonspace_offsets(source)
        # Prefix sums: characters of the copy before each offset that are not white space, and
        # those of them that agree with the source.
        is_counted = [not character.isspace() for character in copy]
        self.copied = [0, *accumulate(is_counted)]
        for gap in gaps:
            is_counted[gap.a_start : gap.a_end] = [False] * (gap.a_end - gap.a_start)
        self.agreeing = [0, *accumulate(is_counted)] if gaps else self.copied

    def map_extent(
        self, opening: int, closing: int
    ) -> tuple[tuple[int, int] | None, RepairKind | None]:
        """Return the extent in the source of brackets in the copy, and the defect, if any.

        Args:
            opening: Offset in the copy before which the opening bracket is.
            closing: Offset in the copy before which the closing bracket is.
        """
        if self.copied[opening] == self.copied[closing]:
            return None, RepairKind.EMPTY
        mapped = self._map_opening(opening), self._map_closing(closing)
        extent = trim_extent(self.nonspace, *mapped)
        if extent[0] == extent[1] or self.agreeing[opening] == self.agreeing[closing]:
            return None, RepairKind.LOST
        return extent, None if extent == mapped else RepairKind.TRIMMED

    def _map_opening(self, offset: int) -> int:
        gap, shift = self._find_gap(offset)
        if not gap:
            return offset + shift
        return gap.b_end if gap.a_start == gap.a_end else _interpolate(gap, offset)

    def _map_closing(self, offset: int) -> int:
        gap, shift = self._find_gap(offset)
        if not gap:
            return offset + shift
        return gap.b_start if gap.a_start == gap.a_end else _interpolate(gap, offset)

    def _find_gap(self, offset: int) -> tuple[Gap | None, int]:
        """Return the gap at an offset of the copy; otherwise None and the shift to the source."""
        i = bisect_left(self.gaps, offset, key=lambda gap: gap.a_end)
        if i < len(self.gaps) and self.gaps[i].a_start <= offset:
            return self.gaps[i], 0
        return None, self.gaps[i - 1].b_end - self.gaps[i - 1].a_end if i else 0


def _skip_accents(source: str, gap: Gap) -> Gap:
    """Return a gap without combining accents at its start: they belong to the letter before."""
    start = gap.b_start
    while start < gap.b_end and combining(source[start]):
        start += 1
    return gap._replace(b_start=start)


def _interpolate(gap: Gap, offset: int) -> int:
    """Return the offset in the source of an offset inside a gap, by linear interpolation."""
    done, length = offset - gap.a_start, gap.a_end - gap.a_start
    return gap.b_start + done * (gap.b_end - gap.b_start) // length
