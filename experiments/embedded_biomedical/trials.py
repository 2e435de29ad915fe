"""What the second stage brings, and which share of the weights before it is kept: on devel.

    python -m experiments.embedded_biomedical.trials

Trains the second stage once more without the taught sentences, beginning where the run in --run
had ended its first, and scores the weights before and after, and means of the two, on the recipe's
dev sets. Writes trials.json and its table in README.md. No test split is read for a figure.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import TrainerState

from experiments.results_table import fill_part
from experiments.studies import with_changes
from vaner.errors import VanerError
from vaner.training.data.sources import DevSet
from vaner.training.learners.choice import build_learner
from vaner.training.learners.learner import Learner
from vaner.training.plan import resolve_recipe
from vaner.training.recipe.file import read_recipe
from vaner.training.recipe.schema import Recipe
from vaner.training.train import train
from vaner.training.trainer import uses_bf16
from vaner.training.weight_averages import copy_trained_weights, interpolate_weights
from vaner.utils.provenance import collect_provenance

HERE = Path(__file__).resolve().parent
KEPT = (0.5, 0.6, 0.7)

Row = dict[str, Any]  # weights -> what they are, each dev set and "all" -> F1 in percent


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m experiments.embedded_biomedical.trials")
    parser.add_argument("--corpora", type=Path, help="where the corpora lie (or VANER_CORPORA)")
    parser.add_argument("--run", type=Path, default=Path("runs") / HERE.name)
    parser.add_argument("--output", type=Path, default=Path("runs") / f"{HERE.name}_trials")
    arguments = parser.parse_args()
    try:
        recipe = read_recipe(HERE / "recipe.yaml")
        rows = list(scored(recipe, arguments.run, arguments.output, arguments.corpora))
    except VanerError as error:
        sys.exit(f"error: {error}")
    record = {"figures": "strict micro F1 on the dev sets, percent", "seed": recipe.seeds[0],
              "rows": rows, **collect_provenance()}  # fmt: skip
    text = json.dumps(record, indent=1, ensure_ascii=False)
    (HERE / "trials.json").write_text(text + "\n", "utf-8")
    readme = HERE / "README.md"
    readme.write_text(fill_part(readme.read_text("utf-8"), table(rows), "trials"), "utf-8")


def scored(recipe: Recipe, run: Path, output: Path, root: Path | None) -> Iterator[Row]:
    """Every trial's figures, as they come."""
    first, second = recipe.stages
    place = run / f"seed-{recipe.seeds[0]}"
    before = chosen(place / f"stage-1-{first.name}")
    after = chosen(place / f"stage-2-{second.name}")
    without = untaught(recipe, place, output, root)
    plan = resolve_recipe(recipe, root)
    learner = build_learner(plan)
    precision = torch.bfloat16 if uses_bf16(recipe.precision) else None

    def row(weights: str) -> Row:
        found = figures(learner, plan.dev, precision)
        print(f"{weights}: {found['all']:.2f}", flush=True)
        return {"weights": weights, **found}

    learner.model.load_trained_weights(without)
    same = row("one more epoch of the same")
    learner.model.load_trained_weights(before)
    yield row(f"after stage {first.name}")
    yield same
    old = copy_trained_weights(learner.model)
    for kept in (0.0, *KEPT):
        learner.model.load_trained_weights(after)
        interpolate_weights(learner.model, old, kept)
        yield row(f"kept: {kept}" if kept else "one more epoch, with taught sentences")


def chosen(stage: Path) -> Path:
    """The checkpoint of a stage that is best on devel.

    Raises:
        VanerError: where the stage has none.
    """
    last = max(stage.glob("checkpoint-*"), key=lambda p: int(p.name[11:]), default=None)
    if last is None:
        raise VanerError(f"{stage}: no checkpoint; train first, see --run")
    best = TrainerState.load_from_json(str(last / "trainer_state.json")).best_model_checkpoint
    return stage / Path(best or last).name


def untaught(recipe: Recipe, place: Path, output: Path, root: Path | None) -> Path:
    """The checkpoint after a second stage without the taught sentences."""
    first, second = recipe.stages
    stage = second.model_dump()
    stage["sources"] = [source for source in stage["sources"] if source.get("teacher") is None]
    wanted = with_changes(
        recipe, stages=[first.model_dump(), stage | {"weight_interpolation": 0.0}]
    )
    there = output / place.name
    if not there.exists():
        name = f"stage-1-{first.name}"
        shutil.copytree(place / name, there / name)
    train(wanted, output, corpora_root=root, resume=True)
    return chosen(there / f"stage-2-{second.name}")


def figures(
    learner: Learner, dev: Sequence[DevSet], precision: torch.dtype | None
) -> Mapping[str, float]:
    """F1 in percent over all dev sets and on each."""
    learner.model.train(False)
    found = learner.score(dev, precision)
    names = {"eval_f1": "all"} | {f"eval_f1_{d.corpus.name}": d.corpus.name for d in dev}
    return {name: round(100 * found[key], 2) for key, name in names.items()}


def table(rows: list[Row]) -> str:
    """The rows as Markdown."""
    columns = list(rows[0])
    lines = [f"| {' | '.join(columns)} |", "|---|" + "--:|" * (len(columns) - 1)]
    for row in rows:
        cells = (f"{row[column]:.2f}" for column in columns[1:])
        lines.append(f"| {row['weights']} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
