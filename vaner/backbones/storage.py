"""The files of a saved model: where its folder is, and weights that are read or refused."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vaner.backbones.file_names import ADAPTER_CONFIG, ADAPTER_FOLDER
from vaner.errors import ModelError, summarize_error

if TYPE_CHECKING:
    from torch import Tensor

_FILES = ["*.safetensors", "*.json", "*.md"]
# What can be a repository on the Hub; anything else can only be meant as a folder.
_HUB_ID = re.compile(r"(?:[A-Za-z0-9][\w.-]*/)?[A-Za-z0-9_][\w.-]*", re.ASCII)


def resolve_model_folder(name_or_path: str | Path, **options: Any) -> Path:
    """The folder of a saved model: a local one, or a snapshot from the Hub (cache first).

    Args:
        name_or_path: folder, or Hub id.
        options: for `huggingface_hub.snapshot_download`, such as ``revision`` or ``token``.

    Raises:
        ModelError: where there is neither.
    """
    folder = Path(name_or_path)
    if folder.is_dir():
        return folder
    if folder.exists():
        raise ModelError(f"{name_or_path} is a file; give the folder of a saved model")
    if not _HUB_ID.fullmatch(str(name_or_path)):
        raise ModelError(f"no folder {name_or_path}")
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(str(name_or_path), allow_patterns=_FILES, **options))
    except Exception as error:  # httpx, the Hub's own and validation errors alike: one line
        reason = summarize_error(error)
        raise ModelError(
            f"no model folder {name_or_path} here, nor on the Hub: {reason}"
        ) from error


def locate_adapter(folder: Path) -> Path:
    """Where the adapter of a saved model lies: beside its config, or below, as on the Hub.

    On the Hub it must be below: transformers takes a repository with an ``adapter_config.json`` for
    an adapter of peft's, and would load the bare backbone and no head.
    """
    below = folder / ADAPTER_FOLDER
    return below if (below / ADAPTER_CONFIG).is_file() else folder


def read_model_type(folder: Path) -> str:
    """What a saved model is, as its config says.

    Raises:
        ModelError: where there is no config, or a broken one, before transformers stumbles over it.
    """
    path = folder / "config.json"
    if not path.is_file():
        raise ModelError(f"{folder}: config.json is missing; this is not a saved model")
    try:
        return str(json.loads(path.read_text("utf-8")).get("model_type"))
    except (OSError, ValueError, AttributeError) as error:
        raise ModelError(f"{path}: not a readable config ({error}); copy it again") from error


def read_weights(path: Path) -> dict[str, Tensor]:
    """All tensors of a safetensors file; one clear line where it is missing or broken."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    if not path.is_file():
        raise ModelError(f"{path.parent}: {path.name} is missing; the model is not complete")
    try:
        return load_file(path)
    except (SafetensorError, OSError, ValueError) as error:
        raise ModelError(f"{path}: not a readable weight file ({error}); copy it again") from error


def check_weights(folder: Path) -> None:
    """Open every weight file of a whole model, so that a broken one is named in one line."""
    from safetensors import SafetensorError, safe_open

    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise ModelError(f"{folder}: no weights here (*.safetensors, adapter_config.json)")
    for file in files:
        try:
            with safe_open(file, framework="pt") as opened:
                opened.keys()
        except (SafetensorError, OSError) as error:
            raise ModelError(f"{file}: not a readable weight file ({error})") from error


def check_same_architecture(base: Any, stored: Any, folder: Path) -> None:
    """Refuse a backbone that is not the one the adapter was trained on.

    Args:
        base: config of the backbone found.
        stored: config of the backbone in training.
        folder: where the backbone was found, for the message.
    """
    for field in ("model_type", "hidden_size", "num_hidden_layers", "vocab_size"):
        ours, theirs = getattr(stored, field, None), getattr(base, field, None)
        if ours != theirs:
            raise ModelError(
                f"{folder}: {field} is {theirs}, but the adapter was trained on {ours}; "
                "this is another backbone"
            )


def name_backbone(adapter_config: Path, name: str) -> None:
    """Name the backbone in the adapter's config, not the folder it happened to lie in."""
    content = json.loads(adapter_config.read_text("utf-8"))
    content["base_model_name_or_path"] = name
    adapter_config.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", "utf-8")
