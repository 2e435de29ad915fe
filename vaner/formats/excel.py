"""Excel tables whose first row names the columns: a document per row. It needs `openpyxl`.

The columns of title, text and id are found as in CSV. The first sheet is read.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from vaner.formats.csv_table import read_rows
from vaner.formats.skipped_records import SkipCounts, warn_skipped_records
from vaner.formats.source import InputFile, OnError, read_bytes
from vaner.text.documents import Document
from vaner.utils.distribution import describe_install

OTHER_SHEETS = "sheet after the first"


def read(
    path: str | Path,
    *,
    encoding: str = "utf-8",
    on_error: OnError | None = None,
    text_column: str | None = None,
    id_column: str | None = None,
) -> Iterator[Document]:
    """Read each row as a document. A row without an id is named after the file and its number.

    Args:
        path: the file.
        encoding: ignored, the text of a table is UTF-8.
        on_error: see `vaner.formats.read`.
        text_column, id_column: see `vaner.formats.csv_table.read`.

    Raises:
        FormatError: if `openpyxl` is missing, or the file is broken.

    Warns:
        FormatWarning: about further sheets, which are not read.
    """
    file, skipped = InputFile(path, on_error), SkipCounts()
    try:
        from openpyxl import load_workbook
    except ImportError:
        message = "looks like an Excel table; to read it: " + describe_install("excel")
        raise file.error(message) from None
    rows = list[list[str]]()
    try:
        book = load_workbook(io.BytesIO(read_bytes(file)), read_only=True, data_only=True)
        sheets = book.worksheets
        for row in sheets[0].values:
            rows.append([_write_value(value) for value in row])
    except Exception as error:  # openpyxl raises errors of many types for broken files
        location = f" after row {len(rows)}" if rows else ""
        reason = f"{type(error).__name__}: {error}"
        raise file.error(f"cannot be read as Excel{location}: {reason}") from None
    if others := len(sheets) - 1:
        skipped[OTHER_SHEETS] += others
    numbered = [(number, _pad(row, len(rows[0]))) for number, row in enumerate(rows, 1)]
    filled = ((number, row) for number, row in numbered if any(row))
    yield from read_rows(file, filled, text_column, id_column, skipped)
    warn_skipped_records(file, skipped)


def _pad(row: list[str], width: int) -> list[str]:
    """Return a row as wide as the header: empty cells at its end may be missing or added."""
    while len(row) > width and not row[-1]:
        row = row[:-1]
    return row + [""] * (width - len(row))


def _write_value(value: Any) -> str:
    """Return a cell as text: integers without a decimal point, dates as ISO 8601.

    >>> _write_value(123.0), _write_value(None)
    ('123', '')
    """
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.isoformat(sep=" ").removesuffix(" 00:00:00")
    return str(value)
