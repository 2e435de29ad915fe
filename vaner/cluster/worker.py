"""The work of a job: counting the documents of a file, and annotating a part of it."""

from __future__ import annotations

import time
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from vaner.cluster.annotation_settings import AnnotateStream, AnnotationSettings
from vaner.cluster.plan import Part, Source
from vaner.cluster.store import PartReport, Store
from vaner.errors import FormatError, VanerError
from vaner.formats import FormatWarning, OnError, read, write
from vaner.text.documents import Document, tally_mentions

_MAX_SHOWN = 5
_MAX_ATTEMPTS = 3
"""If so many workers were killed by a part, for instance for lack of memory, it fails."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What all workers of a job need; a value that can be sent to other machines.

    Args:
        settings: the settings of annotating.
        folder: output folder.
        format: output format.
        input_format: format of the files; detected if None.
        encoding: encoding of the files.
        skip_bad: whether to skip invalid records.
        total_parts: number of parts; 0 while it is unknown.
    """

    settings: AnnotationSettings
    folder: str
    format: str
    input_format: str | None = None
    encoding: str = "utf-8"
    skip_bad: bool = False
    total_parts: int = 0

    @property
    def store(self) -> Store:
        """The output folder."""
        return Store(self.folder, self.format)


@dataclass(frozen=True, slots=True)
class CountedFile:
    """A file whose documents were counted.

    Args:
        source: the file and the number of its documents.
        messages: the first errors of invalid records, and the warnings of the reader.
    """

    source: Source
    messages: tuple[str, ...] = ()


def count_documents(path: str, task: Task) -> CountedFile:
    """Read a file and count its documents, which is needed to split it.

    Raises:
        FormatError: for an invalid record, unless invalid records are skipped.
    """
    bad, messages = 0, list[str]()

    def on_error(error: FormatError) -> None:
        nonlocal bad
        bad += 1
        if bad <= _MAX_SHOWN:
            messages.append(f"skipped: {error}")

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", FormatWarning)
        number = sum(1 for _ in _read_documents(path, task, on_error if task.skip_bad else None))
    messages += (str(w.message) for w in caught if issubclass(w.category, FormatWarning))
    return CountedFile(Source(path, input_size(path), number, bad), tuple(messages))


def input_size(path: str) -> int:
    """Return the size in bytes of a file, or of all files in a folder.

    Raises:
        VanerError: if it cannot be read.
    """
    file = Path(path)
    try:
        files = file.iterdir() if file.is_dir() else (file,)
        return sum(file.stat().st_size for file in files)
    except OSError as error:
        raise VanerError(f"{path}: cannot be read: {error.strerror or error}") from None


class Worker:
    """Annotates parts, one after another, with a model that is loaded once.

    Args:
        task: the task of the job.
    """

    def __init__(self, task: Task) -> None:
        self._task, self._store = task, task.store
        self._load_error: str | None = None
        try:
            self._annotate: AnnotateStream = task.settings.load(task.format)
        except VanerError as error:  # every part fails with this message
            self._load_error = str(error)

    def __call__(self, part: Part) -> PartReport:
        """Annotate a part, unless it is finished already, and return its report."""
        finished = self._store.read_report(part, self._task.total_parts)
        if finished is not None:
            return finished
        if self._load_error is not None:
            return PartReport(part.number, problem=self._load_error)
        if self._store.count_attempts(part) >= _MAX_ATTEMPTS:
            documents = f"documents {part.first:,} to {part.end:,}"
            problem = f"{part.path}: {_MAX_ATTEMPTS} workers died while annotating {documents}"
            return PartReport(part.number, problem=problem)
        try:
            with warnings.catch_warnings():
                # The warnings were printed when the documents of the file were counted.
                warnings.simplefilter("ignore", FormatWarning)
                return self._annotate_part(part)
        except VanerError as error:
            return PartReport(part.number, problem=str(error))

    def _annotate_part(self, part: Part) -> PartReport:
        mentions, target = Counter[str](), self._store.temporary_path(part)
        start, processor_start = time.monotonic(), time.process_time()
        try:
            annotated = tally_mentions(self._annotate(self._documents_of(part)), mentions)
            written = write(annotated, target, self._task.format)
            if written.documents != part.documents:
                raise VanerError(f"{part.path}: has changed since the job was started")
            report = PartReport(
                part.number, written.documents, dict(mentions), dict(written.lost),
                time.monotonic() - start, time.process_time() - processor_start,
            )  # fmt: skip
            self._store.finish_part(part, self._task.total_parts, target, report)
            return report
        finally:
            target.unlink(missing_ok=True)

    def _documents_of(self, part: Part) -> Iterator[Document]:
        on_error = _ignore_error if self._task.skip_bad else None
        return islice(_read_documents(part.path, self._task, on_error), part.first, part.end)


def _read_documents(path: str, task: Task, on_error: OnError | None) -> Iterator[Document]:
    """Yield the documents of a file; with `on_error`, a broken file ends where it is broken."""
    try:
        yield from read(path, task.input_format, encoding=task.encoding, on_error=on_error)
    except FormatError as error:
        if on_error is None:
            raise
        on_error(error)


def _ignore_error(error: FormatError) -> None:
    """Ignore an invalid record, which was printed when the documents were counted."""
