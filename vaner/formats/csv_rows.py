"""Rows of CSV and TSV files, whose quotation marks are doubled or have a backslash before them.

A quotation mark inside a quoted cell that is written in neither way is an error, as its row cannot
be read without a guess. But in a line with as many tabs as the header, it is a part of the text.
"""

from __future__ import annotations

import csv
import re
import sys
from collections import deque
from collections.abc import Iterator
from itertools import chain, islice

from vaner.formats.source import InputFile, MalformedError, read_chunks

_DELIMITERS = "\t,;|"
_ADVICE = 'write a quotation mark inside a quoted cell twice ("")'
_OPEN = f"the row has a quotation mark that opens a cell and does not close it; {_ADVICE}"
_AFTER_CLOSE = f"the row has text after the quotation mark that closes a cell; {_ADVICE}"
_DOUBLED = r'"((?:[^"]|"")*)"( *)'
_ESCAPED = r'"((?:[^"\\]|\\.)*)"( *)'
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED_MARK = '\\"'


def read_csv_rows(file: InputFile, encoding: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of a file, the header first, each with its first line. Skip empty rows.

    Raises:
        FormatError: for a row whose quotation marks are neither doubled nor escaped.
    """
    allow_long_cells()
    lines, start = _read_lines_with_ends(file, encoding), list[str]()
    for line in lines:
        start.append(line)
        if line.strip():
            break
    reader = _RowReader(chain(start, lines), find_delimiter("".join(start[-1:])))
    try:
        yield from reader.read()
    except MalformedError as error:
        raise file.error(str(error), reader.number) from None


def allow_long_cells() -> None:
    """Let the csv module read cells of any length; its limit is 131,072 characters."""
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))


def find_delimiter(header: str) -> str:
    """Return the delimiter of a table from the line with the names of its columns.

    >>> find_delimiter("pmid;title;abstract")
    ';'
    """
    return max(_DELIMITERS, key=header.count)


def _read_lines_with_ends(file: InputFile, encoding: str) -> Iterator[str]:
    """Yield the lines of a file with their line ends, which may be part of a quoted cell."""
    rest = ""
    for chunk in read_chunks(file, encoding):
        *lines, rest = (rest + chunk).split("\n")
        yield from (f"{line}\n" for line in lines)
    if rest:
        yield rest


class _RowReader:
    """Reads rows from lines.

    Attributes:
        number: number of the first line of the current row.
    """

    def __init__(self, lines: Iterator[str], delimiter: str) -> None:
        self.lines, self.delimiter = lines, delimiter
        self.returned = deque[str]()  # lines that were taken, and belong to a later row
        self.taken: list[str] = []  # lines of the current row
        self.number = 1
        self.width = 0
        self.doubled_line = 0  # the first row that backslashes as escapes would change
        self.escaped_line = 0  # the first row with backslashes as escapes

    def read(self) -> Iterator[tuple[int, list[str]]]:
        while True:
            self.taken = []
            cells = self._read_row()
            if not self.taken:
                return
            if any(cell.strip() for cell in cells):
                self.width = self.width or len(cells)
                yield self.number, cells
            self.number += len(self.taken)

    def _take(self) -> Iterator[str]:
        while True:
            line = self.returned.popleft() if self.returned else next(self.lines, None)
            if line is None:
                return
            self.taken.append(line)
            yield line

    def _return_lines(self) -> None:
        self.returned.extendleft(reversed(self.taken))
        self.taken = []

    def _read_row(self) -> list[str]:
        """Return the cells of the next row, read in the first way that is possible."""
        if self.escaped_line:
            return self._read_escaped()
        try:
            reader = csv.reader(self._take(), delimiter=self.delimiter, strict=True)
            cells, message = next(reader, []), ""
        except csv.Error as error:
            message = _describe(error)
            self._return_lines()
            cells = self._split(_DOUBLED) or []  # with spaces after a quoted cell
        number = len(self.taken)
        has_bad_marks = bool(message) and not cells
        if has_bad_marks or (not self._is_complete(cells) and self._has_escaped_mark()):
            self._return_lines()
            escaped = self._split(_ESCAPED)
            if escaped and self._has_escaped_mark() and self._is_complete(escaped):
                return self._begin_escapes(escaped)
            if has_bad_marks:
                if cells := self._split_at_tabs():
                    return cells
                raise MalformedError(message)
            self._return_lines()
            list(islice(self._take(), number))
        self._note_doubled(cells)
        return cells

    def _split_at_tabs(self) -> list[str]:
        """Take a line and return its cells with their quotation marks, if it has enough tabs."""
        if self.delimiter != "\t":
            return []
        self._return_lines()
        cells = next(self._take(), "").removesuffix("\n").removesuffix("\r").split("\t")
        return cells if len(cells) == self.width else []

    def _begin_escapes(self, cells: list[str]) -> list[str]:
        """Return the cells of the first row that has backslashes, if no row before it differs."""
        if self.doubled_line:
            raise MalformedError(
                f"a quotation mark has a backslash before it, unlike in line {self.doubled_line}; "
                f"{_ADVICE}, or use backslashes in all rows"
            )
        self.escaped_line = self.number
        return cells

    def _read_escaped(self) -> list[str]:
        """Return the cells of a row that has backslashes, as a row before it."""
        cells = self._split(_ESCAPED)
        if cells is None:
            raise MalformedError(
                "a quotation mark inside a quoted cell has no backslash before it, unlike in line "
                f"{self.escaped_line}; use backslashes in all rows"
            )
        return cells

    def _split(self, pattern: str) -> list[str] | None:
        """Take the lines of a row and return its cells, or None if its quotation marks are wrong.

        Args:
            pattern: the pattern of a quoted cell.
        """
        is_escaped, marks = pattern == _ESCAPED, 0
        for line in self._take():
            marks += (_ESCAPE.sub("", line) if is_escaped else line).count('"')
            if marks % 2 == 0:
                break
        row = "".join(self.taken).removesuffix("\n").removesuffix("\r")
        delimiter = re.escape(self.delimiter)
        cell = re.compile(rf'(?:{pattern}|([^"{delimiter}\r\n][^{delimiter}\r\n]*|))', re.DOTALL)
        cells, position = list[str](), 0
        while match := cell.match(row, position):
            quoted, spaces, plain = match.groups()
            if quoted is not None and is_escaped:
                quoted = _ESCAPE.sub(lambda m: m[1] if m[1] in '"\\' else m[0], quoted)
            elif quoted is not None:
                quoted = quoted.replace('""', '"')
            cells.append(plain if quoted is None else quoted + spaces)
            if match.end() == len(row):
                return cells
            if row[match.end()] != self.delimiter:
                return None
            position = match.end() + 1
        return None

    def _is_complete(self, cells: list[str]) -> bool:
        """Return whether a row is empty, the header, or has as many cells as the header."""
        return len(cells) in (0, self.width) or not self.width

    def _has_escaped_mark(self) -> bool:
        return any(_ESCAPED_MARK in line for line in self.taken)

    def _note_doubled(self, cells: list[str]) -> None:
        """Note the first row that has doubled quotation marks, or two backslashes in quotes."""
        if self.doubled_line or not any('"' in line for line in self.taken):
            return
        is_doubled = any('""' in line for line in self.taken) and any('"' in c for c in cells)
        if is_doubled or any("\\\\" in line for line in self.taken):
            self.doubled_line = self.number


def _describe(error: csv.Error) -> str:
    if "unexpected end" in str(error):
        return _OPEN
    return _AFTER_CLOSE if "expected after" in str(error) else f"is not CSV: {error}"
