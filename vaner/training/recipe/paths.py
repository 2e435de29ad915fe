"""Paths in a recipe, which are relative to its file.

So a run does not depend on the folder that it is started from.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from vaner.corpora import lookup
from vaner.errors import RecipeError


def with_absolute_paths(content: Any, folder: Path) -> Any:
    """Return the content of a recipe with absolute paths in place of those relative to a folder.

    A value is a path if there is such a file or folder. Names of registered corpora stay, and so do
    paths that exist only relative to the working folder.

    Args:
        content: the values of the recipe, valid or not. It is not changed.
        folder: the folder.

    Raises:
        RecipeError: for a path that begins with ./ or ../ and does not exist. Other values may be
            names on the Hub.
    """
    if not isinstance(content, dict):
        return content
    stages = content.get("stages")
    sources = [stage.get("sources") for stage in _mappings(stages)]
    changed = {
        "model": _resolve(content.get("model"), folder),
        "dev": _resolve_all(content.get("dev"), folder),
        "held_out": _resolve_all(content.get("held_out"), folder),
    }
    if len(sources) == len(stages or ()):
        changed["stages"] = [
            {**stage, "sources": _resolve_all(part, folder)} if "sources" in stage else stage
            for stage, part in zip(stages or (), sources, strict=True)
        ]
    return {key: changed.get(key, value) for key, value in content.items()}


def with_home_folder(content: Any) -> Any:
    """Return the content of a recipe with the home folder in place of the ``~`` before paths."""
    if isinstance(content, dict):
        return {key: with_home_folder(value) for key, value in content.items()}
    if isinstance(content, list):
        return [with_home_folder(value) for value in content]
    is_path = isinstance(content, str) and content.startswith("~/")
    return os.path.expanduser(content) if is_path else content


def _mappings(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _resolve_all(values: Any, folder: Path) -> Any:
    """Return the parts of a list with absolute paths. A text in it is the name of a corpus."""
    if not isinstance(values, list):
        return values
    return [
        _resolve_path(value, folder, _PATHS["corpus"]) if isinstance(value, str)
        else _resolve(value, folder)
        for value in values
    ]  # fmt: skip


def _resolve(part: Any, folder: Path) -> Any:
    """Return a source, a dev set or a model with absolute paths."""
    if not isinstance(part, dict):
        return part
    return {
        name: _resolve_path(value, folder, _PATHS[name]) if name in _PATHS else value
        for name, value in part.items()
    }


def _resolve_path(value: Any, folder: Path, is_path: Callable[[Path], bool]) -> Any:
    if not isinstance(value, str) or not value or os.path.isabs(value) or lookup(value):
        return value
    path = folder / value
    if value.startswith(("./", "../")) and not path.exists() and not Path(value).exists():
        raise RecipeError(
            f"{value}: no such file or folder; paths in a recipe are relative to its folder, "
            f"which is {folder}"
        )
    return os.path.abspath(path) if is_path(path) else value


def _is_model(path: Path) -> bool:
    return (path / "config.json").is_file()


_PATHS: dict[str, Callable[[Path], bool]] = {
    "corpus": Path.exists,
    "dense": Path.is_file,
    "teacher": _is_model,
    "proposals": Path.is_file,
    "init_from": _is_model,
    "start": _is_model,
    "backbone": _is_model,
}
"""Field of a recipe -> whether a path is what the field may name."""
