"""What a saved tagger was made by, as a recipe says it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from vaner.backbones.file_names import ADAPTER_CONFIG
from vaner.backbones.storage import locate_adapter
from vaner.errors import ModelError
from vaner.models.locate import locate_model
from vaner.tagger.prompts import TaggerPrompts

# Of its config; with these alike, two taggers ask and tag alike.
_ALIKE = (
    "backbone", "attention", "head", "pooling", "scheme", "joint", "casing", "shared_instruction",
    "max_subwords",
)  # fmt: skip


def read_prompts(name: str) -> TaggerPrompts:
    """What a saved tagger finds and how; its weights are not loaded.

    Args:
        name: folder, Hub id or embedded name.

    Raises:
        ModelError: where it is not found, or is not a tagger.
    """
    return TaggerPrompts.from_config(_config(name))


def alike(name: str) -> dict[str, Any]:
    """Fields of a recipe's model that make it ask and tag as a saved tagger does.

    Args:
        name: folder, Hub id or embedded name.

    Raises:
        ModelError: where it is not a saved tagger.
    """
    config = _config(name)
    try:
        written = {key: config["instruction"][key] for key in ("named", "nameless")}
    except (KeyError, TypeError) as error:
        raise ModelError(f"{name}: its config lacks {error}") from error
    return {"instruction": written} | {key: config[key] for key in _ALIKE if key in config}


def depth_of(name: str) -> int:
    """Number of layers of a saved tagger's backbone.

    Raises:
        ModelError: where it is not a saved tagger.
    """
    try:
        return int(_config(name)["backbone_config"]["num_hidden_layers"])
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{name}: its config lacks {error}") from error


def made_by(name: str) -> dict[str, Any]:
    """All fields of a recipe's model that the shapes of a saved tagger's weights depend on.

    Args:
        name: folder, Hub id or embedded name.

    Raises:
        ModelError: where it is not a saved tagger.
    """
    config = _config(name)
    origin = config.get("backbone_origin")
    return {
        **alike(name),
        "origin": origin if origin in ("hub", "package") else None,  # not a folder's
        "layers": depth_of(name),
        "causal_layers": config.get("causal_layers", 0),
        "frozen_layers": config.get("frozen_layers"),
        "lora": _lora(locate_adapter(locate_model(name)) / ADAPTER_CONFIG),
    }


def _lora(path: Path) -> dict[str, Any] | None:
    """An adapter's options as a recipe names them; None where there is no adapter."""
    if not path.is_file():
        return None
    try:
        options = json.loads(path.read_text("utf-8"))
        targets = options["target_modules"]
        return {
            "rank": options["r"],
            "alpha": options["lora_alpha"],
            "dropout": options["lora_dropout"],
            "targets": targets if isinstance(targets, str) else sorted(targets),
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{path}: not the config of an adapter ({error})") from error


def _config(name: str) -> dict[str, Any]:
    folder = locate_model(name)
    try:
        config: dict[str, Any] = json.loads((folder / "config.json").read_text("utf-8"))
        TaggerPrompts.from_config(config)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{folder}: not a saved tagger ({error})") from error
    return config
