"""Build the learner for the model family of a recipe."""

from __future__ import annotations

from vaner.training.learners.generator import GeneratorLearner
from vaner.training.learners.learner import Learner
from vaner.training.learners.selector import SelectorLearner
from vaner.training.learners.tagger import TaggerLearner
from vaner.training.plan import TrainingPlan
from vaner.training.recipe.models import GeneratorRecipe, SelectorRecipe


def build_learner(plan: TrainingPlan) -> Learner:
    """Return a new model with what is special about training it.

    Its new weights are drawn from torch's random numbers: set the seed before.

    Raises:
        ModelError: if the backbone or the initial model does not exist.
        RecipeError: if the model cannot learn the sources of a stage together.
    """
    recipe = plan.recipe.model
    if isinstance(recipe, GeneratorRecipe):
        return GeneratorLearner(recipe, plan.targets)
    if isinstance(recipe, SelectorRecipe):
        return SelectorLearner(recipe, plan.targets)
    return TaggerLearner(recipe, plan)
