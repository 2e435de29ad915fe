"""Recipes as files: read, checked, and what is wrong told with its line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from vaner.errors import RecipeError
from vaner.training.recipe.leakage import clash
from vaner.training.recipe.models import (
    Checked,
    GeneratorRecipe,
    LoraRecipe,
    SelectorRecipe,
    TaggerRecipe,
)
from vaner.training.recipe.schema import CorpusSource, DenseSource, DevSource, Recipe, StageRecipe


def read_recipe(path: str | Path) -> Recipe:
    """Read and check a recipe.

    Raises:
        RecipeError: naming the file, the line and the field that is wrong.
    """
    try:
        text = Path(path).read_text("utf-8")
        tree = yaml.compose(text, Loader=yaml.SafeLoader)
        content = yaml.safe_load(text)
    except OSError as error:
        raise RecipeError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise RecipeError(f"{path}: not UTF-8") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{path}:{mark.line + 1}" if mark else str(path)
        raise RecipeError(f"{place}: not YAML: {getattr(error, 'problem', error)}") from error
    if twice := _twice(tree):
        raise RecipeError(f"{path}:{twice.start_mark.line + 1}: {twice.value} is given twice")
    if not isinstance(content, dict):
        raise RecipeError(f"{path}: a recipe is a mapping with name, stages and dev")
    try:
        recipe = Recipe.model_validate(content)
    except ValidationError as error:
        raise RecipeError(_told(error, tree, path)) from error
    if problem := clash(recipe):
        raise RecipeError(f"{path}: {problem}")
    return recipe


def _told(error: ValidationError, tree: yaml.Node | None, path: str | Path) -> str:
    """The first problem in one line, with the line of the file it stands on."""
    first = error.errors()[0]
    # A union adds the name of its branch to the place; the file has no such step.
    keys = [key for key in first["loc"] if isinstance(key, int) or "Recipe" not in key]
    line, known = _line(tree, keys)
    field = ".".join(str(key) for key in keys)
    message = first["msg"].lower().removeprefix("value error, ")
    if first["type"] == "extra_forbidden":
        message = f"there is no such field{_meant(str(keys[-1]))}"
    more = f" (and {len(error.errors()) - 1} more)" if len(error.errors()) > 1 else ""
    return f"{path}:{line}: {field if known or field else 'recipe'}: {message}{more}"


def _twice(root: yaml.Node | None) -> yaml.ScalarNode | None:
    """The first key that its mapping has already, of which YAML would silently take the last."""
    waiting, seen = [root], set[int]()
    while waiting:
        node = waiting.pop()
        if id(node) in seen:  # by an alias
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            waiting += node.value
        elif isinstance(node, yaml.MappingNode):
            keys = set[str]()
            key: yaml.ScalarNode
            for key, value in node.value:
                if key.value in keys:
                    return key
                keys.add(key.value)
                waiting.append(value)
    return None


def _line(node: yaml.Node | None, keys: list[Any]) -> tuple[int, bool]:
    """Line of the deepest part of `keys` that stands in the file, counted from 1."""
    line = node.start_mark.line + 1 if node else 1
    for key in keys:
        found = None
        if isinstance(node, yaml.MappingNode):
            for name, value in node.value:
                if name.value == key:
                    found, line = value, name.start_mark.line + 1
        elif isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
            found = node.value[key]
            line = found.start_mark.line + 1
        if found is None:
            return line, False
        node = found
    return line, True


def _meant(name: str) -> str:
    """A field of like name, for a misspelt key, or where a key of this name belongs."""
    from difflib import get_close_matches

    owners: dict[str, type[Checked]] = {
        "a recipe": Recipe, "a tagger": TaggerRecipe, "a generator": GeneratorRecipe,
        "a selector": SelectorRecipe, "lora": LoraRecipe, "a stage": StageRecipe,
        "a source": CorpusSource, "a dense source": DenseSource, "a dev set": DevSource,
    }  # fmt: skip
    if own := [owner for owner, model in owners.items() if name in model.model_fields]:
        return f" here; it is one of {' or '.join(own)}"
    fields = {field for model in owners.values() for field in model.model_fields}
    close = get_close_matches(name, sorted(fields), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
