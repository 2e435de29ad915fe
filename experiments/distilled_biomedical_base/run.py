"""The larger model of the package: python -m experiments.distilled_biomedical_base.run

Continues the training of ../embedded_biomedical_base with the sources of ../distilled_biomedical;
the default model is the teacher.
"""

from __future__ import annotations

from pathlib import Path

from experiments.distilled_biomedical.sources import check_trained, make_sources
from experiments.embedded_biomedical.run import CORPORA
from experiments.experiment import main
from experiments.refined_biomedical.run import NAMES
from vaner.training.recipe.file import read_recipe
from vaner.training.recipe.schema import Recipe

FIRST = Path(__file__).resolve().parent.parent / "embedded_biomedical_base" / "recipe.yaml"
START = Path("runs/embedded_biomedical_base/seed-1/model")
TEACHER = "biomedical"
SOURCES = Path("runs/distilled_biomedical_base_sources")
MODEL_FIELDS = ("instruction", "max_subwords", "dropout", "backbone_dropout")
"""Fields that do not come from the initial model."""

TEXT_SHARE = 0.3
"""Share of the lines of each text to use: a run of `STAGE` does not see more sentences."""

STAGE = {
    "steps": 6000, "evaluate_every": 500, "learning_rate": 2e-4, "head_learning_rate": 2e-3,
}  # fmt: skip


def make_recipe() -> Recipe:
    """Return the recipe of the larger model with more sources, started from its weights."""
    check_trained(START, "embedded_biomedical_base")
    first = read_recipe(FIRST)
    content = first.model_dump()
    stage = content["stages"][-1]
    sources = [*stage["sources"], *make_sources(first, TEACHER, TEXT_SHARE, NAMES, SOURCES)]
    stages = [stage | STAGE | {"name": "distillation", "sources": sources}]
    model = {field: content["model"][field] for field in MODEL_FIELDS} | {"init_from": str(START)}
    return Recipe.model_validate(content | {"model": model, "stages": stages})


if __name__ == "__main__":
    main(__file__, corpora=CORPORA, make_recipe=make_recipe, ship="biomedical-base")
