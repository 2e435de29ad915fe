"""The model that the default model is trained from: python -m experiments.refined_biomedical.run

Continues the training of ../distilled_biomedical with the same kinds of sources. The teacher is
the model that the training starts from; names of knowledge bases raise the odds of their tags, and
short texts have such names too. The final model is an average of the trained model and the one that
the training starts from.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from experiments.distilled_biomedical.run import FIRST
from experiments.distilled_biomedical.sources import NameSources, check_trained, make_sources
from experiments.embedded_biomedical.run import CORPORA, average_with
from experiments.experiment import main
from experiments.studies import extend_stage
from vaner.training.recipe.file import read_recipe
from vaner.training.recipe.schema import Recipe

START = Path("runs/distilled_biomedical/seed-1/average")
SOURCES = Path("runs/refined_biomedical_sources")
TEXT_SHARE = 0.3
"""Share of the lines of each text to use: a run of `STAGE` does not see more sentences."""

NAMES = NameSources(
    bases={
        "Disease": ["ctd"], "Chemical": ["open"], "Gene": ["open"], "Species": ["genomes"],
    },
    annotation_odds=10.0,
    short_texts=100,
    recent=True,
)  # fmt: skip

STAGE = {
    "steps": 5000, "evaluate_every": 1000, "learning_rate": 5e-5, "head_learning_rate": 5e-4,
}  # fmt: skip

SHARE = 0.3
"""Share of the weights that the training starts from in those of the final model."""


def make_recipe() -> Recipe:
    """Return the recipe with names, started from the weights of ../distilled_biomedical."""
    check_trained(START, "distilled_biomedical")
    first = read_recipe(FIRST)
    sources = make_sources(first, str(START), TEXT_SHARE, NAMES, SOURCES)
    return extend_stage(first, "refinement", sources, STAGE, init_from=str(START))


if __name__ == "__main__":
    finish = partial(average_with, START, SHARE)
    main(__file__, corpora=CORPORA, make_recipe=make_recipe, finish=finish)
