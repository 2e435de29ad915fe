"""The files of a saved model: locating its folder, and reading its weights."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vaner.backbones.file_names import ADAPTER_CONFIG, ADAPTER_FOLDER
from vaner.backbones.hub_errors import describe_hub_error
from vaner.backbones.hub_names import is_hub_id, parse_hub_name
from vaner.backbones.stored_config import read_config
from vaner.errors import ModelError, library_errors

if TYPE_CHECKING:
    from torch import Tensor

_FILES = ["*.safetensors", "*.json", "*.md"]
_SHARD = re.compile(r"-\d{5}-of-\d{5}\.safetensors$")


def resolve_model_folder(
    name_or_path: str | Path, *, files: Sequence[str] = _FILES, **options: Any
) -> Path:
    """Return the folder of a saved model: a local folder, or a snapshot from the Hub.

    Args:
        name_or_path: folder or Hub id, which may be followed by a revision: ``owner/name@v1``.
        files: patterns of the files to download.
        options: for `huggingface_hub.snapshot_download`, such as ``revision`` or ``token``.

    Raises:
        ModelError: if there is no such folder and no such repository.
    """
    name = parse_hub_name(str(name_or_path), options.pop("revision", None))
    folder = Path(name.repo)
    if folder.is_dir():
        return folder
    if folder.exists():
        raise ModelError(f"{name_or_path} is a file; give the folder of a saved model")
    if not is_hub_id(name.repo):
        raise ModelError(f"no folder {name_or_path}")
    from huggingface_hub import snapshot_download

    try:
        return Path(
            snapshot_download(
                name.repo, revision=name.revision, allow_patterns=list(files), **options
            )
        )
    except Exception as error:  # errors of httpx, of the Hub and of its validation alike
        reason = describe_hub_error(error, *name)
        raise ModelError(
            f"no model folder {name_or_path} here, nor on the Hub: {reason}"
        ) from error


def locate_adapter(folder: Path) -> Path:
    """Return the folder of a saved model's adapter: the model's folder, or the one below it.

    On the Hub the adapter is in a subfolder: transformers takes a repository with an
    ``adapter_config.json`` for an adapter of peft, and would load the bare backbone without a head.
    """
    subfolder = folder / ADAPTER_FOLDER
    return subfolder if (subfolder / ADAPTER_CONFIG).is_file() else folder


def read_model_type(folder: Path) -> str:
    """Return the ``model_type`` in a saved model's config.

    This runs before transformers reads the config, which would fail with a long traceback.

    Raises:
        ModelError: if there is no config, or a broken one.
    """
    return str(read_config(folder).get("model_type"))


def read_weights(path: Path) -> dict[str, Tensor]:
    """Read all tensors of a safetensors file.

    Raises:
        ModelError: if the file is missing or damaged.
    """
    from safetensors.torch import load_file

    if not path.is_file():
        raise ModelError(f"{path.parent}: {path.name} is missing; the model is not complete")
    with library_errors(
        path, "not a readable weight file", "copy it again", error_class=ModelError
    ):
        return load_file(path)


def _weight_errors(path: Path) -> AbstractContextManager[None]:
    problem = "not a readable weight file"
    return library_errors(path, problem, "copy it again", error_class=ModelError)


def model_errors(folder: Path) -> AbstractContextManager[None]:
    """Return a context that turns the errors of all libraries that load a model into ModelError."""
    return library_errors(
        folder, "the model cannot be loaded", "restore its files, or train again",
        error_class=ModelError,
    )  # fmt: skip


def check_weights(folder: Path) -> None:
    """Open every weight file of a model, so that a damaged one is reported in one line.

    Raises:
        ModelError: if there is no weight file, or if one is missing or damaged.
    """
    from safetensors import safe_open

    files = sorted(folder.glob("*.safetensors"))
    if not files and (pickled := sorted(folder.glob("*.bin"))):
        raise ModelError(
            f"{folder}: the weights are pickled ({pickled[0].name}), and nothing is unpickled: "
            "load them with transformers, and save them with model.save_pretrained"
        )
    if not files:
        raise ModelError(f"{folder}: no weights here (*.safetensors, adapter_config.json)")
    _check_shards(folder, {file.name for file in files})
    for file in files:
        with _weight_errors(file), safe_open(file, framework="pt") as opened:
            opened.keys()


def _check_shards(folder: Path, files: set[str]) -> None:
    """Check that the weights of a model in several files are complete.

    Raises:
        ModelError: if a file or the index is missing, or the index is broken.
    """
    index = folder / "model.safetensors.index.json"
    if not index.is_file():
        numbered = sorted(name for name in files if _SHARD.search(name))
        if numbered and "model.safetensors" not in files:
            raise ModelError(f"{index} is missing, so {numbered[0]} cannot be read; copy it again")
        return
    with library_errors(index, "not a readable index", "copy it again", error_class=ModelError):
        expected = set(json.loads(index.read_text("utf-8"))["weight_map"].values())
    if missing := sorted(expected - files):
        raise ModelError(f"{folder / missing[0]} is missing; copy it again")


def check_same_architecture(base: Any, stored: Any, folder: Path) -> None:
    """Check that a backbone is the one that an adapter was trained on.

    Args:
        base: config of the backbone on disk.
        stored: config of the backbone in training.
        folder: folder of the backbone, for the message.

    Raises:
        ModelError: if their architectures differ.
    """
    for field in ("model_type", "hidden_size", "num_hidden_layers", "vocab_size"):
        expected, actual = getattr(stored, field, None), getattr(base, field, None)
        if expected != actual:
            raise ModelError(
                f"{folder}: {field} is {actual}, but the adapter was trained on {expected}; "
                "this is another backbone"
            )


def write_backbone_name(adapter_config: Path, name: str) -> None:
    """Store the backbone's name in an adapter's config, in place of the folder it was in."""
    content = json.loads(adapter_config.read_text("utf-8"))
    content["base_model_name_or_path"], content["revision"] = parse_hub_name(name)
    adapter_config.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", "utf-8")
