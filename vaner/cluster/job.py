"""A job from its input to the last of its parts, begun or gone on with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from vaner.cluster.engine import Engine
from vaner.cluster.store import Manifest, Report, differing
from vaner.cluster.worker import Counted, Task, size
from vaner.errors import VanerError


@dataclass(frozen=True, slots=True)
class State:
    """How far a job is.

    Args:
        parts: how many there are.
        documents: how many there are.
        done: reports of the parts that are done.
        failed: reports of those that could not be done.
    """

    parts: int
    documents: int
    done: tuple[Report, ...] = ()
    failed: tuple[Report, ...] = ()


def manifest(
    paths: Sequence[str],
    task: Task,
    engine: Engine,
    part_size: int,
    *,
    resume: bool,
    told: Callable[[Counted], None],
) -> Manifest:
    """The manifest of a job: that of one begun before, or a new one, which is written.

    Args:
        paths: files and brat folders.
        task: the job.
        engine: what counts the documents of the files.
        part_size: most documents of a part.
        resume: whether to go on where there is something.
        told: called with each file of which there is something to tell.

    Raises:
        VanerError: for a folder with something else in it, other settings, or changed files.
    """
    begun = task.store.manifest()
    if begun is None:
        folder = task.store.folder
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise VanerError(f"{folder}: is not empty, and no job was begun there")
        return _begun(paths, task, engine, part_size, told)
    if not resume:
        raise VanerError(f"{task.store.folder}: a job was begun here; --resume goes on with it")
    _check(begun, paths, task, part_size)
    return begun


def _begun(
    paths: Sequence[str],
    task: Task,
    engine: Engine,
    part_size: int,
    told: Callable[[Counted], None],
) -> Manifest:
    found = dict[str, Counted]()
    for counted in engine.counted(sorted(set(paths)), task):
        found[counted.source.path] = counted
        if counted.messages:
            told(counted)
    new = Manifest(settings(task), tuple(found[path].source for path in paths), part_size)
    task.store.begin(new)
    return new


def settings(task: Task) -> dict[str, Any]:
    """What the results depend on, as a manifest keeps it."""
    files = ("format", "input_format", "encoding", "skip_bad")
    return {**task.settings.as_manifest(), **{name: getattr(task, name) for name in files}}


def _check(begun: Manifest, paths: Sequence[str], task: Task, part_size: int) -> None:
    """Refuse to go on with what is another job.

    Raises:
        VanerError: saying what differs.
    """
    folder = task.store.folder
    other = [*differing(begun.settings, settings(task))]
    other += ["part_size"] if begun.part_size != part_size else []
    if other:
        named = ", ".join(f"--{name.replace('_', '-')}" for name in other)
        raise VanerError(f"{folder}: the job was begun with another {named}; give the same again")
    if [source.path for source in begun.sources] != list(paths):
        raise VanerError(f"{folder}: the job was begun with other files; give the same again")
    changed = [s.path for s in begun.sources if size(s.path) != s.bytes]
    if changed:
        raise VanerError(f"{changed[0]}: has changed since the job in {folder} was begun")


def run(manifest: Manifest, task: Task, engine: Engine) -> Iterator[State]:
    """Do what is not done yet; the first state is what was found, and each part gives another.

    Args:
        manifest: of the job.
        task: the job.
        engine: what does the parts.
    """
    parts, store = manifest.parts, task.store
    task = replace(task, of=len(parts))
    there = {part.number: store.report(part, len(parts)) for part in parts}
    done = tuple(report for report in there.values() if report is not None)
    state = State(len(parts), sum(part.documents for part in parts), done)
    yield state
    left = [part for part in parts if there[part.number] is None]
    store.clear()
    for report in engine.reports(left, task) if left else ():
        if report.problem is None:
            state = replace(state, done=(*state.done, report))
        else:
            state = replace(state, failed=(*state.failed, report))
        yield state
