"""Locating a model: embedded in the package, in a local folder, or on the Hub."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from vaner.backbones.storage import resolve_model_folder
from vaner.errors import ModelError

DEFAULT_MODEL = "biomedical"


def locate_model(name_or_path: str | Path | None = None) -> Path:
    """Return the folder of a saved model.

    Args:
        name_or_path: embedded name, local folder or Hub id. Default: the embedded model
            ``biomedical``.

    Raises:
        ModelError: if there is no such model.
    """
    name = str(DEFAULT_MODEL if name_or_path is None else name_or_path)
    embedded = Path(str(files("vaner") / "models" / name))
    if not Path(name).is_dir() and (embedded / "config.json").is_file():
        return embedded
    if name_or_path is None:
        raise ModelError("this installation has no embedded model; name a model", argument="model")
    return resolve_model_folder(name)
