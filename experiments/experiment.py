"""Runs an experiment: train its recipe, select on devel, score test once, write the results.

Each experiment is a folder with a recipe.yaml and a short run.py that calls `main`. The results go
to results.json in that folder, and `python -m experiments.results_table` writes the tables.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from experiments.study_report import write_record
from vaner.annotator import Annotator
from vaner.corpora import evaluation_split, load, training_split
from vaner.errors import CorpusError, VanerError
from vaner.evaluation.evaluate import evaluate
from vaner.text.documents import Corpus
from vaner.training.recipe.file import read_recipe
from vaner.training.recipe.schema import Recipe
from vaner.training.run_record import describe_dev_set, describe_source
from vaner.training.train import train
from vaner.utils.provenance import collect_provenance

STORED_FIELDS = ("seed", "dev_f1", "seconds", "mentions", "unreachable", "dropped_words")
"""Fields of training.json that results.json repeats."""


def main(
    script: str,
    *,
    corpora: Sequence[str],
    make_recipe: Callable[[], Recipe] | None = None,
    also: Sequence[str] = (),
    limit: int | None = None,
    ship: str | None = None,
    finish: Callable[[Sequence[Path], Path | None], tuple[Path, float]] | None = None,
) -> None:
    """Run the experiment of a run.py.

    Args:
        script: ``__file__`` of the run.py.
        corpora: registered corpora whose test split is scored, or devel if there is no test split.
        make_recipe: returns the recipe; recipe.yaml next to the run.py if None.
        also: corpora that the model was not trained on, whose test split is scored too.
        limit: number of documents of each test split to score; all if None.
        ship: name of the embedded model to replace with the seed that is best on devel. The files
            in the package are then the ones that are scored.
        finish: makes the final model of those of all seeds, given their folders and that of the
            corpora. Returns the folder of the final model and its dev F1.
    """
    folder = Path(script).resolve().parent
    arguments = _parse_arguments(folder)
    provenance = collect_provenance()  # before shipping a model, which changes the checkout
    try:
        recipe = make_recipe() if make_recipe else read_recipe(folder / "recipe.yaml")
        if arguments.seeds:
            recipe = recipe.model_copy(update={"seeds": arguments.seeds})
        if not arguments.score_only:
            train(
                recipe, arguments.output, corpora_root=arguments.corpora, resume=arguments.resume,
                keep_checkpoints=True,
            )  # fmt: skip
        models = _find_models(recipe, arguments.output)
        if finish is not None:
            model, dev_f1 = finish([model for model, _ in models], arguments.corpora)
            seconds = sum(record["seconds"] for _, record in models)
            models = [(model, models[0][1] | {"dev_f1": dev_f1, "seconds": seconds})]
        if ship is not None:
            models = [_ship_best(models, ship)]
        seeds = [_score(*model, corpora, also, limit, arguments.corpora) for model in models]
    except VanerError as error:
        sys.exit(f"error: {error}")
    record = {
        "name": recipe.name,
        "backbone": recipe.model.backbone,
        "chosen_on": [describe_dev_set(dev) for dev in recipe.dev],
        "trained_on": list(dict.fromkeys(map(describe_source, recipe.sources))),
        "seeds": seeds,
        **provenance,
    }
    _write_record(record, folder, ship)


def rescore(script: str, *, corpora: Sequence[str], name: str) -> None:
    """Score the model in the package again, and replace the scores in results.json and its card.

    Args:
        script: ``__file__`` of the run.py.
        corpora: as in `main`.
        name: name of the embedded model.
    """
    from experiments.shipped_model import get_shipped_folder

    folder, provenance = Path(script).resolve().parent, collect_provenance()
    record = json.loads((folder / "results.json").read_text("utf-8"))
    [training] = record["seeds"]
    try:
        scores = _score(get_shipped_folder(name), training, corpora, (), None, None)
    except VanerError as error:
        sys.exit(f"error: {error}")
    _write_record({**record, "seeds": [scores], **provenance}, folder, name)


def _write_record(record: dict[str, Any], folder: Path, ship: str | None) -> None:
    write_record(record, folder / "results.json")
    if ship is not None:
        from experiments.shipped_model import write_card

        write_card(record, ship)


def _parse_arguments(folder: Path) -> argparse.Namespace:
    module = ".".join(folder.relative_to(Path(__file__).resolve().parent).parts)
    parser = argparse.ArgumentParser(prog=f"python -m experiments.{module}.run")
    parser.add_argument("--corpora", type=Path, help="folder of the corpora (or VANER_CORPORA)")
    parser.add_argument("--output", type=Path, default=Path("runs") / folder.name)
    parser.add_argument("--seeds", type=int, nargs="+", help="instead of the recipe's: 1 2 3")
    parser.add_argument("--resume", action="store_true", help="continue from the last checkpoint")
    parser.add_argument("--score-only", action="store_true", help="use the models in --output")
    return parser.parse_args()


def _find_models(recipe: Recipe, output: Path) -> list[tuple[Path, dict[str, Any]]]:
    """Return the model folder and the training record of each seed."""
    models = []
    for seed in recipe.seeds:
        folder = output / f"seed-{seed}"
        record = folder / "training.json"
        if not record.is_file():
            raise VanerError(f"{folder}: no finished training here; run without --score-only")
        models.append((folder / "model", json.loads(record.read_text("utf-8"))))
    return models


def _ship_best(models: Sequence[tuple[Path, dict[str, Any]]], name: str) -> tuple[Path, Any]:
    """Copy the model with the best dev F1 into the package."""
    from experiments.shipped_model import ship

    model, training = max(models, key=lambda item: item[1]["dev_f1"])
    return ship(model, name), training


def _score(
    model: Path,
    training: dict[str, Any],
    corpora: Sequence[str],
    also: Sequence[str],
    limit: int | None,
    root: Path | None,
) -> dict[str, Any]:
    annotator = Annotator.from_pretrained(model, form="pytorch")
    scores: dict[str, Any] = {}
    for name in (*corpora, *also):
        split = evaluation_split(name) or "devel"
        print(f"scoring {name} {split} …", file=sys.stderr, flush=True)
        train_split = _load_train_split(name, root) if name in corpora else None
        gold = load(name, split, root=root)
        result = evaluate(annotator, gold, train=train_split, limit=limit)
        print(f"{name} {split}\n{result.report.table()}", flush=True)
        scores[f"{name} {split}"] = result.to_dict()
    stored = {field: training[field] for field in STORED_FIELDS}
    return {**stored, "scores": scores, "unseen_corpora": list(also)}


def _load_train_split(name: str, root: Path | None) -> Corpus | None:
    try:
        return load(name, training_split(name), root=root)
    except CorpusError:
        return None
