"""``vaner annotate --engine``: the input in parts, on one machine or many, to be gone on with."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from vaner.cli.inputs import expand
from vaner.cli.messages import print_message
from vaner.display.output_formats import output_format
from vaner.display.text import counted, listed
from vaner.errors import VanerError
from vaner.formats import FORMATS
from vaner.formats.names import resolve_format_name
from vaner.formats.source import STDIN

if TYPE_CHECKING:
    from vaner.cluster.annotation_settings import AnnotationSettings
    from vaner.cluster.engine import Engine
    from vaner.cluster.job import State
    from vaner.cluster.worker import Counted

EngineOption = Annotated[
    Literal["here", "ray"] | None,
    typer.Option(
        help="Write a folder of parts, so that a job that was stopped can go on: in this process, "
        "or by many workers on the machines of a Ray cluster: --engine ray",
        show_default=False,
    ),
]
WorkersOption = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="With --engine ray, how many workers: --workers 16. Default: one for each CPU, or "
        "for each share of a GPU.",
        show_default=False,
    ),
]
GpusOption = Annotated[
    float,
    typer.Option(
        min=0, help="With --engine ray, the GPUs of a worker, or its share: --gpus-per-worker 0.5"
    ),
]
PART_SIZE = 2000  # documents; where none is given
PartSizeOption = Annotated[
    int | None,
    typer.Option(
        min=1,
        help=f"With --engine, most documents of a part, else {PART_SIZE}: --part-size 500",
    ),
]
ResumePartsOption = Annotated[
    bool,
    typer.Option("--resume", help="With --engine, go on where there is something of this job."),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """How a job is done in parts: the options of the command that are only for it."""

    engine: Literal["here", "ray"]
    workers: int | None
    gpus_per_worker: float
    part_size: int
    resume: bool


def annotate_in_parts(
    files: Sequence[str] | None,
    settings: AnnotationSettings,
    parts: Parts,
    *,
    output: str,
    format: str | None,
    input_format: str | None,
    encoding: str,
    skip_bad: bool,
    quiet: bool,
) -> None:
    """Annotate files into a folder of parts, or go on with it.

    Raises:
        VanerError: for what cannot be read or written, or parts that could not be done.
    """
    from vaner.cluster.job import manifest, run
    from vaner.cluster.worker import Task

    writing, reading = _format(format, output), resolve_format_name(input_format)
    paths = _paths(files, reading)
    task = Task(
        settings=settings.with_absolute_paths(), folder=output, format=writing,
        input_format=reading, encoding=encoding, skip_bad=skip_bad,
    )  # fmt: skip
    with _engine(parts) as engine:
        begun = manifest(
            paths, task, engine, parts.part_size, resume=parts.resume, told=_tell_counted
        )
        state = _watched(run(begun, task, engine), quiet)
    bad = sum(source.bad for source in begun.sources)
    if not begun.parts and not bad:  # no error, as without an engine
        where = paths[0] if len(paths) == 1 else f"any of the {len(paths):,} files"
        print_message(f"warning: there is no document in {where}")
    if bad:
        print_message(f"warning: {counted(bad, 'bad record')} left out")
    if state.failed:
        raise VanerError(
            f"{len(state.failed):,} of {counted(state.parts, 'part')} could not be done, such as "
            f"{min(state.failed, key=lambda r: r.number).problem}; --resume does them again"
        )


def _format(given: str | None, output: str) -> str:
    if output == STDIN:
        raise VanerError("--engine writes a folder of parts; give one with -o FOLDER")
    name = output_format(given or "jsonl", output)
    if name not in FORMATS or FORMATS[name].folder_writer:
        raise VanerError(f"{name} cannot be written in parts; give another format with --format")
    return name


def _paths(files: Sequence[str] | None, format: str | None) -> list[str]:
    if not files or STDIN in files:
        raise VanerError("--engine reads files, since it may read them again; name some")
    return [str(Path(path).absolute()) for path in expand(files, format)]


@contextmanager
def _engine(parts: Parts) -> Iterator[Engine]:
    """The engine that was asked for, closed behind the job.

    Raises:
        VanerError: for what it cannot be told, or where Ray is not installed.
    """
    if parts.engine == "here":
        from vaner.cluster.engine import Here

        if parts.workers or parts.gpus_per_worker:
            raise VanerError("--workers and --gpus-per-worker are for --engine ray")
        yield Here()
        return
    try:
        from vaner.cluster.ray_engine import OnRay
    except ModuleNotFoundError as problem:
        raise VanerError("--engine ray needs Ray: pip install -e '.[ray]'") from problem
    engine = OnRay(parts.workers, parts.gpus_per_worker)
    try:
        yield engine
    finally:
        engine.close()


def _tell_counted(found: Counted) -> None:
    for message in found.messages:
        print_message(f"warning: {' '.join(message.split())}")


def _watched(states: Iterator[State], quiet: bool) -> State:
    """The last state; how far it is goes to the user now and then, and what was found at the end.

    Raises:
        KeyboardInterrupt: once it is told how to go on.
    """
    from vaner.cluster.store import together
    from vaner.display.progress import EVERY, pace

    started = told = time.monotonic()
    state = first = next(states)
    if first.done and not quiet:
        print_message(f"{len(first.done):,} of {counted(first.parts, 'part')} are there already")
    before = sum(report.documents for report in first.done)
    try:
        for state in states:
            if not quiet and time.monotonic() - told >= EVERY:
                told = time.monotonic()
                done = sum(report.documents for report in state.done)
                speed = pace(max(done - before, 1), told - started)
                print_message(
                    f"annotating: {done:,} of {counted(state.documents, 'document')}, {speed}"
                )
    except KeyboardInterrupt:
        print_message(f"stopped: {len(state.done):,} of {counted(state.parts, 'part')} are done")
        raise
    if not quiet:
        documents, mentions, lost = together(state.done)
        types = f" ({listed(mentions)})" if mentions else ""
        took = f"{time.monotonic() - started:.1f} s"
        parts = counted(len(state.done), "part")
        found = counted(mentions.total(), "mention")
        print_message(f"{counted(documents, 'document')} in {parts}, {found}{types} in {took}")
        if lost:
            print_message(f"not everything could be written: {listed(lost)}")
    return state
