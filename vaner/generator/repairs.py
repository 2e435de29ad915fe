"""What a decoder had to put right in an answer: kind, place and what it was."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class RepairKind(StrEnum):
    """What is not as it should be, and what was made of it.

    The first six concern the brackets, the next four the text between them, the last five the
    lines of an answer of several types.
    """

    UNOPENED = "closing bracket without an opening one, left out"
    UNCLOSED = "opening bracket without a closing one, left out"
    EMPTY = "brackets round nothing but white space, left out"
    LOST = "brackets round words that the source does not hold there, left out"
    TRIMMED = "white space inside the brackets, left out of the span"
    DUPLICATE = "brackets round the same words once more, taken as one span"

    UNESCAPED = "bracket, backslash or line break of the source without its backslash, understood"
    CHANGED = "text of the source is written otherwise, aligned"
    MISSING = "text of the source is missing, aligned"
    ADDED = "text that the source does not have, passed over"

    HEADING = "type or what parts it from the sentence is spelt otherwise, understood"
    UNKNOWN_TYPE = "line of a type that was not asked for, left out"
    UNTYPED = "line that names no type, left out"
    REPEATED_TYPE = "second line of a type, its spans added to those of the first"
    SILENT = "nothing was answered, taken as no entity"


class Repair(NamedTuple):
    """One thing that was put right.

    Args:
        at: where in the answer, in code points.
        kind: what it was.
        what: the piece of the answer it concerns; of `Kind.MISSING` the text of the source.
    """

    at: int
    kind: RepairKind
    what: str
