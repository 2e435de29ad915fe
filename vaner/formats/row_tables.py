"""Tables with rows that are made of documents, as text, Excel and Parquet."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from vaner.errors import VanerError
from vaner.formats.losses import Losses, replace_surrogates
from vaner.text.documents import Document
from vaner.utils.atomic_write import atomic_write
from vaner.utils.distribution import describe_install

SCORE_DIGITS = 4
_SEPARATOR = ";"
_MAX_ROWS = 1_048_576
_MAX_CELL = 32_767
_BATCH_SIZE = 10_000
TRUNCATED = "text of a cell shortened to the limit of Excel"

Row = tuple[Any, ...]


class RowTable(NamedTuple):
    """A kind of table.

    Args:
        name: name of the table, for a sheet of Excel.
        columns: name -> type of the cells: ``str``, ``int``, ``float`` or ``tuple``, a list of
            texts. A cell may be None.
        list_rows: returns the rows of a document, and counts what the table cannot hold.
        fit: returns the table to write, with the further columns of the first document. Default:
            this table.
    """

    name: str
    columns: dict[str, type]
    list_rows: Callable[[Document, Losses], Iterable[Row]]
    fit: Callable[[Document], RowTable] | None = None

    def _fit(self, documents: Iterable[Document]) -> tuple[RowTable, Iterator[Document]]:
        """Return the table to write, and the documents."""
        stream = iter(documents)
        first = next(stream, None)
        if self.fit is None or first is None:
            return self, chain([] if first is None else [first], stream)
        return self.fit(first), chain([first], stream)

    def render(
        self, documents: Iterable[Document], losses: Losses, delimiter: str
    ) -> Iterator[str]:
        """Yield the table as text: the names of the columns, and the rows of each document."""
        table, documents = self._fit(documents)
        yield _join([_write_cells(tuple(table.columns), losses)], delimiter)
        for document in documents:
            rows = [_write_cells(row, losses) for row in table.list_rows(document, losses)]
            yield _join(rows, delimiter)

    def render_csv(self, documents: Iterable[Document], losses: Losses) -> Iterator[str]:
        """Yield the table with commas."""
        return self.render(documents, losses, ",")

    def render_tsv(self, documents: Iterable[Document], losses: Losses) -> Iterator[str]:
        """Yield the table with tabs."""
        return self.render(documents, losses, "\t")

    def write_xlsx(
        self, documents: Iterable[Document], path: Path, losses: Losses
    ) -> Iterator[Document]:
        """Write an Excel table, and yield each document when its rows are added.

        Args:
            documents: the documents.
            path: the file. It is complete or as it was before.
            losses: counts what the table cannot hold.

        Raises:
            VanerError: if openpyxl is not installed, or if there are more rows than Excel allows.
            OSError: if the file cannot be written, before the first document is read or at the end.
        """
        try:
            from openpyxl import Workbook
            from openpyxl.cell import WriteOnlyCell
        except ImportError:
            install = describe_install("excel")
            raise VanerError(f"{path}: to write an Excel table: {install}") from None
        book = Workbook(write_only=True)
        sheet = book.create_sheet(self.name)
        sheet.freeze_panes = "A2"
        count = 1

        def make_cell(value: Any) -> Any:
            if isinstance(value, tuple):
                value = _SEPARATOR.join(value)
            cell = WriteOnlyCell(sheet, _clean(value, losses) if isinstance(value, str) else value)
            if isinstance(value, str):
                cell.data_type = "s"  # a text that begins with = is not a formula
            return cell

        with atomic_write(path) as temporary, temporary.open("wb") as file:
            try:
                table, documents = self._fit(documents)
                sheet.append([make_cell(name) for name in table.columns])
                for document in documents:
                    for row in table.list_rows(document, losses):
                        count += 1
                        if count > _MAX_ROWS:
                            limit = f"more than {_MAX_ROWS:,} rows, the limit of Excel"
                            raise VanerError(f"{path}: {limit}; use csv")
                        sheet.append([make_cell(value) for value in row])
                    yield document
                content = io.BytesIO()
                book.save(content)
                file.write(content.getbuffer())
            finally:
                if not sheet.closed:
                    with suppress(Exception):
                        sheet.close()  # otherwise, openpyxl prints errors later

    def write_parquet(
        self, documents: Iterable[Document], path: Path, losses: Losses
    ) -> Iterator[Document]:
        """Write a Parquet table, and yield each document when its rows are added.

        Args:
            documents: the documents.
            path: the file. It is complete or as it was before.
            losses: counts what the table cannot hold.

        Raises:
            OSError: if the file cannot be written.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        types = {
            str: pa.string(), int: pa.int64(), float: pa.float64(), tuple: pa.list_(pa.string())
        }  # fmt: skip
        schema = pa.schema({name: types[type] for name, type in self.columns.items()})
        rows: list[dict[str, Any]] = []
        with (
            atomic_write(path) as temporary,
            pq.ParquetWriter(temporary, schema, compression="zstd") as table,
        ):
            for document in documents:
                for row in self.list_rows(document, losses):
                    cells = (_replace_surrogates(cell, losses) for cell in row)
                    rows.append(dict(zip(self.columns, cells, strict=True)))
                if len(rows) >= _BATCH_SIZE:
                    table.write_table(pa.Table.from_pylist(rows, schema))
                    rows.clear()
                yield document
            table.write_table(pa.Table.from_pylist(rows, schema))


def round_score(score: float | None) -> float | None:
    """Return a score with the digits that tables have."""
    return None if score is None else round(score, SCORE_DIGITS)


def _write_cells(row: Row, losses: Losses) -> list[str]:
    """Return the cells of a row as text."""
    return [replace_surrogates(_write_cell(value), losses) for value in row]


def _write_cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.{SCORE_DIGITS}f}"
    if isinstance(value, tuple):
        return _SEPARATOR.join(value)
    return "" if value is None else str(value)


def _replace_surrogates(value: Any, losses: Losses) -> Any:
    if isinstance(value, tuple):
        return [replace_surrogates(text, losses) for text in value]
    return replace_surrogates(value, losses) if isinstance(value, str) else value


def _join(rows: Iterable[Sequence[str]], delimiter: str) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _clean(text: str, losses: Losses) -> str:
    """Return text that a cell can hold: no control characters, and not too long."""
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    text = ILLEGAL_CHARACTERS_RE.sub("\ufffd", replace_surrogates(text, losses))
    losses[TRUNCATED] += len(text) > _MAX_CELL
    return text[:_MAX_CELL]
