"""A job from its input to its last part, new or resumed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from vaner.cluster.engine import Engine
from vaner.cluster.store import Manifest, PartReport, changed_settings
from vaner.cluster.worker import CountedFile, Task, input_size
from vaner.errors import VanerError


@dataclass(frozen=True, slots=True)
class JobState:
    """The progress of a job.

    Args:
        parts: number of parts.
        documents: number of documents.
        done: reports of the finished parts.
        failed: reports of the failed parts.
    """

    parts: int
    documents: int
    done: tuple[PartReport, ...] = ()
    failed: tuple[PartReport, ...] = ()


def open_job(
    paths: Sequence[str],
    task: Task,
    engine: Engine,
    part_size: int,
    *,
    resume: bool,
    on_messages: Callable[[CountedFile], None],
) -> Manifest:
    """Return the manifest of the job in the output folder, or start a new job there.

    Args:
        paths: files and folders of brat.
        task: the task of the job.
        engine: counts the documents of the files.
        part_size: maximum number of documents per part.
        resume: whether an existing job may be continued.
        on_messages: called with each file that has messages for the user.

    Raises:
        VanerError: if the folder contains other files or a job with other settings, or if a file
            has changed since the job was started.
    """
    manifest = task.store.read_manifest()
    if manifest is None:
        folder = task.store.folder
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise VanerError(f"{folder}: is not empty and contains no job; give a new folder")
        return _start_job(paths, task, engine, part_size, on_messages)
    if not resume:
        raise VanerError(f"{task.store.folder}: contains a job already; continue it with --resume")
    _check_same_job(manifest, paths, task, part_size)
    return manifest


def _start_job(
    paths: Sequence[str],
    task: Task,
    engine: Engine,
    part_size: int,
    on_messages: Callable[[CountedFile], None],
) -> Manifest:
    files = dict[str, CountedFile]()
    for file in engine.count_files(sorted(set(paths)), task):
        files[file.source.path] = file
        if file.messages:
            on_messages(file)
    sources = tuple(files[path].source for path in paths)
    manifest = Manifest(manifest_settings(task), sources, part_size)
    task.store.write_manifest(manifest)
    return manifest


def manifest_settings(task: Task) -> dict[str, Any]:
    """Return the settings that the results depend on, as a manifest stores them."""
    files = ("format", "input_format", "encoding", "skip_bad")
    return {**task.settings.as_manifest(), **{name: getattr(task, name) for name in files}}


def _check_same_job(manifest: Manifest, paths: Sequence[str], task: Task, part_size: int) -> None:
    """Check that an existing job has the same input and settings.

    Raises:
        VanerError: with the names of the options that differ.
    """
    folder = task.store.folder
    before = {**manifest.settings, "part_size": manifest.part_size}
    changed = changed_settings(before, {**manifest_settings(task), "part_size": part_size})
    if changed:
        options = ", ".join(f"--{n.replace('_', '-')} ({before.get(n)})" for n in changed)
        raise VanerError(
            f"{folder}: the job was started with another {options}; use the same value"
        )
    if [source.path for source in manifest.sources] != list(paths):
        raise VanerError(f"{folder}: the job was started with other files; give the same files")
    for source in manifest.sources:
        if input_size(source.path) != source.bytes:
            started = f"has changed since the job in {folder} was started"
            raise VanerError(f"{source.path}: {started}; give a new --output")


def run_job(manifest: Manifest, task: Task, engine: Engine) -> Iterator[JobState]:
    """Annotate the parts that are not finished, and yield the state at the start and after each.

    Args:
        manifest: the manifest of the job.
        task: the task of the job.
        engine: annotates the parts.
    """
    parts, store = manifest.parts, task.store
    task = replace(task, total_parts=len(parts))
    reports = {part.number: store.read_report(part, len(parts)) for part in parts}
    done = tuple(report for report in reports.values() if report is not None)
    state = JobState(len(parts), sum(part.documents for part in parts), done)
    yield state
    remaining = [part for part in parts if reports[part.number] is None]
    store.remove_temporary_files()
    for report in engine.annotate_parts(remaining, task) if remaining else ():
        if report.problem is None:
            state = replace(state, done=(*state.done, report))
        else:
            state = replace(state, failed=(*state.failed, report))
        yield state
