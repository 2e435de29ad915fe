"""Locating a model: embedded in the package, in a local folder, or on the Hub."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

from vaner.backbones.hub_names import parse_hub_name
from vaner.backbones.storage import resolve_model_folder
from vaner.errors import ArgumentError, ModelError
from vaner.recognition.options import DEFAULT_MODEL
from vaner.utils.names import match_name, suggest_name


def locate_model(name_or_path: str | Path | None = None, **hub: Any) -> Path:
    """Return the folder of a saved model.

    Args:
        name_or_path: embedded name, in upper or lower case, local folder or Hub id. Default: the
            embedded model ``biomedical``. A Hub id may be followed by a branch, tag or commit:
            ``owner/name@v1``.
        hub: options of `huggingface_hub.snapshot_download`: ``revision``, ``token`` …

    Raises:
        ModelError: if there is no such model. The message has the most similar embedded name.
        TypeError: if it is not a name.
    """
    if name_or_path is not None and not isinstance(name_or_path, str | Path):
        raise ArgumentError(f"a model is a name or a folder, not {type(name_or_path).__name__}")
    name = str(DEFAULT_MODEL if name_or_path is None else name_or_path)
    if not name.strip():
        raise ModelError("the name of the model is empty", argument="model")
    embedded = list_embedded()
    hub = {option: value for option, value in hub.items() if value is not None}
    repo, revision = parse_hub_name(name, hub.pop("revision", None))
    known = None if Path(name).is_dir() else match_name(repo, embedded)
    if known is not None and revision is not None:
        raise ModelError(f"{known} is not on the Hub, and has no revision {revision}")
    if known is not None:
        return embedded[known]
    if name_or_path is None:
        raise ModelError("this installation has no embedded model; name a model", argument="model")
    try:
        return resolve_model_folder(repo, revision=revision, **hub)
    except ModelError as error:
        if "/" in name or not (suggestion := suggest_name(name, embedded)):
            raise
        raise ModelError(f"unknown model {name!r}{suggestion}", argument="model") from error


def list_embedded() -> dict[str, Path]:
    """Return the names of the embedded models -> their folders."""
    folders = sorted(Path(str(files("vaner") / "models")).iterdir())
    return {folder.name: folder for folder in folders if (folder / "config.json").is_file()}
