"""The larger model of the package: python -m experiments.distilled_biomedical_base.run

Trains an encoder of BERT-base size on the corpora of ../embedded_biomedical_base and on the sources
of the default model, which is the teacher.
"""

from __future__ import annotations

from pathlib import Path

from experiments.distilled_biomedical.sources import make_sources
from experiments.embedded_biomedical.run import CORPORA
from experiments.experiment import main
from experiments.refined_biomedical.run import NAMES
from experiments.studies import extend_stage
from vaner.training.recipe.file import read_recipe
from vaner.training.recipe.schema import Recipe

FIRST = Path(__file__).resolve().parent.parent / "embedded_biomedical_base" / "recipe.yaml"
TEACHER = "biomedical"
SOURCES = Path("runs/distilled_biomedical_base_sources")
TEXT_SHARE = 0.6
"""Share of the lines of each text to use: a run of `STAGE` does not see more sentences."""

STAGE = {"steps": 6000, "evaluate_every": 2000}


def make_recipe() -> Recipe:
    """Return the recipe of the larger model with more sources."""
    first = read_recipe(FIRST)
    sources = make_sources(first, TEACHER, TEXT_SHARE, NAMES, SOURCES)
    return extend_stage(first, "distillation", sources, STAGE)


if __name__ == "__main__":
    main(__file__, corpora=CORPORA, make_recipe=make_recipe, ship="biomedical-base")
