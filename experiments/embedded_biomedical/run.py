"""The first model of nine types: python -m experiments.embedded_biomedical.run

First trains the model of ../six_corpora, which the recipe begins with, and a model by a shorter
variant of the recipe, unless they exist. The final model is an average of that model and the one of
the recipe.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from experiments.averages import average_models, score_dev_sets
from experiments.experiment import main
from experiments.studies import with_changes
from experiments.study_report import write_record
from vaner.annotator import Annotator
from vaner.backbones.file_names import TRAINING_FILE
from vaner.training.recipe.file import read_recipe
from vaner.training.recipe.schema import Recipe
from vaner.training.train import train

HERE = Path(__file__).resolve().parent
SIX_CORPORA = Path("runs") / "six_corpora"
FIRST = Path("runs") / "embedded_biomedical_first"
SHARE = 0.3
"""Share of the shorter training in the weights of the final model."""

CORPORA = [
    "NCBI-disease", "BC5CDR", "BC2GM", "JNLPBA-cells", "Linnaeus", "S800", "BioRED", "NLM-Gene",
    "GNormPlus", "tmVar3", "BioID", "BioNLP13CG", "BioNLP13PC", "BioNLP11ID", "CRAFT", "AnatEM",
]  # fmt: skip


def train_unless_done(recipe: Recipe, output: Path) -> None:
    """Train a recipe unless its model exists."""
    if not (output / "seed-1" / "model").is_dir():
        train(recipe, output, corpora_root=os.environ.get("VANER_CORPORA"), resume=True)


def shorten(recipe: Recipe) -> Recipe:
    """Return the recipe with a third of the steps and without text that is not biomedical."""
    [stage] = recipe.model_dump()["stages"]
    sources = [source for source in stage["sources"] if not source["absent"]]
    changes = {"sources": sources, "steps": 5000, "evaluate_every": 1000}
    return with_changes(recipe, stages=[stage | changes])


def average_with(
    first: Path, share: float, models: Sequence[Path], root: Path | None
) -> tuple[Path, float]:
    """Return the average of models, with this share of the first one, and its dev F1."""
    folder = models[0].parent / "average"
    average_models(first, share, models, folder)
    recipe = read_recipe(HERE / "recipe.yaml")
    annotator = Annotator.from_pretrained(folder, form="pytorch")
    dev_f1 = score_dev_sets(annotator, recipe, root, name_corpus=True)
    record, *others = (json.loads((model / TRAINING_FILE).read_text("utf-8")) for model in models)
    seconds = record["seconds"] + sum(other["seconds"] for other in others)
    write_record(record | {"dev_f1": dev_f1, "seconds": seconds}, folder / TRAINING_FILE)
    return folder, dev_f1


def make_recipe() -> Recipe:
    """Return the recipe, after the trainings that it needs."""
    train_unless_done(read_recipe(HERE.parent / "six_corpora" / "recipe.yaml"), SIX_CORPORA)
    recipe = read_recipe(HERE / "recipe.yaml")
    train_unless_done(shorten(recipe), FIRST)
    return recipe


if __name__ == "__main__":
    finish = partial(average_with, FIRST / "seed-1" / "model", SHARE)
    main(__file__, corpora=CORPORA, make_recipe=make_recipe, finish=finish)
