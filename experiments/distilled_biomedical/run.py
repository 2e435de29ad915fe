"""The model that the default model begins with: python -m experiments.distilled_biomedical.run

Continues the training of ../embedded_biomedical with its sources, the probabilities that the model
of ../embedded_biomedical_base predicts for unannotated text and for copies of sentences with other
names, and copies of sentences with other variants: see sources.py. VANER_TEXTS is the folder of the
texts. The final model is an average of the trained model and the one that the training starts from.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from experiments.distilled_biomedical.sources import NameSources, check_trained, make_sources
from experiments.embedded_biomedical.run import CORPORA, average_with
from experiments.experiment import main
from experiments.studies import extend_stage
from vaner.training.recipe.file import read_recipe
from vaner.training.recipe.schema import Recipe

FIRST = Path(__file__).resolve().parent.parent / "embedded_biomedical" / "recipe.yaml"
START = Path("runs/embedded_biomedical/seed-1/average")
TEACHER = Path("runs/embedded_biomedical_base/seed-1/model")
SOURCES = Path("runs/distilled_biomedical_sources")
TEXT_SHARE = 0.6
"""Share of the lines of each text to use: a run of `STAGE` does not see more sentences."""

NAMES = NameSources({
    "Disease": ["ctd"], "Chemical": ["open"], "Gene": ["open"], "Species": ["genomes"],
})  # fmt: skip

STAGE = {
    "steps": 10000, "evaluate_every": 1000, "learning_rate": 1e-4, "head_learning_rate": 2e-3,
}  # fmt: skip

SHARE = 0.3
"""Share of the weights that the training starts from in those of the final model."""


def make_recipe() -> Recipe:
    """Return the recipe of the earlier model with more sources, started from its weights."""
    check_trained(START, "embedded_biomedical")
    check_trained(TEACHER, "embedded_biomedical_base")
    first = read_recipe(FIRST)
    sources = make_sources(first, str(TEACHER), TEXT_SHARE, NAMES, SOURCES)
    return extend_stage(first, "distillation", sources, STAGE, init_from=str(START))


if __name__ == "__main__":
    finish = partial(average_with, START, SHARE)
    main(__file__, corpora=CORPORA, make_recipe=make_recipe, finish=finish)
