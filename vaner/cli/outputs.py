"""Where results go: the format asked for, a place that can take them, and what is kept on errors.

Results are written as they come, each document flushed before the next is computed, into the very
file that was asked for. A long job that is stopped keeps what it has, in a file that is well
formed: `Guarded` ends the stream, so that the writer can close what it opened.
"""

from __future__ import annotations

import gzip
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import TextIO, cast

from vaner.display import table
from vaner.display.output_formats import VIEWS
from vaner.errors import VanerError
from vaner.formats import FORMATS, WriteReport, write, write_to
from vaner.formats.source import STDIN
from vaner.text.documents import Document


class Guarded:
    """A stream that ends at an error instead of raising it, and keeps it for later.

    So what was read before a bad record is still annotated, and what was annotated is written to
    the end, before anybody hears of it.

    Args:
        documents: the stream.
        source: a guarded stream that it is computed from, whose problem is its own too.
    """

    def __init__(self, documents: Iterable[Document], source: Guarded | None = None) -> None:
        self._documents, self._source = documents, source
        self.number = 0
        self._problem: Exception | KeyboardInterrupt | None = None

    @property
    def problem(self) -> Exception | KeyboardInterrupt | None:
        """What ended the stream; None while it runs, and where it came to its end."""
        return self._problem or (self._source.problem if self._source else None)

    def __iter__(self) -> Iterator[Document]:
        try:
            for document in self._documents:
                self.number += 1
                yield document
        except (Exception, KeyboardInterrupt) as problem:
            self._problem = problem


def check_target(target: str, format: str, sources: Sequence[str]) -> None:
    """Find out before the work, and not after it, that the results have nowhere to go.

    Raises:
        VanerError: for a missing folder, a folder in place of a file or the reverse, a file that
            is also read, or a folder whose files might be written over.
    """
    path = Path(target)
    folder = format in FORMATS and FORMATS[format].folder_writer is not None
    if folder and target == STDIN:
        raise VanerError(f"{format} is a folder of files; give one with -o FOLDER")
    if target == STDIN and format in FORMATS and FORMATS[format].file_writer:
        raise VanerError(f"{format} cannot be written to a stream; give a file with -o FILE")
    if target == STDIN:
        return
    if folder and path.exists() and not path.is_dir():
        raise VanerError(f"{target}: {format} is written into a folder, and this is a file")
    if folder and path.is_dir() and any(path.iterdir()):
        raise VanerError(f"{target}: is not empty, and {format} would be written among its files")
    if not folder and path.is_dir():
        raise VanerError(f"{target}: is a folder; give a file to write {format} to")
    if not path.absolute().parent.is_dir():
        raise VanerError(f"{target}: the folder {path.absolute().parent} does not exist")
    if path.exists() and any(_reads(Path(s), path) for s in sources if s != STDIN):
        raise VanerError(f"{target}: is also read from; write to another place")


def _reads(source: Path, target: Path) -> bool:
    """Whether a file is read with a source: as itself, as brat's text, or as one of its folder."""
    if source.is_dir():
        return target.suffix in {".txt", ".ann"} and target.absolute().parent.samefile(source)
    texts = [source.with_suffix(".txt")] if source.suffix == ".ann" else []
    return any(file.exists() and target.samefile(file) for file in (source, *texts))


def deliver(documents: Iterable[Document], target: str, format: str) -> WriteReport:
    """Write documents as they come; `target` is a file, a folder for brat, or ``-``.

    The file is opened when there is something to put into it: a job that fails at once leaves
    what was there before.

    Raises:
        VanerError: where it cannot be written.
    """
    stream = iter(documents)
    first = next(stream, None)
    # Guarded streams end at an error: nothing came, and perhaps nothing was to come.
    if first is None and isinstance(documents, Guarded) and documents.problem:
        return WriteReport()
    whole = chain([first] if first is not None else [], stream)
    if target != STDIN and format not in VIEWS:
        return write(whole, target, format)
    try:
        if target == STDIN:
            return _pour(whole, sys.stdout, format)
        with _opened(target) as file:
            return _pour(whole, file, format)
    except BrokenPipeError:
        raise
    except OSError as problem:
        raise VanerError(f"{target}: cannot be written: {problem.strerror or problem}") from None


def _pour(documents: Iterable[Document], stream: TextIO, format: str) -> WriteReport:
    if format not in VIEWS:
        return write_to(documents, stream, format)
    lost = Counter[str]()
    number = 0

    def passing() -> Iterator[Document]:
        nonlocal number
        for document in documents:
            number += 1
            yield document

    view = table.draw if format == "table" and stream.isatty() else VIEWS[format]
    for piece in view(passing(), lost):
        stream.write(piece)
        stream.flush()
    return WriteReport(number, dict(+lost))


def _opened(target: str) -> TextIO:
    if target.endswith(".gz"):
        return cast(TextIO, gzip.open(target, "wt", encoding="utf-8", newline=""))
    return open(target, "w", encoding="utf-8", newline="")
