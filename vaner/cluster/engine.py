"""Engines, which run the work of a job: count the documents of files, and annotate parts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from vaner.cluster.plan import Part
from vaner.cluster.store import PartReport
from vaner.cluster.worker import CountedFile, Task, Worker, count_documents


class Engine(Protocol):
    """Runs the work of a job in any order."""

    def count_files(self, paths: Sequence[str], task: Task) -> Iterator[CountedFile]:
        """Yield each file when its documents are counted."""
        ...

    def annotate_parts(self, parts: Sequence[Part], task: Task) -> Iterator[PartReport]:
        """Yield a report of each part when it is annotated."""
        ...


class LocalEngine:
    """Runs the work in this process, one part after another."""

    def count_files(self, paths: Sequence[str], task: Task) -> Iterator[CountedFile]:
        return (count_documents(path, task) for path in paths)

    def annotate_parts(self, parts: Sequence[Part], task: Task) -> Iterator[PartReport]:
        return map(Worker(task), parts)
