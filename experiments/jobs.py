"""Runs all studies unattended, in one list ordered by importance.

    python -m experiments.jobs --list                      # list the runs and their state
    python -m experiments.jobs --minutes 55                # start no run after 55 minutes
    python -m experiments.jobs --missing                   # skip the runs in the results files
    python -m experiments.jobs --size small --threads 1    # the small runs, on a CPU

Runs are ordered by seed, then by study: first the mixtures, then the single corpora, the ablations
and the others. Finished runs are not repeated, and interrupted ones resume from their last
checkpoint. If a run fails, its error is printed and the next one starts. The tables are written
after every run. Not in the list are the embedded model (experiments.embedded_biomedical.run) and
the comparison with other programs (experiments.peers.run). The study of dense recognition requires
a knowledge base: `vaner kb build open`.
"""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path

from experiments import studies
from experiments.ablations.run import STUDY as ABLATIONS
from experiments.cross_corpus.run import STUDY as CROSS_CORPUS
from experiments.dense_recognition.run import STUDY as DENSE_RECOGNITION
from experiments.gerbera.run import STUDY as GERBERA
from experiments.llmner.run import STUDY as LLMNER
from experiments.mix.run import STUDY as MIX
from experiments.selector.run import STUDY as SELECTOR
from experiments.single_corpora.run import STUDY as SINGLE_CORPORA
from experiments.study_run import Run
from vaner.errors import VanerError

# The last one has more runs than all others together.
STUDIES = (
    MIX, SINGLE_CORPORA, ABLATIONS, DENSE_RECOGNITION, CROSS_CORPUS, LLMNER, SELECTOR, GERBERA,
)  # fmt: skip


def list_jobs(
    size: str, selected: Sequence[studies.Study], root: Path | None = None
) -> Iterator[tuple[studies.Study, Run]]:
    """Yield every run with its study: all runs of the first seed, study by study, then the next."""
    seeds = sorted({run.seed for study in selected for run in study.all_runs(size, root)})
    for seed in seeds:
        for study in selected:
            yield from ((study, run) for run in study.all_runs(size, root, [seed]))


def main() -> None:
    arguments = _parse_arguments()
    if arguments.threads:
        import torch

        torch.set_num_threads(arguments.threads)
    stop = time.monotonic() + 60 * arguments.minutes if arguments.minutes else None
    try:
        jobs = _select_jobs(arguments)
        if arguments.list:
            for study, run, output in jobs:
                print(f"{_state(run, output, arguments.corpora):8} {study.name} {run.name}")
            return
    except VanerError as error:
        sys.exit(f"error: {error}")
    failed = 0
    for number, (study, run, output) in enumerate(jobs, 1):
        if stop is not None and time.monotonic() > stop:
            sys.exit(f"time is up: {len(jobs) - number + 1} of {len(jobs)} runs left")
        print(f"[{number}/{len(jobs)}] {study.name}", file=sys.stderr, flush=True)
        failed += not _run_job(study, run, output, arguments)
    if failed:
        sys.exit(f"{failed} of {len(jobs)} runs failed; their errors are above")


def _select_jobs(arguments: argparse.Namespace) -> list[tuple[studies.Study, Run, Path]]:
    """Return the runs of the selected studies with their output folders."""
    size, root = arguments.size, arguments.corpora
    selected = [study for study in STUDIES if study.name in arguments.studies]
    stored = {
        study.name: studies.read_stored_records(study, size, root) if arguments.missing else {}
        for study in selected
    }
    return [
        (study, run, arguments.output / study.name / size)
        for study, run in list_jobs(size, selected, root)
        if run.name not in stored[study.name]
    ]


def _run_job(study: studies.Study, run: Run, output: Path, arguments: argparse.Namespace) -> bool:
    """Make a run and write the report of its study. Print errors, so that other runs can go on.

    A run may fail because of a missing knowledge base, 4-bit arithmetic or memory, which the other
    runs do not need.

    Returns:
        Whether the run succeeded.
    """
    try:
        if studies.run_if_needed(run, output, arguments.corpora, arguments.keep_models):
            studies.write_report(study, output, arguments.size, arguments.corpora)
    except VanerError as error:
        print(f"{run.name}: failed: {error}", file=sys.stderr, flush=True)
    except Exception:
        print(f"{run.name}: failed:\n{traceback.format_exc()}", file=sys.stderr, flush=True)
    else:
        return True
    return False


def _state(run: Run, output: Path, root: Path | None) -> str:
    if studies.read_record(output, run):
        return "done"
    return "lacking" if studies.find_missing_corpus(run, root) else "to do"


def _parse_arguments() -> argparse.Namespace:
    names = [study.name for study in STUDIES]
    parser = argparse.ArgumentParser(
        prog="python -m experiments.jobs", description="Make the runs of all studies."
    )
    parser.add_argument("--size", choices=studies.SIZES, default="full")
    parser.add_argument("--studies", nargs="+", choices=names, default=names, metavar="STUDY")
    parser.add_argument("--list", action="store_true", help="only list the runs and their state")
    parser.add_argument("--minutes", type=float, help="start no run after so many minutes")
    studies.add_common_options(parser, Path("runs"))
    return parser.parse_args()


if __name__ == "__main__":
    main()
