"""A study: trainings that differ in one setting, each scored on test once.

The run.py of a study creates a `Study` and calls `main`. Each run writes a file, and runs with a
file are not repeated. So you can interrupt a study, resume it, and share it among processes. Runs
in the results file that were made on another machine are preserved.

Torch is imported only to train, so that rewriting the tables takes a second.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from itertools import product
from pathlib import Path
from typing import Any

from experiments.study_report import (
    Record,
    read_runs,
    render_precision_and_recall,
    render_scores,
    write_study,
)
from experiments.study_run import Run, train_and_score
from vaner.corpora import corpora_root, evaluation_split, load, lookup, split_file
from vaner.errors import CorpusError, VanerError
from vaner.training.recipe.file import read_recipe
from vaner.training.recipe.schema import Recipe

SIZES = ("small", "full")


@dataclass(frozen=True, slots=True)
class Study:
    """A study.

    Args:
        folder: the folder of the study.
        question: the question that it answers, in one line.
        runs: returns the runs of one seed for the recipe of a size, the size, and the folder of the
            corpora. Runs whose corpus is not installed are skipped with a message.
        keys: the settings that distinguish groups of runs: the first columns of the table.
        baseline: values of some keys. A group is compared with the group that has these values.
        plot: plots the runs into a file; None for no plot.
        recipes: folder of ``small.yaml`` and ``full.yaml``. Every run is a variant of one of them.
    """

    folder: Path
    question: str
    runs: Callable[[Recipe, str, Path | None], Iterable[Run]]
    keys: tuple[str, ...]
    baseline: Mapping[str, Any] = field(default_factory=dict)
    plot: Callable[[Sequence[Record], Path], None] | None = None
    recipes: Path = Path(__file__).resolve().parent

    @property
    def name(self) -> str:
        return self.folder.name

    def recipe(self, size: str) -> Recipe:
        """Return the recipe that every run of a size is a variant of."""
        return read_recipe(self.recipes / f"{size}.yaml")

    def results_file(self, size: str) -> Path:
        """Return the results file of a size."""
        return self.folder / f"results-{size}.json"

    def all_runs(
        self, size: str, root: Path | None = None, seeds: Sequence[int] | None = None
    ) -> Iterator[Run]:
        """Yield every run, seed by seed, so that an interrupted study has complete seeds."""
        recipe = self.recipe(size)
        for seed in seeds or recipe.seeds:
            yield from self.runs(recipe.model_copy(update={"seeds": [seed]}), size, root)


def with_changes(recipe: Recipe, **changes: Any) -> Recipe:
    """Return a recipe with other values, validated again.

    Args:
        recipe: the recipe.
        changes: fields of the recipe. A mapping for ``model`` changes only these model fields.
    """
    content = recipe.model_dump()
    changes["model"] = content["model"] | changes.get("model", {})
    return Recipe.model_validate(content | changes)


def extend_stage(
    recipe: Recipe,
    name: str,
    sources: Sequence[Mapping[str, Any]],
    changes: Mapping[str, Any],
    **model: Any,
) -> Recipe:
    """Return a recipe with the first stage of another one, changed.

    Args:
        recipe: the other recipe.
        name: name of the stage.
        sources: sources to add to those of the stage.
        changes: further fields of the stage.
        model: fields of the model.
    """
    first = recipe.model_dump()["stages"][0]
    stage = first | changes | {"name": name, "sources": [*first["sources"], *sources]}
    return with_changes(recipe, model=model, stages=[stage])


def train_on(
    recipe: Recipe,
    corpora: Sequence[str],
    *,
    nameless_fraction: float | None = None,
    **changes: Any,
) -> Recipe:
    """Return a recipe that trains on other corpora and selects on their devel splits.

    Args:
        recipe: a recipe with one stage, one source and one dev set, which are the templates.
        corpora: the corpora.
        nameless_fraction: probability of the instruction without the corpus's name; the recipe's
            if None.
        changes: further fields, as in `with_changes`.
    """
    [stage], [dev] = recipe.stages, recipe.dev
    source = stage.sources[0].model_dump()
    if nameless_fraction is not None:
        source["nameless_fraction"] = nameless_fraction
    sources = [source | {"corpus": corpus} for corpus in corpora]
    return with_changes(
        recipe,
        stages=[stage.model_dump() | {"sources": sources}],
        dev=[dev.model_dump() | {"corpus": corpus} for corpus in corpora],
        **changes,
    )


def installed_corpora(corpora: Sequence[str], root: Path | None) -> tuple[str, ...]:
    """Return the installed corpora, or all if none is, so that the runs report the missing ones."""
    installed = tuple(name for name in corpora if _why_missing(name, "train", root) is None)
    return installed or tuple(corpora)


def _why_missing(corpus: str, split: str, root: Path | None) -> str | None:
    """Return why a split cannot be loaded, or None."""
    try:
        info = lookup(corpus)
        if info is None or not split_file(info, split, corpora_root(root)):
            load(corpus, split, root=root)
    except CorpusError as error:
        return str(error)
    return None


def find_missing_corpus(run: Run, root: Path | None) -> str | None:
    """Return why a run cannot be made: the message about a missing corpus. None if it can."""
    splits = {(source.corpus, source.split) for source in (*run.recipe.sources, *run.recipe.dev)}
    splits |= {(name, evaluation_split(name)) for name in run.tests}
    messages = (_why_missing(corpus, split, root) for corpus, split in sorted(splits))
    return next((message for message in messages if message), None)


def main(study: Study) -> None:
    """Run the command line of a study."""
    arguments = _parse_arguments(study)
    size, root, output = arguments.size, arguments.corpora, arguments.output / arguments.size
    if arguments.threads:
        import torch

        torch.set_num_threads(arguments.threads)
    try:
        runs = () if arguments.report else study.all_runs(size, root, arguments.seeds)
        stored = read_stored_records(study, size, root) if arguments.missing else {}
        for run in runs:
            is_selected = any(fnmatch(run.name, pattern) for pattern in arguments.only)
            if is_selected and run.name not in stored:
                run_if_needed(run, output, root, arguments.keep_models)
        write_report(study, output, size, root, arguments.seeds or ())
    except VanerError as error:
        sys.exit(f"error: {error}")


def run_if_needed(run: Run, output: Path, root: Path | None, keep_models: bool) -> bool:
    """Make a run that has no record yet and whose corpora are installed, and print its result.

    Returns:
        Whether the run was made.
    """
    if read_record(output, run):
        return False
    if message := find_missing_corpus(run, root):
        print(f"{run.name}: skipped: {message}", file=sys.stderr, flush=True)
        return False
    start = time.monotonic()
    record = (run.make or train_and_score)(run, output, root, keep_models)
    scores = ", ".join(
        f"{name} {100 * figures['micro']['f1']:.2f}" for name, figures in record["tests"].items()
    )
    minutes = (time.monotonic() - start) / 60
    print(f"{run.name}: test F1 {scores}; {minutes:.1f} min", flush=True)
    return True


def write_report(
    study: Study, output: Path, size: str, root: Path | None = None, seeds: Sequence[int] = ()
) -> None:
    """Write the results, the tables and the plot of the finished runs.

    Args:
        study: the study.
        output: folder of its runs.
        size: their size.
        root: folder of the corpora; ``VANER_CORPORA`` if None.
        seeds: further seeds to look for.

    Raises:
        VanerError: if there are no finished runs.
    """
    records = collect_records(study, output, size, root, seeds)
    if not records:
        raise VanerError(f"no finished run in {output}: run the study without --report")
    old = len(read_runs(study.results_file(size)))
    removed = old - len(read_stored_records(study, size, root))
    if removed:
        print(f"{study.name}: removed {removed} runs of former recipes from the results",
              file=sys.stderr)  # fmt: skip
    parts = [
        render_scores(records, study.keys, study.baseline),
        render_precision_and_recall(records, study.keys),
    ]
    if study.plot is not None:
        study.plot(records, study.folder / f"results-{size}.png")
        parts.append(f"![](results-{size}.png)")
    write_study(study.folder, size, records, "\n\n".join(parts))


def collect_records(
    study: Study, output: Path, size: str, root: Path | None = None, seeds: Sequence[int] = ()
) -> list[Record]:
    """Return the records of the finished runs, in the order of the study.

    Records of runs that are not in `output` come from the results file of the study.
    """
    records = read_stored_records(study, size, root)
    known_seeds = {record["seed"] for record in records.values()}
    all_seeds = sorted({*study.recipe(size).seeds, *seeds, *known_seeds})
    runs = list(study.all_runs(size, root, all_seeds))
    records |= {run.name: record for run in runs if (record := read_record(output, run))}
    return [records[run.name] for run in runs if run.name in records]


def read_record(output: Path, run: Run) -> Record | None:
    """Return the record of a run; None if it is missing or has another recipe."""
    try:
        record: Record = json.loads((output / f"{run.name}.json").read_text("utf-8"))
    except FileNotFoundError:
        return None
    return record if _is_record_of(record, run) else None


def read_stored_records(study: Study, size: str, root: Path | None = None) -> dict[str, Record]:
    """Return the records in the results file of a study, by the names of their runs.

    Records of runs that the study no longer has, or has with another recipe, are left out.
    """
    records = read_runs(study.results_file(size))
    runs = study.all_runs(size, root, sorted({record["seed"] for record in records}))
    return {
        run.name: record for run, record in product(runs, records) if _is_record_of(record, run)
    }


def _is_record_of(record: Record, run: Run) -> bool:
    expected = {**run.details, "seed": run.seed, "test_limit": run.test_limit}
    if any(record.get(name) != value for name, value in expected.items()):
        return False
    try:  # parse it, because a recipe from before a field existed may still be the same
        recipe = Recipe.from_record(record["recipe"])
    except ValueError:
        return False
    return recipe.model_copy(update={"name": run.recipe.name}) == run.recipe


def _parse_arguments(study: Study) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog=f"python -m experiments.{study.name}.run", description=study.question
    )
    parser.add_argument("--size", choices=SIZES, default="small")
    parser.add_argument("--only", nargs="+", default=["*"], metavar="PATTERN",
                        help="names of runs: --only '*-BC2GM-*'")  # fmt: skip
    parser.add_argument("--seeds", type=int, nargs="+", help="instead of the recipe's: 1 2 3")
    parser.add_argument("--report", action="store_true", help="only write the finished runs")
    add_common_options(parser, Path("runs") / study.name)
    return parser.parse_args()


def add_common_options(parser: argparse.ArgumentParser, output: Path) -> None:
    """Add the options that a study and the list of jobs share."""
    parser.add_argument("--corpora", type=Path, help="folder of the corpora (or VANER_CORPORA)")
    parser.add_argument("--output", type=Path, default=output)
    parser.add_argument("--threads", type=int, help="CPU threads, to run several at once")
    parser.add_argument("--missing", action="store_true",
                        help="skip the runs that are in the results file")  # fmt: skip
    parser.add_argument("--keep-models", action="store_true", help="store the models in --output")
