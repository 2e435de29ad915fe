"""What all readers share: opening a file, reading rows, checking columns, and making concepts."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from vaner.errors import KnowledgeError
from vaner.formats.source import InputFile, MalformedError, OnError, read_lines
from vaner.knowledge.concepts import Concept
from vaner.knowledge.sources.name_cleanup import clean

T = TypeVar("T")
Rows = Iterator[tuple[int, list[str]]]
"""Pairs of a line number and the fields of that line."""


class SourceFile(InputFile):
    """A vocabulary file, read line by line or row by row, whose errors name the line.

    Args:
        path: the file, plain or gzipped.
        source: name of the source, stored in every concept.
        on_error: called with the error of each invalid record, which is then skipped; if None,
            the error is raised.
    """

    ENCODING_ADVICE = "save it in UTF-8"

    def __init__(self, path: str | Path, source: str = "", on_error: OnError | None = None) -> None:
        super().__init__(path, on_error)
        self.source = source

    def open_companion(self, name: str) -> SourceFile:
        """Open another file in the same folder, plain or gzipped.

        Raises:
            FormatError: if it does not exist.
        """
        for candidate in (name, f"{name}.gz"):
            path = self.path.with_name(candidate)
            if path.is_file():
                return SourceFile(path, self.source, self.on_error)
        raise self.error(f"{name} must be in the same folder")

    def read_lines(self) -> Iterator[tuple[int, str]]:
        """Yield the lines that are not empty, with their numbers."""
        return ((number, line) for number, line in read_lines(self) if line.strip())

    def parse_lines(self, parse: Callable[[str], T]) -> Iterator[tuple[int, T]]:
        """Parse the lines that are not empty.

        Args:
            parse: called with each line. A line for which it raises a MalformedError is reported
                and skipped.

        Yields:
            Line number and result.
        """
        for number, line in read_lines(self):
            if line:
                with self.guard(number):
                    yield number, parse(line)

    def read_rows(self, delimiter: str = "\t") -> Rows:
        """Yield the rows of a table without quoting."""
        return ((number, line.split(delimiter)) for number, line in read_lines(self) if line)

    def read_quoted_rows(self, delimiter: str = ",") -> Rows:
        """Yield the rows of a table whose fields may be in double quotes (RFC 4180)."""
        lines = (f"{line}\n" for _, line in read_lines(self))
        reader, last = csv.reader(lines, delimiter=delimiter, strict=True), 0
        while True:
            try:
                row = next(reader, None)
            except csv.Error as error:
                last = reader.line_num
                self.report(f"broken quoting: {error}", last)
                continue
            if row is None:
                return
            first, last = last + 1, reader.line_num
            if row:
                yield first, row

    def read_table(
        self, columns: Sequence[str], rows: Rows, header: tuple[int, list[str]] | None = None
    ) -> Iterator[tuple[int, Mapping[str, str]]]:
        """Select columns of a table by their names.

        Args:
            columns: required columns.
            rows: the rows of the table.
            header: line and names of the columns; the first of `rows` if None. A leading ``#`` or
                ``?`` of a name is ignored.

        Yields:
            Line number, and column -> field. Rows that are too short are reported and skipped.

        Raises:
            FormatError: if a column is missing.
        """
        line, names = header or next(rows, (1, [""]))
        names = [name.lstrip("#?") for name in names]
        if missing := [column for column in columns if column not in names]:
            raise self.error(
                f"missing column {', '.join(missing)}; columns: {', '.join(names) or 'none'}", line
            )
        positions = [names.index(column) for column in columns]
        width = max(positions) + 1
        for number, row in rows:
            if len(row) < width:
                self.report(f"expected {width} columns, got {len(row)}", number)
                continue
            yield number, dict(zip(columns, (row[i] for i in positions), strict=True))

    def make_concept(self, identifier: str, names: Iterable[str], type: str) -> Concept:
        """Make a concept of this source with clean names, of which the first one is preferred.

        Raises:
            MalformedError: if there is no name, or the identifier is not a CURIE.
        """
        cleaned = clean(names)
        if not cleaned:
            raise MalformedError(f"{identifier or 'a concept'} has no name")
        try:
            return Concept(identifier, cleaned[0], type.strip(), tuple(cleaned[1:]), self.source)
        except KnowledgeError as error:
            raise MalformedError(str(error)) from None

    def make_concepts(
        self, records: Iterable[tuple[int, T]], convert: Callable[[T], Iterable[Concept]]
    ) -> Iterator[Concept]:
        """Convert records to concepts.

        Args:
            records: line number and record.
            convert: returns the concepts of a record. A record for which it raises a
                MalformedError is reported with its line and skipped.
        """
        for line, record in records:
            with self.guard(line):
                yield from convert(record)


def split_values(row: Mapping[str, str], columns: Iterable[str]) -> list[str]:
    """Return all values in several columns, in which bars separate the values."""
    return [value for column in columns for value in row[column].split("|")]
