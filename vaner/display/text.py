"""Numbers and rows as plain text for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rich.cells import cell_len


def counted(number: int, thing: str) -> str:
    """A number and its noun.

    >>> counted(1, "document"), counted(2_000, "document")
    ('1 document', '2,000 documents')
    """
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def listed(counts: Mapping[str, int]) -> str:
    """Counts as ``A 3, B 1``, largest first."""
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{name} {number:,}" for name, number in ranked)


def losses(format: str, lost: Mapping[str, int]) -> str:
    """One line that tells what a format could not hold, most frequent first.

    >>> losses("conll", {"overlapping mention left out, the longest is written": 2})
    'conll cannot hold everything, jsonl can: overlapping mention left out, the longest is written (2)'
    """
    ranked = sorted(lost.items(), key=lambda item: (-item[1], item[0]))
    told = "; ".join(f"{reason} ({number:,})" for reason, number in ranked)
    other = "" if format == "jsonl" else ", jsonl can"
    return f"{format} cannot hold everything{other}: {told}"


def aligned(rows: Iterable[Iterable[object]], *, right: Iterable[int] = ()) -> str:
    """Rows of cells in columns, by their width on the screen.

    >>> print(aligned([("a", 1), ("bc", 22)], right=[1]))
    a    1
    bc  22
    """
    table = [[str(cell) for cell in row] for row in rows]
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
