"""The default model of the package: python -m experiments.extended_biomedical.run

Continues the training of ../refined_biomedical with the same sources, with clinical notes
(../clinical_notes) and with sentences of other fields (../research_fields). The teacher is the
model that the training starts from. With ``--rescore``, trains nothing and scores the model in the
package.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

from experiments.distilled_biomedical.run import FIRST
from experiments.distilled_biomedical.sources import check_trained, make_sources
from experiments.embedded_biomedical.run import CORPORA, average_with
from experiments.experiment import main, rescore
from experiments.refined_biomedical.run import NAMES
from experiments.studies import extend_stage
from vaner.training.recipe.file import read_recipe
from vaner.training.recipe.schema import Recipe

START = Path("runs/refined_biomedical/seed-1/average")
SOURCES = Path("runs/extended_biomedical_sources")
TEXT_SHARE = 0.6
"""Share of the lines of each text to use."""

STAGE = {
    "steps": 4000, "evaluate_every": 2000, "learning_rate": 1e-4, "head_learning_rate": 1e-3,
}  # fmt: skip

SHARE = 0.15
"""Share of the weights that the training starts from in those of the default model."""


def make_recipe() -> Recipe:
    """Return the recipe of the default model, started from the weights of `START`."""
    check_trained(START, "refined_biomedical")
    first, names = read_recipe(FIRST), replace(NAMES, notes=12_000, sentences=60_000)
    sources = make_sources(first, str(START), TEXT_SHARE, names, SOURCES)
    return extend_stage(first, "texts", sources, STAGE, init_from=str(START))


if __name__ == "__main__":
    if sys.argv[1:] == ["--rescore"]:
        rescore(__file__, corpora=CORPORA, name="biomedical")
        sys.exit()
    finish = partial(average_with, START, SHARE)
    main(__file__, corpora=CORPORA, make_recipe=make_recipe, ship="biomedical", finish=finish)
