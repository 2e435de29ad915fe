"""A further training of the default model: python -m experiments.extended_biomedical.run

Continues the training of ../refined_biomedical with the same kinds of sources and with clinical
notes (../clinical_notes). The teacher is the larger model (../distilled_biomedical_base).
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from experiments.distilled_biomedical.run import FIRST
from experiments.distilled_biomedical.sources import check_trained, make_sources
from experiments.embedded_biomedical.run import CORPORA, average_with
from experiments.experiment import main
from experiments.refined_biomedical.run import NAMES, SHARE
from experiments.studies import extend_stage
from vaner.training.recipe.file import read_recipe
from vaner.training.recipe.schema import Recipe

START = Path("runs/refined_biomedical/seed-1/average")
TEACHER = Path("runs/distilled_biomedical_base/seed-1/model")
SOURCES = Path("runs/extended_biomedical_sources")
TEXT_SHARE = 0.6
"""Share of the lines of each text to use, as in ../distilled_biomedical_base."""

STAGE = {
    "steps": 5000, "evaluate_every": 1250, "learning_rate": 1e-4, "head_learning_rate": 1e-3,
}  # fmt: skip


def make_recipe() -> Recipe:
    """Return the recipe of the default model with notes and another teacher."""
    check_trained(START, "refined_biomedical")
    check_trained(TEACHER, "distilled_biomedical_base")
    first, names = read_recipe(FIRST), replace(NAMES, notes=1500)
    sources = make_sources(first, str(TEACHER), TEXT_SHARE, names, SOURCES)
    return extend_stage(first, "extension", sources, STAGE, init_from=str(START))


if __name__ == "__main__":
    finish = partial(average_with, START, SHARE)
    main(__file__, corpora=CORPORA, make_recipe=make_recipe, ship="biomedical", finish=finish)
