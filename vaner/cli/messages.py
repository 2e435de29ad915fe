"""Messages to the user, on standard error: standard output is for results."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from vaner.display.text import printable
from vaner.errors import VanerError, escape_control_characters
from vaner.utils.atomic_write import check_creatable

INTERRUPTED = 130


def print_message(message: str) -> None:
    """Print one line for the user on standard error, without control characters of a file."""
    print(f"vaner: {printable(message)}", file=sys.stderr, flush=True)


def print_result(text: object) -> None:
    """Print a result on standard output. On a terminal, control characters are escaped."""
    plain = str(text)
    if sys.stdout.isatty():
        plain = escape_control_characters(plain, keep="\n\t")
    typer.echo(plain)


def repeat_corpora_option(corpora: Path | None) -> list[str]:
    """Return ``--corpora`` for a printed command, unless VANER_CORPORA names the folder."""
    is_given = corpora is not None and str(corpora) != os.environ.get("VANER_CORPORA")
    return ["--corpora", str(corpora)] if is_given else []


@contextmanager
def output_folder_errors(folder: Path) -> Iterator[None]:
    """Report errors of writing to the folder that ``--output`` names as one line.

    Raises:
        VanerError: if the path is a file, or the folder is not writable.
    """
    if folder.exists() and not folder.is_dir():
        raise VanerError(f"{folder}: is a file; --output must be a folder")
    check_creatable(folder)
    try:
        yield
    except PermissionError as error:
        raise VanerError(f"{error.filename}: cannot be written: {error.strerror}") from error


@contextmanager
def resume_hint(output: Path) -> Iterator[None]:
    """Print how to continue a run that is stopped with Ctrl-C.

    Args:
        output: folder of the run.

    Raises:
        SystemExit: with the exit code of an interrupted program.
    """
    try:
        yield
    except KeyboardInterrupt:
        from vaner.training.result import describe_progress

        progress = describe_progress(output)
        print_message(f"stopped; {progress or 'there is no checkpoint yet'}")
        if output.exists():
            print_message("to continue, run the same command with --resume")
        raise SystemExit(INTERRUPTED) from None
