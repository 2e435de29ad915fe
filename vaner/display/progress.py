"""Progress of long work on standard error: a live line on a terminal, else one every 30 s."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from vaner.display.text import counted
from vaner.text.documents import Document

EVERY = 30.0
"""Seconds between two lines of progress."""


def watched(
    documents: Iterable[Document], label: str, *, total: int | None = None, quiet: bool = False
) -> Iterator[Document]:
    """Hand documents on and show how many there were.

    Args:
        documents: the documents as they are finished.
        label: what is being done, e.g. ``"annotating"``.
        total: how many there will be, if anybody knows.
        quiet: show nothing.
    """
    if quiet:
        return iter(documents)
    if not sys.stderr.isatty():
        return _lines(documents, label, total)
    if sys.stdout.isatty():
        return iter(documents)  # the results themselves run over the screen
    return _live(documents, label, total)


def _lines(documents: Iterable[Document], label: str, total: int | None) -> Iterator[Document]:
    started = told = time.monotonic()
    for number, document in enumerate(documents, 1):
        yield document
        now = time.monotonic()
        if now - told >= EVERY:
            told = now
            of = f" of {total:,} documents" if total is not None else ""
            so_far = f"{number:,}{of}" if of else counted(number, "document")
            line = f"vaner: {label}: {so_far}, {pace(number, now - started)}"
            print(line, file=sys.stderr, flush=True)


def pace(number: int, seconds: float) -> str:
    """How fast it goes: so many a second, or so many seconds each.

    >>> pace(90, 30.0), pace(1, 40.0)
    ('3.0 a second', '40 s each')
    """
    rate = number / seconds
    return f"{rate:.1f} a second" if rate >= 0.5 else f"{1 / rate:.0f} s each"


def _live(documents: Iterable[Document], label: str, total: int | None) -> Iterator[Document]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    known = (BarColumn(), TimeRemainingColumn()) if total is not None else ()
    text = "{task.description}: {task.completed:,} documents, {task.fields[mentions]:,} mentions"
    columns = (SpinnerColumn(), TextColumn(text), *known, TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task, mentions = bar.add_task(label, total=total, mentions=0), 0
        for document in documents:
            yield document
            mentions += len(document.spans)
            bar.update(task, advance=1, mentions=mentions)


Bytes = Callable[[int, int | None], None]
"""Told how many bytes there are, and how many there will be, if anybody knows."""


@contextmanager
def downloading(*, quiet: bool = False) -> Iterator[Callable[[str], Bytes]]:
    """Show downloads: call with a label for each, and what is given back as the bytes come.

    Args:
        quiet: show nothing.
    """
    if quiet:
        yield lambda label: lambda done, total: None
    elif not sys.stderr.isatty():
        yield _byte_lines
    else:
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn
        from rich.progress import TimeRemainingColumn as Remaining

        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), Remaining())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:

            def begin(label: str) -> Bytes:
                task = bar.add_task(label, total=None)
                return lambda done, total: bar.update(task, completed=done, total=total)

            yield begin


def _byte_lines(label: str) -> Bytes:
    told = time.monotonic()

    def tell(done: int, total: int | None) -> None:
        nonlocal told
        if time.monotonic() - told >= EVERY:
            told = time.monotonic()
            of = f" of {total:,}" if total is not None else ""
            print(f"vaner: {label}: {done:,}{of} bytes", file=sys.stderr, flush=True)

    return tell
