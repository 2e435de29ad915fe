"""Store the recipe of a run next to its checkpoints, and refuse to resume with another recipe.

A model trained by one recipe and resumed by another would be a result that cannot be reproduced.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from vaner.errors import RecipeError, VanerError
from vaner.training.recipe.paths import with_absolute_paths
from vaner.training.recipe.schema import Recipe
from vaner.utils.atomic_write import write_json

RECIPE_FILE = "recipe.json"


def check_same_recipe(recipe: Recipe, folder: Path) -> None:
    """Check that a run was started with the same recipe; its name and its seeds may differ.

    Args:
        recipe: the recipe.
        folder: folder of a seed. Without a stored recipe there is nothing to check.

    Raises:
        RecipeError: if the run was started with another recipe.
    """
    path = folder / RECIPE_FILE
    if not path.is_file():
        return
    # Validating fills in fields that are newer than the record, and reads former names of fields.
    try:
        stored = Recipe.from_record(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, TypeError, AttributeError, RecursionError, VanerError):
        stored = None  # damaged, or of a model that no longer exists
    if stored is None or relevant_fields(stored) != relevant_fields(recipe):
        raise RecipeError(
            f"the recipe differs from {path}, with which the run was started; resume with that "
            "one, or choose another --output"
        )


def save_recipe(recipe: Recipe, folder: Path) -> None:
    """Store the recipe of a run in the folder of a seed."""
    write_json(folder / RECIPE_FILE, dump_recipe(recipe))


def relevant_fields(recipe: Recipe) -> dict[str, Any]:
    """Return the fields of a recipe that change the result of a seed."""
    return dump_recipe(recipe.model_copy(update={"name": "", "seeds": [], "report_to": []}))


def dump_recipe(recipe: Recipe) -> dict[str, Any]:
    """Return a recipe as JSON values that mean the same in every working folder."""
    content: dict[str, Any] = with_absolute_paths(recipe.model_dump(mode="json"), Path.cwd())
    return content
