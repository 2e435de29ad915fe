"""Plain text: a file is a document, or every line of it is one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from vaner.documents import Document
from vaner.formats.source import OnError, Place, read_lines, read_text


def read(
    path: str | Path, *, encoding: str = "utf-8", on_error: OnError | None = None
) -> Iterator[Document]:
    """One document a file, named after it; of a folder every ``.txt`` file in order of name."""
    place = Place(path, on_error)
    if not place.path.is_dir():
        yield Document(place.stem, read_text(place, encoding))
        return
    for file in sorted(place.path.glob("*.txt")):
        yield from read(file, encoding=encoding, on_error=on_error)


def read_each_line(
    path: str | Path, *, encoding: str = "utf-8", on_error: OnError | None = None
) -> Iterator[Document]:
    """One document a line, named after the file and the number of the line; blank lines are left.

    Made for standard input: a document is handed on as soon as its line has ended.
    """
    place = Place(path, on_error)
    for number, line in read_lines(place, encoding):
        if line.strip():
            yield Document(f"{place.stem}-{number}", line)
