"""Conversion between offsets in UTF-16 units, as in JavaScript, and offsets in code points.

A character beyond U+FFFF, such as an emoji, is two units and one code point.

>>> offsets = get_unit_offsets("😷 flu")
>>> offsets[2], to_code_point(offsets, 3)
(3, 2)
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate

from vaner.formats.source import MalformedError


def get_unit_offsets(text: str) -> Sequence[int]:
    """Return the offset of each code point in UTF-16 units, and the length of the text."""
    if not has_wide_characters(text):
        return range(len(text) + 1)
    return list(accumulate((1 + (character > "\uffff") for character in text), initial=0))


def to_code_point(unit_offsets: Sequence[int], unit: int) -> int:
    """Convert an offset in UTF-16 units to code points. Offsets outside the text stay outside.

    Args:
        unit_offsets: result of `get_unit_offsets`.
        unit: offset in UTF-16 units.

    Raises:
        MalformedError: if the offset is inside a character.
    """
    if not 0 <= unit <= unit_offsets[-1]:
        return unit
    index = bisect_left(unit_offsets, unit)
    if unit_offsets[index] != unit:
        raise MalformedError(
            f"offset {unit} is inside a character of two UTF-16 units, "
            "so these offsets count something else"
        )
    return index


def has_wide_characters(text: str) -> bool:
    """Return whether a text contains characters of two UTF-16 units."""
    return max(text, default="") > "\uffff"
