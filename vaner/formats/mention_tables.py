"""Tables that have a mention per row, and not its document."""

from __future__ import annotations

import csv
from collections.abc import Sequence

from vaner.formats.csv_rows import allow_long_cells, find_delimiter

_MAX_LENGTH = 100
_CHECKED_LINES = 20


def are_mentions(rows: Sequence[Sequence[str]]) -> bool:
    """Return whether each of several rows has two offsets and a text of the length between them.

    Both are in the same columns of all rows. The end may include the last character.

    >>> are_mentions([["7", "0", "4", "Gout"], ["7", "9", "12", "flu"]])
    True
    >>> are_mentions([["7", "0", "4", "Gout"], ["7", "9", "12", "influenza"]])
    False
    """
    width = min(map(len, rows), default=0)
    return len(rows) > 1 and any(
        all(_is_mention(row[first], row[first + 1], row[text]) for row in rows)
        for first in range(width - 1)
        for text in {*range(width)} - {first, first + 1}
    )


def are_lines_of_mentions(head: str) -> bool:
    r"""Return whether the lines at the beginning of a file are such rows, perhaps after a header.

    >>> are_lines_of_mentions("7\t0\t4\tGout\n7\t9\t12\tflu\n")
    True
    """
    lines = [line for line in head.split("\n")[:_CHECKED_LINES] if line.strip()]
    if len(lines) < 2:
        return False
    allow_long_cells()
    try:
        rows = list(csv.reader(lines, delimiter=find_delimiter(lines[0])))
    except csv.Error:  # at a carriage return that is not in quotation marks
        return False
    return are_mentions(rows) or are_mentions(rows[1:])


def _is_mention(start: str, end: str, text: str) -> bool:
    if not (_is_offset(start) and _is_offset(end)) or len(text) > _MAX_LENGTH:
        return False
    is_named = any(character.isalpha() for character in text)
    return is_named and len(text) - (int(end) - int(start)) in (0, 1)


def _is_offset(cell: str) -> bool:
    return cell.isascii() and cell.isdecimal() and len(cell) < 10
