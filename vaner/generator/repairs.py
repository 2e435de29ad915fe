"""Repairs of a decoded answer: kind, offset and text of each."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class RepairKind(StrEnum):
    """Kinds of defects in an answer, and how each is repaired.

    The first six concern the brackets, the next four the text between them, the last five the
    lines of an answer with several entity types.
    """

    UNOPENED = "closing bracket without an opening bracket, ignored"
    UNCLOSED = "opening bracket without a closing bracket, ignored"
    EMPTY = "brackets around nothing but white space, ignored"
    LOST = "brackets around words that are not at this place of the source, ignored"
    TRIMMED = "white space inside the brackets, excluded from the span"
    DUPLICATE = "second pair of brackets around the same words, merged into one span"

    UNESCAPED = "bracket, backslash or line break of the source without a backslash, accepted"
    CHANGED = "text that differs from the source, aligned"
    MISSING = "text of the source that is missing, aligned"
    ADDED = "text that is not in the source, ignored"

    HEADING = "type or separator in a different spelling, accepted"
    UNKNOWN_TYPE = "line of a type that was not requested, ignored"
    UNTYPED = "line without a type, ignored"
    REPEATED_TYPE = "second line of a type, spans merged with the first"
    SILENT = "empty answer, read as no entities"


class Repair(NamedTuple):
    """One repair.

    Args:
        offset: Offset in the answer, in code points.
        kind: Kind of the defect.
        text: Part of the answer that is concerned; for `RepairKind.MISSING`, text of the source.
    """

    offset: int
    kind: RepairKind
    text: str
