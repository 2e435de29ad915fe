"""Changes of single values of a recipe, such as ``stages.0.steps=6``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from vaner.errors import RecipeError


def parse_changes(arguments: Iterable[str]) -> dict[str, Any]:
    """Return the values of arguments of the form ``KEY=VALUE``; a value is YAML.

    >>> parse_changes(["stages.0.steps=6", "model.lora=null"])
    {'stages.0.steps': 6, 'model.lora': None}

    Raises:
        RecipeError: if an argument has another form.
    """
    changes = dict[str, Any]()
    for argument in arguments:
        key, separator, value = argument.partition("=")
        if not separator or not all(key.split(".")):
            raise RecipeError(f"--set {argument}: expected KEY=VALUE, such as stages.0.steps=6")
        try:
            changes[key] = yaml.safe_load(value)
        except (yaml.YAMLError, ValueError, RecursionError):
            raise RecipeError(f"--set {argument}: {value!r} is not YAML") from None
    return changes


def apply_changes(content: Any, changes: Mapping[str, Any]) -> Any:
    """Return the content of a recipe with other values of some fields.

    Args:
        content: the recipe, as YAML has it. It is not changed.
        changes: field -> value. The names of fields and the numbers of list items, from 0, that
            lead to a field have dots between them. Missing fields are added, items are not.

    >>> apply_changes({"stages": [{"epochs": 2}]}, {"stages.0.steps": 6})
    {'stages': [{'epochs': 2, 'steps': 6}]}

    Raises:
        RecipeError: if there is no such place in the recipe.
    """
    for key, value in changes.items():
        content = _with_value(content, key.split("."), value, key)
    return content


def _with_value(content: Any, path: list[str], value: Any, key: str) -> Any:
    if not path:
        return value
    name, rest = path[0], path[1:]
    if isinstance(content, list):
        if not name.isdecimal() or int(name) >= len(content):
            last = f"the last one is {len(content) - 1}" if content else "the list is empty"
            raise RecipeError(f"{key}: {name!r} is not the number of a list item; {last}")
        items = list(content)
        items[int(name)] = _with_value(items[int(name)], rest, value, key)
        return items
    if content is not None and not isinstance(content, dict):
        raise RecipeError(f"{key}: {content!r} has no field {name!r}")
    fields = content or {}
    return {**fields, name: _with_value(fields.get(name), rest, value, key)}
