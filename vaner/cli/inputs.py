"""What a command is given to read: files, folders, standard input; and their bad records."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from vaner.cli.messages import print_message
from vaner.display.text import counted
from vaner.errors import FormatError, VanerError
from vaner.formats import FORMATS, has_known_suffix, read
from vaner.formats.brat import ANNOTATION_SUFFIXES
from vaner.formats.source import STDIN
from vaner.text.documents import Document

_SHOWN = 5


class Skipped:
    """Counts bad records that are left out, and shows the first few."""

    def __init__(self) -> None:
        self.number = 0

    def __call__(self, problem: FormatError) -> None:
        self.number += 1
        if self.number <= _SHOWN:
            print_message(f"warning: skipped: {' '.join(str(problem).split())}")

    def conclude(self) -> None:
        """Say how many there were."""
        if self.number:
            print_message(f"warning: {counted(self.number, 'bad record')} left out")


def expand(paths: Sequence[str], format: str | None) -> list[str]:
    """Files to read: a folder stands for what is in it, a brat folder for itself.

    Raises:
        VanerError: for what is not there, and for a folder with nothing to read.
    """
    found: list[str] = []
    for name in paths:
        if not name:  # an unset variable of the shell, and not the folder one is in
            raise VanerError("a file without a name was given")
        path = Path(name)
        if name == STDIN or path.is_file() or path.is_fifo() or path.is_char_device():
            found.append(name)
        elif path.is_dir():
            found += _inside(path, format)
        else:
            raise VanerError(f"{name}: there is no such file or folder")
    return found


def _inside(folder: Path, format: str | None) -> list[str]:
    try:
        files = sorted(file for file in folder.iterdir() if file.is_file())
    except OSError as problem:
        raise VanerError(f"{folder}: cannot be read: {problem.strerror}") from None
    if format == "brat" or (
        format is None and any(file.suffix in ANNOTATION_SUFFIXES for file in files)
    ):
        return [str(folder)]
    if named := [str(file) for file in files if has_known_suffix(file)]:
        return named
    inner = sorted(f for f in folder.iterdir() if f.is_dir()) if not files else []
    if inner:
        raise VanerError(f"{folder}: only folders here; name one of them, such as {inner[0]}")
    known = sorted({suffix for f in FORMATS.values() for suffix in f.suffixes})
    raise VanerError(f"{folder}: no file here ends in one of {', '.join(known)}")


def documents(
    paths: Sequence[str], format: str | None, encoding: str, skipped: Skipped | None
) -> Iterator[Document]:
    """Documents of all files in order, as a stream; where there is no text at all, that is told.

    With `skipped`, a file that cannot be read on counts as one bad record, and the next file is
    read. An empty file is no error, alone or among others: a loop over notes must not stop at one.
    But what should have made some text may have failed, or another file was meant.

    Raises:
        FormatError: for a bad record, without `skipped`.
    """
    empty = True
    for path in paths:
        for document in _documents(path, format, encoding, skipped):
            empty = empty and not document.text.strip()
            yield document
    if empty and not (skipped and skipped.number):
        names = ["standard input" if path == STDIN else path for path in paths]
        where = names[0] if len(names) == 1 else f"any of the {len(names):,} files"
        print_message(f"warning: there is no text in {where}")


def _documents(
    path: str, format: str | None, encoding: str, skipped: Skipped | None
) -> Iterator[Document]:
    chosen = format or ("text" if path == STDIN else None)
    if path == STDIN and sys.stdin.isatty():
        print_message("reading from the terminal; Ctrl-D ends the text")
    try:
        yield from read(path, chosen, encoding=encoding, on_error=skipped)
    except FormatError as problem:
        if skipped is None:
            raise
        skipped(problem)
