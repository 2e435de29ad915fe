"""A study: trainings that differ in one thing, each scored on test once, each a file of its own.

A study's run.py makes a `Study` and hands it to `main`. Runs whose file is there are not run
again, so a study can be stopped at any time, shared out over processes, and gone on with. What was
run elsewhere and is in the results file stays there, beside what is run now.

What trains is imported where something is trained: a table is written anew in a second.
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

from experiments.study_report import Record, read_runs, sides, table, write
from experiments.study_run import Run, run
from vaner.corpora import corpora_root, evaluation_split, load, lookup, split_file
from vaner.errors import CorpusError, VanerError
from vaner.training.recipe.file import read_recipe
from vaner.training.recipe.schema import Recipe

SIZES = ("small", "full")


@dataclass(frozen=True, slots=True)
class Study:
    """A study as its run.py has it.

    Args:
        folder: its folder.
        question: what it asks, in one line.
        runs: the runs of one seed, made of the recipe of a size; told where the corpora lie. Those
            of a corpus that is not at hand are left out, and told.
        keys: details that tell its groups of runs apart: the first columns of its table.
        baseline: values of some keys; a group is compared with the one that has these instead.
        plot: draws the runs into a file; there is no plot if None.
        recipes: folder of ``small.yaml`` and ``full.yaml``, of which every run is a variant.
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
        """The recipe that every run of a size is a variant of."""
        return read_recipe(self.recipes / f"{size}.yaml")

    def all_runs(
        self, size: str, root: Path | None = None, seeds: Sequence[int] | None = None
    ) -> Iterator[Run]:
        """Every run, seed by seed: a study that is stopped early has whole seeds."""
        recipe = self.recipe(size)
        for seed in seeds or recipe.seeds:
            yield from self.runs(recipe.model_copy(update={"seeds": [seed]}), size, root)


def varied(recipe: Recipe, **changes: Any) -> Recipe:
    """The recipe with other values, checked again.

    Args:
        recipe: the recipe.
        changes: fields of the recipe; a mapping for ``model`` changes that model's fields only.
    """
    content = recipe.model_dump()
    changes["model"] = content["model"] | changes.get("model", {})
    return Recipe.model_validate(content | changes)


def taught(
    recipe: Recipe,
    corpora: Sequence[str],
    *,
    nameless_fraction: float | None = None,
    **changes: Any,
) -> Recipe:
    """The recipe on other corpora, each chosen by on its devel.

    Args:
        recipe: a recipe whose one stage has one source, and which has one dev set: the patterns.
        corpora: what is trained on and chosen by.
        nameless_fraction: probability of the instruction without the corpus's name;
            the recipe's if None.
        changes: further fields, as for `varied`.
    """
    [stage], [dev] = recipe.stages, recipe.dev
    source = stage.sources[0].model_dump()
    if nameless_fraction is not None:
        source["nameless_fraction"] = nameless_fraction
    sources = [source | {"corpus": corpus} for corpus in corpora]
    return varied(
        recipe,
        stages=[stage.model_dump() | {"sources": sources}],
        dev=[dev.model_dump() | {"corpus": corpus} for corpus in corpora],
        **changes,
    )


def present(corpora: Sequence[str], root: Path | None) -> tuple[str, ...]:
    """Those of the corpora whose files are at hand; all where none is, so that this is told."""
    found = tuple(name for name in corpora if _missing(name, "train", root) is None)
    return found or tuple(corpora)


def _missing(corpus: str, split: str, root: Path | None) -> str | None:
    """Why a split cannot be had here, or None."""
    try:
        info = lookup(corpus)
        if info is None or not split_file(info, split, corpora_root(root)):
            load(corpus, split, root=root)
    except CorpusError as problem:
        return str(problem)
    return None


def lacking(one: Run, root: Path | None) -> str | None:
    """Why a run cannot be made here, or None: a corpus of it is missing."""
    sources = [source for stage in one.recipe.stages for source in stage.sources]
    wanted = {(source.corpus, source.split) for source in (*sources, *one.recipe.dev)}
    wanted |= {(name, evaluation_split(name)) for name in one.tests}
    found = (_missing(corpus, split, root) for corpus, split in sorted(wanted))
    return next((problem for problem in found if problem), None)


def main(study: Study) -> None:
    """The command line of a study's run.py."""
    arguments = _arguments(study)
    output = arguments.output / arguments.size
    if arguments.threads:
        import torch

        torch.set_num_threads(arguments.threads)
    try:
        wanted = study.all_runs(arguments.size, arguments.corpora, arguments.seeds)
        done = kept(study, arguments.size, arguments.corpora) if arguments.missing else {}
        for one in () if arguments.report else wanted:
            asked = any(fnmatch(one.name, pattern) for pattern in arguments.only)
            if asked and one.name not in done:
                run_or_leave(one, output, arguments.corpora, arguments.keep_models)
        tell(study, output, arguments.size, arguments.corpora, arguments.seeds or ())
    except VanerError as error:
        sys.exit(f"error: {error}")


