"""Plain text: a file is a document, or every line of it is one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from vaner.formats.source import InputFile, OnError, read_nonempty_lines, read_text
from vaner.formats.spans import Losses, replace_line_breaks, replace_surrogates
from vaner.text.documents import Document

MENTION = "mention has no place in plain text"
BORDER = "border between documents written as an empty line"
BLANK = "blank document has no line"


def read(
    path: str | Path, *, encoding: str = "utf-8", on_error: OnError | None = None
) -> Iterator[Document]:
    """One document a file, named after it; of a folder every ``.txt`` file in order of name."""
    place = InputFile(path, on_error)
    if not place.is_folder:
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
    place = InputFile(path, on_error)
    for number, line in read_nonempty_lines(place, encoding):
        yield Document(f"{place.stem}-{number}", line)


def render(documents: Iterable[Document], lost: Losses) -> Iterator[str]:
    """The bare text; of several documents one after another, which no reader can take apart."""
    for number, document in enumerate(documents):
        lost[MENTION] += len(document.spans)
        lost[BORDER] += number > 0
        yield "\n\n" * (number > 0) + replace_surrogates(document.text, lost)


def render_each_line(documents: Iterable[Document], lost: Losses) -> Iterator[str]:
    """The bare text of each document on a line of its own."""
    for document in documents:
        lost[MENTION] += len(document.spans)
        lost[BLANK] += not document.text.strip()
        yield replace_line_breaks(document.text, lost) + "\n"
