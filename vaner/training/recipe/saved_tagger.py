"""Read the recipe fields of a saved tagger from its folder. Weights are not loaded."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import fields
from pathlib import Path
from typing import Any

from vaner.backbones.file_names import ADAPTER_CONFIG
from vaner.backbones.storage import locate_adapter
from vaner.backbones.stored_config import read_config
from vaner.errors import ModelError, library_errors
from vaner.models.locate import locate_model
from vaner.tagger.instructions import Instruction
from vaner.tagger.prompts import TaggerPrompts

# Fields about the depth of the backbone and what of it is trained: a student may differ in them.
_DEPTH = {"layers", "causal_layers", "frozen_layers", "lora", "origin"}


def read_prompts(name: str) -> TaggerPrompts:
    """Return the types, tags and instructions of a saved tagger.

    Args:
        name: folder, Hub id or embedded name.

    Raises:
        ModelError: if it does not exist or is not a tagger.
    """
    return TaggerPrompts.from_config(_read_config(name))


def prompt_and_tag_fields(name: str, fixed: Collection[str]) -> dict[str, Any]:
    """Return the model fields of a recipe that give the instruction and tags of a saved tagger.

    Args:
        name: folder, Hub id or embedded name.
        fixed: the model fields that the weights of a tagger fix.

    Raises:
        ModelError: if it is not a saved tagger.
    """
    config = _read_config(name)
    try:
        templates = {part.name: config["instruction"][part.name] for part in fields(Instruction)}
    except (KeyError, TypeError) as error:
        raise ModelError(f"{name}: its config lacks {error}") from error
    names = ({*fixed, "max_subwords"} - _DEPTH) & config.keys()
    return {"instruction": templates} | {field: config[field] for field in names}


def read_depth(name: str) -> int:
    """Return the number of layers of a saved tagger's backbone.

    Raises:
        ModelError: if it is not a saved tagger.
    """
    try:
        return int(_read_config(name)["backbone_config"]["num_hidden_layers"])
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{name}: its config lacks {error}") from error


def recipe_fields(name: str, fixed: Collection[str]) -> dict[str, Any]:
    """Return all model fields of a recipe that the weights of a saved tagger depend on.

    Args:
        name: folder, Hub id or embedded name.
        fixed: the model fields that the weights of a tagger fix.

    Raises:
        ModelError: if it is not a saved tagger.
    """
    config = _read_config(name)
    origin = config.get("backbone_origin")
    return {
        **prompt_and_tag_fields(name, fixed),
        "origin": origin if origin in ("hub", "package") else None,  # a folder has none
        "layers": read_depth(name),
        "causal_layers": config.get("causal_layers", 0),
        "frozen_layers": config.get("frozen_layers"),
        "lora": _lora_fields(locate_adapter(locate_model(name)) / ADAPTER_CONFIG),
    }


def _lora_fields(path: Path) -> dict[str, Any] | None:
    """Return an adapter's options under their names in a recipe; None without an adapter."""
    if not path.is_file():
        return None
    with library_errors(path, "not the config of an adapter", error_class=ModelError):
        options = json.loads(path.read_text("utf-8"))
        targets = options["target_modules"]
        return {
            "rank": options["r"],
            "alpha": options["lora_alpha"],
            "dropout": options["lora_dropout"],
            "targets": targets if isinstance(targets, str) else sorted(targets),
        }


def _read_config(name: str) -> dict[str, Any]:
    folder = locate_model(name)
    config = read_config(folder)
    with library_errors(folder, "not a saved tagger", error_class=ModelError):
        TaggerPrompts.from_config(config)
    return config
