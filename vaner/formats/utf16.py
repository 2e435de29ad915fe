"""Offsets in UTF-16 units, as JavaScript counts them, to offsets in code points and back.

A character beyond U+FFFF, such as an emoji, is two units and one code point.

>>> offsets = units("😷 flu")
>>> offsets[2], code_point(offsets, 3)
(3, 2)
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate

from vaner.formats.source import MalformedError


def units(text: str) -> Sequence[int]:
    """Where each code point of a text begins, in UTF-16 units; the text's length is the last."""
    if not beyond(text):
        return range(len(text) + 1)
    return list(accumulate((1 + (character > "\uffff") for character in text), initial=0))


def code_point(offsets: Sequence[int], unit: int) -> int:
    """The code point that begins at a unit; offsets beyond the text stay beyond it.

    Args:
        offsets: of `units`.
        unit: an offset in UTF-16 units.

    Raises:
        MalformedError: for an offset within a character.
    """
    if not 0 <= unit <= offsets[-1]:
        return unit
    found = bisect_left(offsets, unit)
    if offsets[found] != unit:
        raise MalformedError(
            f"offset {unit} lies within a character of two UTF-16 units, "
            "so these offsets count something else"
        )
    return found


def beyond(text: str) -> bool:
    """Whether a text has characters that are two units."""
    return max(text, default="") > "\uffff"
