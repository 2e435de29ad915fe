"""The recipe that a run was begun with, kept beside its checkpoints: with no other it goes on.

Weights of one recipe under the name of another would be a figure that nobody can make again.
"""

from __future__ import annotations

import json
from pathlib import Path

from vaner.errors import RecipeError
from vaner.training.recipe.schema import Recipe
from vaner.utils.atomic_write import atomic_write

RECIPE_FILE = "recipe.json"


def check(recipe: Recipe, folder: Path) -> None:
    """Refuse to go on with what another recipe has begun; its name and its seeds may differ.

    Args:
        recipe: the recipe.
        folder: of one seed; one without a record is taken to be the recipe's.

    Raises:
        RecipeError: where it is another one's.
    """
    path = folder / RECIPE_FILE
    if not path.is_file():
        return
    try:  # read as a recipe, so that one from before a field was there is still the same
        begun = Recipe.from_record(json.loads(path.read_text("utf-8")))
    except ValueError:
        begun = None
    if begun is None or _plan(begun) != _plan(recipe):
        raise RecipeError(
            f"{folder} was begun with another recipe, {RECIPE_FILE} there: go on with that one, or "
            "give another --output"
        )


def keep(recipe: Recipe, folder: Path) -> None:
    """Write down what a seed's run is begun with."""
    folder.mkdir(parents=True, exist_ok=True)
    with atomic_write(folder / RECIPE_FILE) as new:
        new.write_text(recipe.model_dump_json(indent=1) + "\n", "utf-8")


def _plan(recipe: Recipe) -> Recipe:
    """What of a recipe the result of a seed depends on."""
    return recipe.model_copy(update={"name": "", "seeds": [], "report_to": []})
