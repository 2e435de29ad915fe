"""What the readers share: rows with their line, and concepts whose errors name it."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from vaner.errors import KnowledgeError
from vaner.formats.source import InputFile, MalformedError, read_lines
from vaner.knowledge.concepts import Concept
from vaner.knowledge.sources.name_cleanup import clean

T = TypeVar("T")


def concept(
    identifier: str, names: Iterable[str], type: str, source: str, line: int | None = None
) -> Concept:
    """A concept with clean names, the first of which is preferred.

    Raises:
        MalformedError: where there is no name or the identifier is no CURIE.
    """
    found = clean(names)
    if not found:
        raise MalformedError(f"{identifier or 'a concept'} has no name", line)
    try:
        return Concept(identifier, found[0], type, tuple(found[1:]), source)
    except KnowledgeError as problem:
        raise MalformedError(str(problem), line) from None


def each(
    place: InputFile, rows: Iterable[tuple[int, T]], convert: Callable[[T], Iterable[Concept]]
) -> Iterator[Concept]:
    """The concepts of each row; a row that breaks the format is reported with its line."""
    for line, row in rows:
        with place.guard(line):
            yield from convert(row)


def separated(place: InputFile, delimiter: str = "\t") -> Iterator[tuple[int, list[str]]]:
    """Rows of a table without quoting, with their lines; empty lines are left out."""
    for number, line in read_lines(place):
        if line:
            yield number, line.split(delimiter)


def quoted(place: InputFile, delimiter: str = ",") -> Iterator[tuple[int, list[str]]]:
    """Rows of a table in which a field may stand in double quotes (RFC 4180)."""
    lines = (line + "\n" for _, line in read_lines(place))
    reader, last = csv.reader(lines, delimiter=delimiter, strict=True), 0
    while True:
        try:
            row = next(reader, None)
        except csv.Error as problem:
            last = reader.line_num
            place.report(f"broken quoting: {problem}", last)
            continue
        if row is None:
            return
        first, last = last + 1, reader.line_num
        if row:
            yield first, row


def columns(place: InputFile, line: int, header: Sequence[str], wanted: Sequence[str]) -> list[int]:
    """Positions of the wanted columns in a header.

    Raises:
        FormatError: naming those that are missing.
    """
    missing = [name for name in wanted if name not in header]
    if missing:
        raise place.error(f"no column {', '.join(missing)}; there are {', '.join(header)}", line)
    return [header.index(name) for name in wanted]


def fields(row: Sequence[str], number: int) -> Sequence[str]:
    """The row itself.

    Raises:
        MalformedError: where it has fewer fields than the header has columns.
    """
    if len(row) < number:
        raise MalformedError(f"{len(row)} columns where there should be {number}")
    return row


def beside(place: InputFile, name: str) -> Path:
    """A file of this name, plain or gzipped, in the folder of another.

    Raises:
        FormatError: where there is none.
    """
    for each_name in (name, f"{name}.gz"):
        path = place.path.with_name(each_name)
        if path.is_file():
            return path
    raise place.error(f"{name} must lie beside it")
