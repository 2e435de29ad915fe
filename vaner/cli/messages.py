"""Messages to the user, on standard error: standard output is for results."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vaner.display.text import printable
from vaner.errors import VanerError


def print_message(message: str) -> None:
    """Print one line for the user on standard error, without control characters of a file."""
    print(f"vaner: {printable(message)}", file=sys.stderr, flush=True)


def single_line(error: Exception) -> str:
    """Return the message of an error on one line."""
    return " ".join(str(error).split())


@contextmanager
def output_folder_errors(folder: Path) -> Iterator[None]:
    """Report errors of writing to the folder that ``--output`` names as one line.

    Raises:
        VanerError: if the path is a file, or the folder is not writable.
    """
    if folder.exists() and not folder.is_dir():
        raise VanerError(f"{folder}: is a file; --output must be a folder")
    try:
        yield
    except PermissionError as error:
        raise VanerError(f"{error.filename}: cannot be written: {error.strerror}") from error
