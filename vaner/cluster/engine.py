"""Who does the work: an engine counts files and does parts, in any order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from vaner.cluster.plan import Part
from vaner.cluster.store import Report
from vaner.cluster.worker import Counted, Task, Worker, count


class Engine(Protocol):
    """What a job needs to have done."""

    def counted(self, paths: Sequence[str], task: Task) -> Iterator[Counted]:
        """Each file once, as they are finished."""
        ...

    def reports(self, parts: Sequence[Part], task: Task) -> Iterator[Report]:
        """Each part once, as they are finished."""
        ...


class Here:
    """This process, one part after another."""

    def counted(self, paths: Sequence[str], task: Task) -> Iterator[Counted]:
        return (count(path, task) for path in paths)

    def reports(self, parts: Sequence[Part], task: Task) -> Iterator[Report]:
        return map(Worker(task), parts)
