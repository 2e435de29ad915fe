"""Mentions as rows of a table: one for each, for spreadsheets, statistics and data frames.

A table of mentions has no texts, so it can be written, but not read as documents.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from vaner.errors import VanerError
from vaner.formats.losses import FRAGMENTS, Losses, replace_surrogates
from vaner.text.documents import Document
from vaner.utils.distribution import describe_install

_SEPARATOR = ";"
_SCORE_DIGITS = 4
_MAX_ROWS = 1_048_576
_MAX_CELL = 32_767
TRUNCATED = "text of a cell shortened to the limit of Excel"


class MentionRow(NamedTuple):
    """A mention of a document; the fields are the columns of the table."""

    document: str
    start: int
    end: int
    type: str
    text: str
    score: float | None
    identifiers: tuple[str, ...]


def list_rows(document: Document, losses: Losses) -> Iterator[MentionRow]:
    """Yield the mentions of a document, in the order of the text.

    Args:
        document: the document.
        losses: counts discontinuous mentions, whose gaps have no column.

    >>> from vaner.text.documents import Span
    >>> document = Document("7", "Gout hurts.", (Span(0, 4, "Disease", 0.75),))
    >>> [tuple(row) for row in list_rows(document, Losses())]
    [('7', 0, 4, 'Disease', 'Gout', 0.75, ())]
    """
    for span in sorted(document.spans, key=lambda span: (span.start, -span.end, span.type)):
        losses[FRAGMENTS] += span.is_discontinuous
        text = " ".join(document.text[start:end] for start, end in span.pieces)
        score = None if span.score is None else round(span.score, _SCORE_DIGITS)
        yield MentionRow(
            document.id, span.start, span.end, span.type, text, score, span.identifiers
        )


def render_csv(documents: Iterable[Document], losses: Losses) -> Iterator[str]:
    """Yield a table with commas: the names of the columns, and the rows of each document."""
    return _render(documents, losses, ",")


def render_tsv(documents: Iterable[Document], losses: Losses) -> Iterator[str]:
    """Yield a table with tabs: the names of the columns, and the rows of each document."""
    return _render(documents, losses, "\t")


def _render(documents: Iterable[Document], losses: Losses, delimiter: str) -> Iterator[str]:
    yield _join([MentionRow._fields], delimiter)
    for document in documents:
        rows = [_write_cells(row) for row in list_rows(document, losses)]
        yield _join([[replace_surrogates(cell, losses) for cell in row] for row in rows], delimiter)


def _write_cells(row: MentionRow) -> list[str]:
    """Return the cells of a row as text."""
    score = "" if row.score is None else f"{row.score:.{_SCORE_DIGITS}f}"
    return [*map(str, row[:-2]), score, _SEPARATOR.join(row.identifiers)]


def _join(rows: Iterable[Sequence[str]], delimiter: str) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return text.getvalue()


def write_xlsx(documents: Iterable[Document], path: Path, losses: Losses) -> Iterator[Document]:
    """Write the mentions as an Excel table, and yield each document when its rows are added.

    Args:
        documents: the documents.
        path: the file, which is written at the end.
        losses: counts what the table cannot hold.

    Raises:
        VanerError: if openpyxl is not installed, or if there are more rows than Excel allows.
    """
    try:
        from openpyxl import Workbook
        from openpyxl.cell import WriteOnlyCell
    except ImportError:
        raise VanerError(f"{path}: to write an Excel table: {describe_install('excel')}") from None
    book = Workbook(write_only=True)
    sheet = book.create_sheet("mentions")
    sheet.freeze_panes = "A2"
    sheet.append(MentionRow._fields)
    count = 1

    def make_cell(value: Any) -> Any:
        if isinstance(value, tuple):
            value = _SEPARATOR.join(value)
        cell = WriteOnlyCell(sheet, _clean(value, losses) if isinstance(value, str) else value)
        if isinstance(value, str):
            cell.data_type = "s"  # a text that begins with = is no formula
        return cell

    for document in documents:
        for row in list_rows(document, losses):
            count += 1
            if count > _MAX_ROWS:
                raise VanerError(
                    f"{path}: more than {_MAX_ROWS:,} rows, the limit of Excel; use csv"
                )
            sheet.append([make_cell(value) for value in row])
        yield document
    book.save(path)


def _clean(text: str, losses: Losses) -> str:
    """Return text that a cell can hold: no control characters, and not too long."""
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    text = ILLEGAL_CHARACTERS_RE.sub("\ufffd", replace_surrogates(text, losses))
    losses[TRUNCATED] += len(text) > _MAX_CELL
    return text[:_MAX_CELL]
