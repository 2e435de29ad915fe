"""Shows progress on standard error: a live line on a terminal, otherwise a line every 30 s."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from vaner.display.text import format_count
from vaner.text.documents import Document

if TYPE_CHECKING:
    from rich.progress import Progress, ProgressColumn

MESSAGE_INTERVAL = 30.0
"""Seconds between two progress messages."""


def show_progress(
    documents: Iterable[Document],
    label: str,
    *,
    total: int | None = None,
    quiet: bool = False,
    prints_results: bool = False,
) -> Iterator[Document]:
    """Yield documents unchanged and show how many there have been.

    Args:
        documents: the documents.
        label: the activity, e.g. ``"annotating"``.
        total: the number of documents, if known.
        quiet: whether to show nothing.
        prints_results: whether the documents are printed on standard output meanwhile. If that is
            a terminal, there is no live line between them.
    """
    if quiet:
        return iter(documents)
    if not sys.stderr.isatty():
        return _print_messages(documents, label, total)
    if prints_results and sys.stdout.isatty():
        return iter(documents)
    return _show_bar(documents, label, total)


def _print_messages(
    documents: Iterable[Document], label: str, total: int | None
) -> Iterator[Document]:
    start = last_message = time.monotonic()
    for number, document in enumerate(documents, 1):
        yield document
        now = time.monotonic()
        if now - last_message >= MESSAGE_INTERVAL:
            last_message = now
            of = f" of {total:,} documents" if total is not None else ""
            so_far = f"{number:,}{of}" if of else format_count(number, "document")
            line = f"vaner: {label}: {so_far}, {format_speed(number, now - start)}"
            print(line, file=sys.stderr, flush=True)


def format_speed(number: int, seconds: float) -> str:
    """Return a speed: documents per second, or seconds per document if it is slow.

    >>> format_speed(90, 30.0), format_speed(1, 40.0)
    ('3.0 a second', '40 s each')
    """
    rate = number / seconds
    return f"{rate:.1f} a second" if rate >= 0.5 else f"{1 / rate:.0f} s each"


def _show_bar(documents: Iterable[Document], label: str, total: int | None) -> Iterator[Document]:
    from rich.progress import (
        BarColumn,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    known = (BarColumn(), TimeRemainingColumn()) if total is not None else ()
    text = "{task.description}: {task.completed:,} documents, {task.fields[mentions]:,} mentions"
    columns = (SpinnerColumn(), TextColumn(text), *known, TimeElapsedColumn())
    with _open_bar(*columns) as bar:
        task, mentions = bar.add_task(label, total=total, mentions=0), 0
        for document in documents:
            yield document
            mentions += len(document.spans)
            bar.update(task, advance=1, mentions=mentions)


def _open_bar(*columns: ProgressColumn) -> Progress:
    """Return a live line on standard error. It leaves standard output, which has results, alone."""
    from rich.console import Console
    from rich.progress import Progress

    return Progress(*columns, console=Console(stderr=True), transient=True, redirect_stdout=False)


ByteProgress = Callable[[int, int | None], None]
"""A function that shows the number of downloaded bytes, and the total if known."""


@contextmanager
def show_downloads(*, quiet: bool = False) -> Iterator[Callable[[str], ByteProgress]]:
    """Show the progress of downloads.

    Args:
        quiet: whether to show nothing.

    Yields:
        A function that starts a download with a label and returns its `ByteProgress`.
    """
    if quiet:
        yield lambda label: lambda done, total: None
    elif not sys.stderr.isatty():
        yield _print_byte_messages
    else:
        from rich.progress import BarColumn, DownloadColumn, TextColumn
        from rich.progress import TimeRemainingColumn as Remaining

        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), Remaining())
        with _open_bar(*columns) as bar:

            def start_download(label: str) -> ByteProgress:
                task = bar.add_task(label, total=None)
                return lambda done, total: bar.update(task, completed=done, total=total)

            yield start_download


def _print_byte_messages(label: str) -> ByteProgress:
    last_message = time.monotonic()

    def print_bytes(done: int, total: int | None) -> None:
        nonlocal last_message
        if time.monotonic() - last_message >= MESSAGE_INTERVAL:
            last_message = time.monotonic()
            of = f" of {total:,}" if total is not None else ""
            print(f"vaner: {label}: {done:,}{of} bytes", file=sys.stderr, flush=True)

    return print_bytes
