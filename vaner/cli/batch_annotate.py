"""``vaner annotate --engine``: annotate files in parts, with one process or many machines."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from vaner.cli.inputs import expand_paths
from vaner.cli.messages import print_message
from vaner.display.output_formats import FILE_VIEWS, VIEWS, output_format
from vaner.display.text import format_count, format_counts
from vaner.errors import VanerError
from vaner.formats import FORMATS
from vaner.formats.names import resolve_format_name
from vaner.formats.source import STDIN
from vaner.utils.atomic_write import check_creatable
from vaner.utils.distribution import describe_install

if TYPE_CHECKING:
    from vaner.cluster.annotation_settings import AnnotationSettings
    from vaner.cluster.engine import Engine
    from vaner.cluster.job import JobState
    from vaner.cluster.worker import CountedFile

EngineName = Literal["local", "ray"]
EngineOption = Annotated[
    EngineName | None,
    typer.Option(
        help="Write the output in parts, so that an interrupted job can be resumed. local uses "
        "this process; ray uses workers on the machines of a Ray cluster. Example: --engine ray",
        show_default=False,
    ),
]
WorkersOption = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="Number of workers for --engine ray. Default: one for each CPU, or for each share of "
        "a GPU. Example: --workers 16",
        show_default=False,
    ),
]
GpusOption = Annotated[
    float,
    typer.Option(
        min=0,
        help="GPUs per worker for --engine ray; workers can share a GPU. Example: "
        "--gpus-per-worker 0.5",
    ),
]
PART_SIZE = 2000  # documents
PartSizeOption = Annotated[
    int | None,
    typer.Option(
        min=1,
        help=f"Maximum number of documents per part, for --engine. Default: {PART_SIZE}. Example: "
        "--part-size 500",
        show_default=False,
    ),
]
ResumePartsOption = Annotated[
    bool,
    typer.Option(
        "--resume", help="With --engine: continue the job in the output folder, if there is one."
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class PartOptions:
    """Options of the command that only apply to a job in parts."""

    engine: EngineName
    workers: int | None
    gpus_per_worker: float
    part_size: int
    resume: bool


def annotate_in_parts(
    files: Sequence[str] | None,
    settings: AnnotationSettings,
    options: PartOptions,
    *,
    output: str,
    format: str | None,
    input_format: str | None,
    encoding: str,
    skip_bad: bool,
    quiet: bool,
) -> None:
    """Annotate files into a folder of parts, or continue an interrupted job.

    Raises:
        VanerError: if the input cannot be read, the output cannot be written, or a part failed.
    """
    from vaner.cluster.job import open_job, run_job
    from vaner.cluster.worker import Task

    writing, reading = _output_format(format, output), resolve_format_name(input_format)
    paths = _input_paths(files, reading)
    task = Task(
        settings=settings.with_absolute_paths(), folder=output, format=writing,
        input_format=reading, encoding=encoding, skip_bad=skip_bad,
    )  # fmt: skip
    with _open_engine(options) as engine:
        job = open_job(
            paths,
            task,
            engine,
            options.part_size,
            resume=options.resume,
            on_messages=_print_warnings,
        )
        state = _print_progress(run_job(job, task, engine), quiet)
    skipped = sum(source.bad for source in job.sources)
    if not job.parts and not skipped:  # not an error, as without an engine
        source = paths[0] if len(paths) == 1 else f"any of the {len(paths):,} files"
        print_message(f"warning: there is no document in {source}")
    if skipped:
        print_message(f"warning: skipped {format_count(skipped, 'invalid record')}")
    if state.failed:
        first = min(state.failed, key=lambda report: report.number)
        raise VanerError(
            f"{len(state.failed):,} of {format_count(state.parts, 'part')} failed. First error: "
            f"{first.problem}. Try them again with --resume"
        )


def _output_format(format: str | None, output: str) -> str:
    if output == STDIN:
        raise VanerError("--engine writes a folder of parts; give a folder with -o FOLDER")
    name = output_format(format or "jsonl", output)
    if name in VIEWS or name in FILE_VIEWS or FORMATS[name].folder_writer:
        raise VanerError(f"{name} cannot be written in parts; give another format with --format")
    if Path(output).is_file():
        raise VanerError(f"{output}: is a file; --engine writes a folder of parts")
    check_creatable(Path(output))
    return name


def _input_paths(files: Sequence[str] | None, format: str | None) -> list[str]:
    if not files or STDIN in files:
        raise VanerError("--engine cannot read standard input; give the names of files")
    return [str(Path(path).absolute()) for path in expand_paths(files, format)]


@contextmanager
def _open_engine(options: PartOptions) -> Iterator[Engine]:
    """Start the engine, and close it after the job.

    Raises:
        VanerError: for an option that the engine does not have, or if Ray is not installed.
    """
    if options.engine == "local":
        from vaner.cluster.engine import LocalEngine

        if options.workers or options.gpus_per_worker:
            raise VanerError("--workers and --gpus-per-worker require --engine ray")
        yield LocalEngine()
        return
    try:
        from vaner.cluster.ray_engine import RayEngine
    except ModuleNotFoundError as error:
        raise VanerError(f"--engine ray needs Ray: {describe_install('ray')}") from error
    engine = RayEngine(options.workers, options.gpus_per_worker)
    try:
        yield engine
    finally:
        engine.close()


def _print_warnings(file: CountedFile) -> None:
    for message in file.messages:
        print_message(f"warning: {' '.join(message.split())}")


def _print_progress(states: Iterator[JobState], quiet: bool) -> JobState:
    """Print the progress of a job and a summary, and return its last state."""
    from vaner.cluster.store import sum_reports
    from vaner.display.progress import MESSAGE_INTERVAL, format_speed

    start = last_message = time.monotonic()
    state = first = next(states)
    if first.done and not quiet:
        print_message(f"{len(first.done):,} of {format_count(first.parts, 'part')} exist already")
    before = sum(report.documents for report in first.done)
    try:
        for state in states:
            if not quiet and time.monotonic() - last_message >= MESSAGE_INTERVAL:
                last_message = time.monotonic()
                done = sum(report.documents for report in state.done)
                speed = format_speed(max(done - before, 1), last_message - start)
                total = format_count(state.documents, "document")
                print_message(f"annotating: {done:,} of {total}, {speed}")
    except KeyboardInterrupt:
        print_message(
            f"stopped: {len(state.done):,} of {format_count(state.parts, 'part')} are finished"
        )
        raise
    if not quiet:
        documents, mentions, lost = sum_reports(state.done)
        types = f" ({format_counts(mentions)})" if mentions else ""
        seconds = f"{time.monotonic() - start:.1f} s"
        parts = format_count(len(state.done), "part")
        total = format_count(mentions.total(), "mention")
        written = format_count(documents, "document")
        print_message(f"{written} in {parts}, {total}{types} in {seconds}")
        if lost:
            print_message(f"the output format lost some information: {format_counts(lost)}")
    return state
