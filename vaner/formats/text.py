"""Plain text: a document per file, or a document per line."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path

from vaner.formats.companions import warn_unread
from vaner.formats.file_names import is_readme
from vaner.formats.losses import Losses, replace_line_breaks, replace_surrogates
from vaner.formats.signatures import describe_tags
from vaner.formats.source import FormatWarning, InputFile, OnError, read_nonempty_lines, read_text
from vaner.text.documents import Document

MENTION = "mention has no place in plain text"
BORDER = "border between documents written as an empty line"
BLANK = "blank document has no line"


def read(
    path: str | Path, *, encoding: str = "utf-8", on_error: OnError | None = None
) -> Iterator[Document]:
    """Read a file as one document, named after the file; in a folder, each ``.txt`` file by name.

    Args:
        path: file or folder.
        encoding: encoding of the file.
        on_error: see `vaner.formats.read`.
    """
    file = InputFile(path, on_error)
    if not file.is_folder:
        text = read_text(file, encoding)
        if message := describe_tags(text):
            warnings.warn(f"{file.name}: {message}", FormatWarning, stacklevel=2)
        yield Document(file.stem, text)
        return
    paths = (path for path in file.path.iterdir() if path.suffix.lower() == ".txt")
    for text_path in sorted(path for path in paths if not is_readme(path)):
        yield from read(text_path, encoding=encoding, on_error=on_error)
    warn_unread(file, (".txt",))


def read_each_line(
    path: str | Path, *, encoding: str = "utf-8", on_error: OnError | None = None
) -> Iterator[Document]:
    """Read each line as a document, named after the file and the line number. Skip blank lines.

    On standard input, a document is yielded as soon as its line is complete.

    Args:
        path: the file.
        encoding: encoding of the file.
        on_error: see `vaner.formats.read`.
    """
    file = InputFile(path, on_error)
    for number, line in read_nonempty_lines(file, encoding):
        yield Document(f"{file.stem}-{number}", line)


def render(documents: Iterable[Document], losses: Losses) -> Iterator[str]:
    """Yield the texts, with an empty line between documents. No reader can separate them again."""
    for number, document in enumerate(documents):
        losses[MENTION] += len(document.spans)
        losses[BORDER] += number > 0
        yield "\n\n" * (number > 0) + replace_surrogates(document.text, losses)


def render_each_line(documents: Iterable[Document], losses: Losses) -> Iterator[str]:
    """Yield the text of each document on a line."""
    for document in documents:
        losses[MENTION] += len(document.spans)
        losses[BLANK] += not document.text.strip()
        yield replace_line_breaks(document.text, losses) + "\n"
