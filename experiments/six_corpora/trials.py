"""What the second stage adds, and which share of the weights before it to keep, measured on devel.

    python -m experiments.six_corpora.trials

Trains the second stage again without the sentences labeled by the teacher, from the end of the
first stage of the run in --run. Then scores the weights before and after, and averages of the two,
on the recipe's dev sets. Writes trials.json and its table in README.md. No test split is scored.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import TrainerState

from experiments.results_table import fill_part
from experiments.studies import with_changes
from experiments.study_report import write_record
from vaner.errors import VanerError
from vaner.training.data.sources import DevSet
from vaner.training.learners.choice import build_learner
from vaner.training.learners.learner import Learner
from vaner.training.plan import resolve_recipe
from vaner.training.precision import uses_bf16
from vaner.training.recipe.file import read_recipe
from vaner.training.recipe.schema import Recipe
from vaner.training.train import train
from vaner.training.weight_averages import copy_trained_weights, interpolate_weights
from vaner.utils.provenance import collect_provenance

HERE = Path(__file__).resolve().parent
SHARES = (0.5, 0.6, 0.7)

Row = dict[str, Any]  # weights -> what they are, each dev set and "all" -> F1 in percent


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m experiments.six_corpora.trials")
    parser.add_argument(
        "--corpora", type=Path, help="folder of the corpora (default: VANER_CORPORA)"
    )
    parser.add_argument("--run", type=Path, default=Path("runs") / HERE.name)
    parser.add_argument("--output", type=Path, default=Path("runs") / f"{HERE.name}_trials")
    arguments = parser.parse_args()
    try:
        recipe = read_recipe(HERE / "recipe.yaml")
        rows = list(score_trials(recipe, arguments.run, arguments.output, arguments.corpora))
    except VanerError as error:
        sys.exit(f"error: {error}")
    record = {"scores": "strict micro F1 on the dev sets, percent", "seed": recipe.seeds[0],
              "rows": rows, **collect_provenance()}  # fmt: skip
    write_record(record, HERE / "trials.json")
    readme = HERE / "README.md"
    readme.write_text(fill_part(readme.read_text("utf-8"), table(rows), "trials"), "utf-8")


def score_trials(recipe: Recipe, run: Path, output: Path, root: Path | None) -> Iterator[Row]:
    """Yield the scores of each trial."""
    first, second = recipe.stages
    run_folder = run / f"seed-{recipe.seeds[0]}"
    before = best_checkpoint(run_folder / f"stage-1-{first.name}")
    after = best_checkpoint(run_folder / f"stage-2-{second.name}")
    without = train_without_teacher(recipe, run_folder, output, root)
    plan = resolve_recipe(recipe, root)
    learner = build_learner(plan)
    precision = torch.bfloat16 if uses_bf16(recipe.precision) else None

    def row(weights: str) -> Row:
        scores = score_dev_sets(learner, plan.dev, precision)
        print(f"{weights}: {scores['all']:.2f}", flush=True)
        return {"weights": weights, **scores}

    learner.model.load_trained_weights(without)
    same = row("one more epoch of the same")
    learner.model.load_trained_weights(before)
    yield row(f"after stage {first.name}")
    yield same
    old = copy_trained_weights(learner.model)
    for share in (0.0, *SHARES):
        learner.model.load_trained_weights(after)
        interpolate_weights(learner.model, old, share)
        yield row(
            f"weight_interpolation: {share}"
            if share
            else "one more epoch, with the teacher's sentences"
        )


def best_checkpoint(stage: Path) -> Path:
    """Return the checkpoint of a stage that is best on devel.

    Raises:
        VanerError: if the stage has no checkpoint.
    """
    last = max(stage.glob("checkpoint-*"), key=lambda p: int(p.name[11:]), default=None)
    if last is None:
        raise VanerError(f"{stage}: no checkpoint; train first, with --keep-checkpoints, see --run")
    best = TrainerState.load_from_json(str(last / "trainer_state.json")).best_model_checkpoint
    return stage / Path(best or last).name


def train_without_teacher(
    recipe: Recipe, run_folder: Path, output: Path, root: Path | None
) -> Path:
    """Return the checkpoint after a second stage without the sentences of the teacher."""
    first, second = recipe.stages
    stage = second.model_dump()
    stage["sources"] = [source for source in stage["sources"] if source.get("teacher") is None]
    trial = with_changes(recipe, stages=[first.model_dump(), stage | {"weight_interpolation": 0.0}])
    trial_folder = output / run_folder.name
    if not trial_folder.exists():
        name = f"stage-1-{first.name}"
        shutil.copytree(run_folder / name, trial_folder / name)
    train(trial, output, corpora_root=root, resume=True, keep_checkpoints=True)
    return best_checkpoint(trial_folder / f"stage-2-{second.name}")


def score_dev_sets(
    learner: Learner, dev: Sequence[DevSet], precision: torch.dtype | None
) -> Mapping[str, float]:
    """Return F1 in percent over all dev sets and on each."""
    learner.model.train(False)
    scores = learner.score(dev, precision)
    names = {"eval_f1": "all"} | {f"eval_f1_{d.corpus.name}": d.corpus.name for d in dev}
    return {name: round(100 * scores[key], 2) for key, name in names.items()}


def table(rows: list[Row]) -> str:
    """Return the rows as a Markdown table."""
    columns = list(rows[0])
    lines = [f"| {' | '.join(columns)} |", "|---|" + "--:|" * (len(columns) - 1)]
    for row in rows:
        cells = (f"{row[column]:.2f}" for column in columns[1:])
        lines.append(f"| {row['weights']} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
