"""Tables of all formats for the documentation, generated from `FORMATS`.

``python -m vaner.formats.tables README.md docs/formats.md`` updates the tables in these files. A
table is between the lines ``<!-- formats:begin -->`` and ``<!-- formats:end -->``.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from dataclasses import astuple
from pathlib import Path

from vaner.formats.declaration import Format, Support
from vaner.formats.registry import FORMATS

_HEADER = (
    "name", "description", "suffixes", "read", "write", "nested, crossing", "discontinuous",
    "scores", "identifiers", "relations, notes", "document ids", "white space",
    "candidates", "context", "not read",
)  # fmt: skip
_BLOCK = re.compile(r"(<!-- formats:begin -->\n).*?(<!-- formats:end -->)", re.S)


def make_table() -> str:
    """Return a Markdown table of all formats: what each is, and what it can hold."""
    rows = [_HEADER, ("---",) * len(_HEADER), *map(_make_row, FORMATS.values())]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _make_row(format: Format) -> tuple[str, ...]:
    names = ", ".join(f"`{name}`" for name in (format.name, *format.aliases))
    suffixes = " ".join(f"`{suffix}`" for suffix in format.suffixes)
    if format.holds is None:
        capabilities = ["no mentions", *[""] * (len(_HEADER) - 7)]
    else:
        capabilities = [_write_support(value) for value in astuple(format.holds)]
    is_writable = _write_support(format.is_writable)
    return (names, format.description, suffixes, "yes", is_writable, *capabilities, format.unread)


def _write_support(value: Support) -> str:
    return value if isinstance(value, str) else "yes" if value else "no"


def update_table(markdown: str) -> str:
    """Return a Markdown page with its table of formats replaced by the current one."""
    return _BLOCK.sub(lambda match: f"{match[1]}{make_table()}{match[2]}", markdown)


def main(paths: Iterable[str]) -> None:
    """Update the table in each file."""
    for path in map(Path, paths):
        path.write_text(update_table(path.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