def run_or_leave(one: Run, output: Path, root: Path | None, keep_models: bool) -> bool:
    """Make a run if it is not there and its corpora are, and say how it went.

    Returns:
        Whether it was made now.
    """
    if made_in(output, one):
        return False
    if problem := lacking(one, root):
        print(f"{one.name}: left out: {problem}", file=sys.stderr, flush=True)
        return False
    started = time.monotonic()
    made = (one.make or run)(one, output, root, keep_models)
    figures = ", ".join(
        f"{name} {100 * found['micro']['f1']:.2f}" for name, found in made["tests"].items()
    )
    minutes = (time.monotonic() - started) / 60
    print(f"{one.name}: test F1 {figures}; {minutes:.1f} min", flush=True)
    return True


def tell(
    study: Study, output: Path, size: str, root: Path | None = None, seeds: Sequence[int] = ()
) -> None:
    """Write down what is finished: results, table, plot.

    Args:
        study: the study.
        output: folder of its runs.
        size: their size.
        root: where the corpora lie; ``VANER_CORPORA`` if None.
        seeds: those to look for besides the recipe's.

    Raises:
        VanerError: where nothing is.
    """
    records = finished(study, output, size, root, seeds)
    if not records:
        raise VanerError(f"no finished run in {output}")
    former = len(read_runs(_results(study, size))) - len(kept(study, size, root))
    if former:
        print(f"{study.name}: {former} runs of former recipes taken out of the results",
              file=sys.stderr)  # fmt: skip
    parts = [table(records, study.keys, study.baseline), sides(records, study.keys)]
    if study.plot is not None:
        study.plot(records, study.folder / f"results-{size}.png")
        parts.append(f"![](results-{size}.png)")
    write(study.folder, size, records, "\n\n".join(parts))


def finished(
    study: Study, output: Path, size: str, root: Path | None = None, seeds: Sequence[int] = ()
) -> list[Record]:
    """The records of the runs that are done, in the order of the study.

    Those that are not in `output` were made elsewhere: they are taken from the study's own results.
    """
    found = kept(study, size, root)
    told = {*study.recipe(size).seeds, *seeds, *(record["seed"] for record in found.values())}
    runs = list(study.all_runs(size, root, sorted(told)))
    found |= {one.name: record for one in runs if (record := made_in(output, one))}
    return [found[one.name] for one in runs if one.name in found]


def made_in(output: Path, one: Run) -> Record | None:
    """The record of a run in a folder of runs; None where it is not there, or of another recipe."""
    try:
        record: Record = json.loads((output / f"{one.name}.json").read_text("utf-8"))
    except FileNotFoundError:
        return None
    return record if _is_of(record, one) else None


def _results(study: Study, size: str) -> Path:
    return study.folder / f"results-{size}.json"


def kept(study: Study, size: str, root: Path | None = None) -> dict[str, Record]:
    """The records in the study's own results, by the names of their runs.

    Those of runs that the study does not have, or has with another recipe by now, are left out.
    """
    records = read_runs(_results(study, size))
    runs = study.all_runs(size, root, sorted({record["seed"] for record in records}))
    return {one.name: record for one, record in product(runs, records) if _is_of(record, one)}


def _is_of(record: Record, one: Run) -> bool:
    told = {**one.details, "seed": one.seed, "test_limit": one.test_limit}
    if any(record.get(name) != value for name, value in told.items()):
        return False
    try:  # read as a recipe, so that one from before a field was there is still the same
        made = Recipe.from_record(record["recipe"])
    except ValueError:
        return False
    return made.model_copy(update={"name": one.recipe.name}) == one.recipe


def _arguments(study: Study) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog=f"python -m experiments.{study.name}.run", description=study.question
    )
    parser.add_argument("--size", choices=SIZES, default="small")
    parser.add_argument("--only", nargs="+", default=["*"], metavar="PATTERN",
                        help="runs by name, as in: --only '*-BC2GM-*'")  # fmt: skip
    parser.add_argument("--seeds", type=int, nargs="+", help="others than the recipe's")
    parser.add_argument("--report", action="store_true", help="only write what is done down")
    add_common(parser, Path("runs") / study.name)
    return parser.parse_args()


def add_common(parser: argparse.ArgumentParser, output: Path) -> None:
    """The options that one study and the list of all of them share."""
    parser.add_argument("--corpora", type=Path, help="where the corpora lie (or VANER_CORPORA)")
    parser.add_argument("--output", type=Path, default=output)
    parser.add_argument("--threads", type=int, help="CPU threads, for runs side by side")
    parser.add_argument("--missing", action="store_true",
                        help="no run that the results file has already")  # fmt: skip
    parser.add_argument("--keep-models", action="store_true", help="leave the models in --output")
