"""Read recipe files. An error names the file, the line and the field."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from vaner.backbones.hub_names import parse_hub_name
from vaner.errors import ModelError, RecipeError, library_errors
from vaner.training.recipe.changes import apply_changes
from vaner.training.recipe.leakage import find_split_conflict
from vaner.training.recipe.models import (
    GeneratorRecipe,
    InstructionRecipe,
    LoraRecipe,
    SelectorRecipe,
    TaggerRecipe,
)
from vaner.training.recipe.part import RecipePart
from vaner.training.recipe.paths import with_absolute_paths, with_home_folder
from vaner.training.recipe.schema import CorpusSource, DenseSource, DevSource, Recipe, StageRecipe
from vaner.training.recipe.yaml_file import find_mappings, get_line, read_yaml

logger = logging.getLogger(__name__)

_PARTS: Mapping[str, type[RecipePart]] = {
    "a recipe": Recipe, "a tagger": TaggerRecipe, "a generator": GeneratorRecipe,
    "a selector": SelectorRecipe, "lora": LoraRecipe, "a stage": StageRecipe,
    "a source": CorpusSource, "a dense source": DenseSource, "a dev set": DevSource,
}  # fmt: skip


def read_recipe(
    path: str | Path, revision: str | None = None, changes: Mapping[str, Any] | None = None
) -> Recipe:
    """Read and check a recipe.

    Fields may have their former names; one log line then says what they are called now. Paths in
    it are relative to its folder; those that exist only in the working folder are found there.

    Args:
        path: a YAML file.
        revision: branch, tag or commit on the Hub of the model that training starts from, or else
            of the backbone.
        changes: field -> value, in place of those of the file, such as ``{"stages.0.steps": 6}``;
            see `vaner.training.recipe.changes.apply_changes`.

    Raises:
        RecipeError: if the file cannot be read or the recipe is wrong; the message names the
            file, the line and the field.
    """
    tree, content = read_yaml(path)
    if key := _duplicate_key(tree):
        raise RecipeError(f"{path}:{get_line(key)}: field `{key.value}` is given twice")
    if not isinstance(content, dict):
        raise RecipeError(f"{path}: a recipe is a mapping with name, stages and dev")
    content = with_home_folder(apply_changes(content, changes or {}))
    renamed: dict[str, str] = {}
    # Paths in a recipe are looked up, and the model that training starts from is read.
    with library_errors(path, "not a recipe", error_class=RecipeError):
        folder = Path(path).absolute().parent
        with_paths = with_absolute_paths(content, folder)
        content = with_paths if folder != Path.cwd() else content
        if revision is not None:
            content = _with_revision(content, revision)
        try:
            recipe = Recipe.model_validate(content, context=renamed)
        except ValidationError as error:
            problem = _first_problem(error, tree, path, renamed, changes or {})
            raise RecipeError(problem) from error
        except ModelError as error:
            raise RecipeError(f"{path}: {error}") from error
        conflict = find_split_conflict(recipe)
    if renamed:
        logger.warning("%s: rename these fields: %s", path, _new_names(renamed, tree))
    if conflict:
        raise RecipeError(f"{path}: {conflict}")
    return recipe


def _with_revision(content: dict[str, Any], revision: str) -> dict[str, Any]:
    """Return the content of a recipe with a revision of its initial model or its backbone.

    Raises:
        ModelError: if it names neither, or a folder, or has another revision.
    """
    model = content.get("model")
    fields = model if isinstance(model, dict) else {}
    names = [name for name in ("init_from", "start", "backbone") if fields.get(name)]
    if not names:
        raise ModelError(f"the recipe names no model on the Hub that has a revision {revision}")
    named = parse_hub_name(str(fields[names[0]]), revision)
    return {**content, "model": {**fields, names[0]: str(named)}}


def _new_names(renamed: Mapping[str, str], tree: yaml.Node | None) -> str:
    """Return each former field name with the line of its first use and its current name."""
    lines: dict[str, int] = {}
    for mapping in find_mappings(tree):
        keys: dict[str, yaml.Node] = {key.value: key for key, _ in mapping.value}
        if keys.keys() <= InstructionRecipe.model_fields.keys():
            continue  # `named` and `nameless` of an instruction are not renamed
        for name in keys.keys() & renamed.keys():
            lines[name] = min(get_line(keys[name]), lines.get(name, get_line(keys[name])))
    names = sorted(lines, key=lambda name: (lines[name], name))
    return ", ".join(f"`{name}` (line {lines[name]}) is now `{renamed[name]}`" for name in names)


def _first_problem(
    error: ValidationError,
    tree: yaml.Node | None,
    path: str | Path,
    renamed: Mapping[str, str],
    changes: Mapping[str, Any],
) -> str:
    """Return the first problem in one line, with the line of the file that it is on.

    A problem of a change, or of a field in its value, names the change instead of the line.
    """
    first = error.errors()[0]
    # A union adds the name of its branch to the location; the file has no such step.
    keys = [key for key in first["loc"] if isinstance(key, int) or "Recipe" not in key]
    field = ".".join(str(key) for key in keys)
    message = first["msg"].removeprefix("Value error, ")
    message = message[:1].lower() + message[1:]
    if first["type"] == "extra_forbidden":
        message = f"unknown field{_suggestion(str(keys[-1]))}"
    elif first["type"] == "union_tag_invalid":
        message = "unknown family; choose tagger, generator or selector"
    elif field == "model" and first["type"].startswith(("model_type", "model_attributes_type")):
        message = "should be a mapping; to start from a saved model, give it as init_from"
    count = len(error.errors())
    more = f" (and {count - 1} more)" if count > 1 else ""
    change = next((key for key in changes if f"{field}.".startswith(f"{key}.")), None)
    line = f":{_line_of_field(tree, keys, renamed)}" if change is None else f", {change} changed"
    return f"{path}{line}: {field or 'recipe'}: {message}{more}"


def _duplicate_key(root: yaml.Node | None) -> yaml.ScalarNode | None:
    """Return a key that its mapping already has; YAML would silently use the last."""
    for mapping in find_mappings(root):
        names = set[str]()
        key: yaml.ScalarNode
        for key, _ in mapping.value:
            if key.value in names:
                return key
            names.add(key.value)
    return None


def _line_of_field(
    root: yaml.Node | None, keys: Sequence[int | str], renamed: Mapping[str, str]
) -> int:
    """Return the line of a field, or of the innermost part around it that the file has.

    Args:
        root: the document.
        keys: field names and list indices that lead to the field.
        renamed: former field name -> current name; `keys` has current names, the file may not.
    """
    node, line = root, get_line(root) if root else 1
    for key in keys:
        child: yaml.Node | None = None
        if isinstance(node, yaml.MappingNode):
            for name, value in node.value:
                if key in (name.value, renamed.get(name.value)):
                    child, line = value, get_line(name)
        elif isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
            child = node.value[key]
            line = get_line(node.value[key])
        if child is None:
            break
        node = child
    return line


def _suggestion(name: str) -> str:
    """Return where a field of this name belongs, or the field with the most similar name."""
    from difflib import get_close_matches

    if parts := [part for part, model in _PARTS.items() if name in model.model_fields]:
        return f" here; it is a field of {' or '.join(parts)}"
    fields = {field for model in _PARTS.values() for field in model.model_fields}
    matches = get_close_matches(name, sorted(fields), n=1)
    return f". Did you mean `{matches[0]}`?" if matches else ""
