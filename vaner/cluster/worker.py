"""What a worker does: count the documents of a file, annotate a part of it."""

from __future__ import annotations

import time
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from vaner.cluster.annotation_settings import AnnotateStream, AnnotationSettings
from vaner.cluster.plan import Part, Source
from vaner.cluster.store import Report, Store
from vaner.errors import FormatError, VanerError
from vaner.formats import FormatWarning, OnError, read, write
from vaner.text.documents import Document

_SHOWN = 5
_ATTEMPTS = 3
"""After so many workers that died over a part it is what kills them, e.g. by its memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What all workers of a job must know; a value that can be sent to other machines.

    Args:
        settings: how text is annotated.
        folder: that the results go to.
        format: of the results.
        input_format: of the files; told by each of them if None.
        encoding: of the files.
        skip_bad: whether bad records are left out.
        of: how many parts there are; 0 as long as nobody knows.
    """

    settings: AnnotationSettings
    folder: str
    format: str
    input_format: str | None = None
    encoding: str = "utf-8"
    skip_bad: bool = False
    of: int = 0

    @property
    def store(self) -> Store:
        """The folder of the job."""
        return Store(self.folder, self.format)


@dataclass(frozen=True, slots=True)
class Counted:
    """A file that was read once.

    Args:
        source: the file and its documents.
        messages: the first few of what is bad in it, and what its reader warns of.
    """

    source: Source
    messages: tuple[str, ...] = ()


def count(path: str, task: Task) -> Counted:
    """Read a file and count its documents, so that it can be cut.

    Raises:
        FormatError: for a bad record that is not to be left out.
    """
    bad, messages = 0, list[str]()

    def on_error(problem: FormatError) -> None:
        nonlocal bad
        bad += 1
        if bad <= _SHOWN:
            messages.append(f"skipped: {problem}")

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", FormatWarning)
        number = sum(1 for _ in _documents(path, task, on_error if task.skip_bad else None))
    messages += (str(w.message) for w in caught if issubclass(w.category, FormatWarning))
    return Counted(Source(path, size(path), number, bad), tuple(messages))


def size(path: str) -> int:
    """Bytes of a file, or of all files of a folder.

    Raises:
        VanerError: where it is not there any more.
    """
    place = Path(path)
    try:
        files = place.iterdir() if place.is_dir() else (place,)
        return sum(file.stat().st_size for file in files)
    except OSError as problem:
        raise VanerError(f"{path}: cannot be read: {problem.strerror or problem}") from None


class Worker:
    """Annotates parts, one after another, with a model that is loaded once.

    Args:
        task: of the job.
    """

    def __init__(self, task: Task) -> None:
        self._task, self._store = task, task.store
        self._problem: str | None = None
        try:
            self._annotate: AnnotateStream = task.settings.load(task.format)
        except VanerError as problem:  # told as what became of the parts, in one line
            self._problem = str(problem)

    def __call__(self, part: Part) -> Report:
        """Annotate a part and put it where it belongs; one that is there already stays."""
        done = self._store.report(part, self._task.of)
        if done is not None:
            return done
        if self._problem is not None:
            return Report(part.number, problem=self._problem)
        if self._store.begun(part) >= _ATTEMPTS:
            problem = f"{part.path}: workers died {_ATTEMPTS} times over documents {part.first:,}"
            return Report(part.number, problem=f"{problem} to {part.last:,}")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", FormatWarning)  # told when the file was counted
                return self._annotated(part)
        except VanerError as problem:
            return Report(part.number, problem=str(problem))

    def _annotated(self, part: Part) -> Report:
        mentions, target = Counter[str](), self._store.unfinished(part)
        began, used = time.monotonic(), time.process_time()
        try:
            found = _counting(self._annotate(self._text_of(part)), mentions)
            written = write(found, target, self._task.format)
            if written.documents != part.documents:
                raise VanerError(f"{part.path}: is not the file any more that the job began with")
            report = Report(
                part.number, written.documents, dict(mentions), dict(written.lost),
                time.monotonic() - began, time.process_time() - used,
            )  # fmt: skip
            self._store.finish(part, self._task.of, target, report)
            return report
        finally:
            target.unlink(missing_ok=True)

    def _text_of(self, part: Part) -> Iterator[Document]:
        documents = _documents(part.path, self._task, _ignored if self._task.skip_bad else None)
        return islice(documents, part.first, part.last)


def _documents(path: str, task: Task, on_error: OnError | None) -> Iterator[Document]:
    """Documents of a file; one that breaks off ends there, where bad records are left out."""
    try:
        yield from read(path, task.input_format, encoding=task.encoding, on_error=on_error)
    except FormatError as problem:
        if on_error is None:
            raise
        on_error(problem)


def _ignored(problem: FormatError) -> None:
    """Bad records were told when the file was counted."""


def _counting(documents: Iterable[Document], mentions: Counter[str]) -> Iterator[Document]:
    for document in documents:
        mentions.update(span.type for span in document.spans)
        yield document
