"""What every experiment does: train its recipe, choose on devel, score test once, keep it all.

Each folder has a recipe.yaml and a run.py of a few lines that calls `main`; results.json beside
them holds what came out, and `python -m experiments.results_table` makes the tables from those
files.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vaner.annotator import Annotator
from vaner.corpora import evaluation_split, load, training_split
from vaner.errors import CorpusError, VanerError
from vaner.evaluation.evaluate import evaluate
from vaner.training.recipe.file import read_recipe
from vaner.training.recipe.schema import Recipe
from vaner.training.run_record import dev_told, source_told
from vaner.training.train import train
from vaner.utils.provenance import collect_provenance


def main(
    script: str,
    *,
    corpora: Sequence[str],
    also: Sequence[str] = (),
    limit: int | None = None,
    ship: str | None = None,
) -> None:
    """Run the experiment whose run.py is `script`.

    Args:
        script: the caller's ``__file__``.
        corpora: registered corpora to score test of, or devel of those without a test split.
        also: corpora the model never saw, scored on test: the honest figure.
        limit: score only the first so many documents of each, and say so; all if None.
        ship: name of the embedded model that the best seed becomes; the shipped files are then
            what is scored.
    """
    folder = Path(script).resolve().parent
    arguments = _arguments(folder)
    made = collect_provenance()  # before a model is shipped, which changes the checkout
    try:
        recipe = read_recipe(folder / "recipe.yaml")
        if arguments.seeds:
            recipe = recipe.model_copy(update={"seeds": arguments.seeds})
        if not arguments.score_only:
            train(recipe, arguments.output, corpora_root=arguments.corpora, resume=arguments.resume)
        models = _models(recipe, arguments.output)
        if ship is not None:
            models = [_shipped(models, ship)]
        seeds = [_scored(*model, corpora, also, limit, arguments) for model in models]
    except VanerError as error:
        sys.exit(f"error: {error}")
    record = {
        "name": recipe.name,
        "backbone": recipe.model.backbone,
        "chosen_on": [dev_told(dev) for dev in recipe.dev],
        "trained_on": _trained_on(recipe),
        "seeds": seeds,
        **made,
    }
    text = json.dumps(record, indent=1, ensure_ascii=False)
    (folder / "results.json").write_text(text + "\n", "utf-8")
    if ship is not None:
        from experiments.shipped_model import write_card

        write_card(record, ship)


def _arguments(folder: Path) -> argparse.Namespace:
    module = ".".join(folder.relative_to(Path(__file__).resolve().parent).parts)
    parser = argparse.ArgumentParser(prog=f"python -m experiments.{module}.run")
    parser.add_argument("--corpora", type=Path, help="where the corpora lie (or VANER_CORPORA)")
    parser.add_argument("--output", type=Path, default=Path("runs") / folder.name)
    parser.add_argument("--seeds", type=int, nargs="+", help="others than the recipe's: 1 2 3")
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    parser.add_argument("--score-only", action="store_true", help="models in --output are trained")
    return parser.parse_args()


def _models(recipe: Recipe, output: Path) -> list[tuple[Path, dict[str, Any]]]:
    """The model of each seed, with what its training put down."""
    found = []
    for seed in recipe.seeds:
        folder = output / f"seed-{seed}"
        if not (folder / "training.json").is_file():
            raise VanerError(f"{folder}: no finished training here; run without --score-only")
        found.append((folder / "model", json.loads((folder / "training.json").read_text("utf-8"))))
    return found


def _shipped(models: Sequence[tuple[Path, dict[str, Any]]], name: str) -> tuple[Path, Any]:
    """Ship the seed with the best dev score."""
    from experiments.shipped_model import ship

    model, training = max(models, key=lambda found: found[1]["dev_f1"])
    return ship(model, name), training


def _scored(
    model: Path,
    training: dict[str, Any],
    corpora: Sequence[str],
    also: Sequence[str],
    limit: int | None,
    arguments: argparse.Namespace,
) -> dict[str, Any]:
    annotator = Annotator.from_pretrained(model)
    scores: dict[str, Any] = {}
    for name in (*corpora, *also):
        split = evaluation_split(name) or "devel"
        print(f"scoring {name} {split} …", file=sys.stderr, flush=True)
        seen = _train_split(name, arguments.corpora) if name in corpora else None
        gold = load(name, split, root=arguments.corpora)
        found = evaluate(annotator, gold, train=seen, limit=limit)
        print(f"{name} {split}\n{found.report.table()}", flush=True)
        scores[f"{name} {split}"] = found.to_dict()
    kept = ("seed", "dev_f1", "seconds", "mentions", "unreachable", "dropped_words")
    return {**{key: training[key] for key in kept}, "scores": scores, "unseen_corpora": list(also)}


def _train_split(name: str, root: Path | None) -> Any:
    try:
        return load(name, training_split(name), root=root)
    except CorpusError:
        return None


def _trained_on(recipe: Recipe) -> list[str]:
    sources = recipe.sources
    return list(dict.fromkeys(map(source_told, sources)))
