"""The learner that a recipe asks for."""

from __future__ import annotations

from vaner.training.data.sources import Taught
from vaner.training.learners.generator import GeneratorLearner
from vaner.training.learners.learner import Learner
from vaner.training.learners.selector import SelectorLearner
from vaner.training.learners.tagger import TaggerLearner
from vaner.training.recipe.models import GeneratorRecipe, SelectorRecipe
from vaner.training.recipe.schema import Recipe


def new_learner(recipe: Recipe, aim: Taught) -> Learner:
    """A fresh model, and how it learns.

    Args:
        recipe: the recipe.
        aim: what it teaches.
    """
    if isinstance(recipe.model, GeneratorRecipe):
        return GeneratorLearner(recipe.model, aim)
    if isinstance(recipe.model, SelectorRecipe):
        return SelectorLearner(recipe.model, aim)
    return TaggerLearner(recipe, recipe.model, aim)
