"""Every full-size run of the studies as one list that a GPU machine works through unattended.

    python -m experiments.jobs --list                      # what there is, and what is done
    python -m experiments.jobs --minutes 55                # start nothing after that time
    python -m experiments.jobs --missing                   # nothing that the results files have
    python -m experiments.jobs --size small --threads 1    # the small runs, on a CPU

What is most wanted comes first: seed by seed, the mix, each corpus alone, the parts, then the rest.
A run that is done is not run again, one that was cut off goes on from its last checkpoint, one that
fails is told and the next begun; the tables are written after every run. The shipped model has a
script of its own (experiments.embedded_biomedical.run), to be run before these, and so have the
peers (experiments.peers.run), behind them; dense recognition wants a knowledge base, made by
`vaner kb build open`.
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

# The last one has more runs than all the others together.
STUDIES = (
    MIX, SINGLE_CORPORA, ABLATIONS, DENSE_RECOGNITION, CROSS_CORPUS, LLMNER, SELECTOR, GERBERA,
)  # fmt: skip


def jobs(
    size: str, wanted: Sequence[studies.Study], root: Path | None = None
) -> Iterator[tuple[studies.Study, Run]]:
    """Every run with its study: first all of the first seed, study by study."""
    seeds = sorted({one.seed for study in wanted for one in study.all_runs(size, root)})
    for seed in seeds:
        for study in wanted:
            yield from ((study, one) for one in study.all_runs(size, root, [seed]))


def main() -> None:
    arguments = _arguments()
    if arguments.threads:
        import torch

        torch.set_num_threads(arguments.threads)
    wanted = [study for study in STUDIES if study.name in arguments.studies]
    stop = time.monotonic() + 60 * arguments.minutes if arguments.minutes else None
    try:
        done = {
            s.name: studies.kept(s, arguments.size, arguments.corpora) if arguments.missing else {}
            for s in wanted
        }
        todo = [(s, one, arguments.output / s.name / arguments.size)
                for s, one in jobs(arguments.size, wanted, arguments.corpora)
                if one.name not in done[s.name]]  # fmt: skip
        if arguments.list:
            for study, one, output in todo:
                print(f"{_state(one, output, arguments.corpora):8} {study.name} {one.name}")
            return
    except VanerError as error:
        sys.exit(f"error: {error}")
    failed = 0
    for number, (study, one, output) in enumerate(todo, 1):
        if stop is not None and time.monotonic() > stop:
            sys.exit(f"{len(todo) - number + 1} of {len(todo)} runs left, the time is up")
        print(f"[{number}/{len(todo)}] {study.name}", file=sys.stderr, flush=True)
        failed += not _went_well(study, one, output, arguments)
    if failed:
        sys.exit(f"{failed} of {len(todo)} runs failed, see above")


def _went_well(study: studies.Study, one: Run, output: Path, arguments: argparse.Namespace) -> bool:
    """Make a run and tell what came out; one that fails is told, and keeps no other from running.

    Nobody is there, and what one run needs (a knowledge base, 4-bit arithmetic, so much memory)
    others can do without.
    """
    try:
        if studies.run_or_leave(one, output, arguments.corpora, arguments.keep_models):
            studies.tell(study, output, arguments.size, arguments.corpora)
    except VanerError as error:
        print(f"{one.name}: failed: {error}", file=sys.stderr, flush=True)
    except Exception:
        print(f"{one.name}: failed:\n{traceback.format_exc()}", file=sys.stderr, flush=True)
    else:
        return True
    return False


def _state(one: Run, output: Path, root: Path | None) -> str:
    if studies.made_in(output, one):
        return "done"
    return "lacking" if studies.lacking(one, root) else "to do"


def _arguments() -> argparse.Namespace:
    names = [study.name for study in STUDIES]
    parser = argparse.ArgumentParser(
        prog="python -m experiments.jobs", description="Work through the runs of all studies."
    )
    parser.add_argument("--size", choices=studies.SIZES, default="full")
    parser.add_argument("--studies", nargs="+", choices=names, default=names, metavar="STUDY")
    parser.add_argument("--list", action="store_true", help="only say what there is to do")
    parser.add_argument("--minutes", type=float, help="start no run after so many minutes")
    studies.add_common(parser, Path("runs"))
    return parser.parse_args()


if __name__ == "__main__":
    main()
