"""Formats numbers, counts and tables as plain text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rich.cells import cell_len

from vaner.formats.losses import DANGLING

_TIED = "relation or attribute"
_CONTROL = {code: 0x2400 + code for code in range(32)} | {127: 0x2421}
_CONTROL |= dict.fromkeys(
    (*range(128, 160), *range(0xD800, 0xE000), *range(0x202A, 0x202F), *range(0x2066, 0x206A)),
    0xFFFD,
)


def printable(text: str) -> str:
    r"""Return text with symbols in place of control characters, which a terminal would execute.

    >>> printable("a\x1b[2Jb")
    'a␛[2Jb'
    """
    return text.translate(_CONTROL)


def format_count(number: int, thing: str) -> str:
    """Return a number with its noun.

    >>> format_count(1, "document"), format_count(2_000, "document")
    ('1 document', '2,000 documents')
    """
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def format_counts(counts: Mapping[str, int]) -> str:
    """Return counts as ``A 3, B 1``, largest first."""
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{name} {number:,}" for name, number in ranked)


def describe_losses(format: str, lost: Mapping[str, int]) -> str:
    """Return one line that lists what was not written, most frequent first.

    Relations and attributes of mentions that were removed are not a matter of the format.

    >>> describe_losses("conll", {"overlapping mention": 2})
    'conll cannot hold everything, jsonl can: overlapping mention (2)'
    >>> describe_losses("jsonl", {DANGLING: 1})
    'left out with mentions that were removed or replaced: relation or attribute (1)'
    """
    of_format = {reason: number for reason, number in lost.items() if reason != DANGLING}
    ranked = sorted(of_format.items(), key=lambda item: (-item[1], item[0]))
    reasons = "; ".join(f"{reason} ({number:,})" for reason, number in ranked)
    other = "" if format == "jsonl" else ", jsonl can"
    parts = [f"{format} cannot hold everything{other}: {reasons}"] if reasons else []
    if number := lost.get(DANGLING):
        parts.append(f"left out with mentions that were removed or replaced: {_TIED} ({number:,})")
    return "; ".join(parts)


def align_columns(rows: Iterable[Iterable[object]], *, right: Iterable[int] = ()) -> str:
    """Return rows of cells as text in columns, aligned by their width on the screen.

    Control characters are escaped.

    Args:
        rows: the rows.
        right: indices of the columns that are aligned to the right.

    >>> print(align_columns([("a", 1), ("bc", 22)], right=[1]))
    a    1
    bc  22
    """
    table = [[printable(str(cell)) for cell in row] for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(*table, strict=True)]
    flush_right = set(right)
    lines = []
    for row in table:
        cells = []
        for i, (cell, width) in enumerate(zip(row, widths, strict=True)):
            space = " " * (width - cell_len(cell))
            cells.append(space + cell if i in flush_right else cell + space)
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)
