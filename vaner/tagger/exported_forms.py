"""The exported forms of a saved tagger: where they are, and which one to use.

An exported form is a folder with an ONNX graph, which needs no deep-learning library. It is in the
folder of its model (`vaner export --in-model`), so that it is shipped with it, or in the cache.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from vaner.backbones.file_names import ADAPTER_FOLDER, RESULTS_FILE, TRAINING_FILE
from vaner.calibration.calibration import CALIBRATION_FILE
from vaner.errors import ModelError
from vaner.recognition.options import Form
from vaner.utils.cache_folder import get_cache_folder

logger = logging.getLogger(__name__)

MODEL_FILE = "model.onnx"
TRANSITIONS_FILE = "transitions.safetensors"
SHIPPED = Path(__file__).parents[1] / "models"
SOURCE_FIELD = "exported_from"
"""Field of an exported config: the files of the model that it was made from, with checksums."""

# Files that change at most the scores of a model's predictions.
_RECORDS = (CALIBRATION_FILE, RESULTS_FILE, TRAINING_FILE)


def find_exported_form(folder: Path, device: str = "auto", form: Form | None = None) -> Path | None:
    """Return the folder of a model's exported form, if it can and should be used.

    Args:
        folder: folder of the model: exported itself, or with exported forms.
        device: the requested device. ``auto`` prefers a GPU, if there is one, to an exported form.
        form: the requested form. None: the form that was exported to the cache last, or else the
            one in the folder of the model, or else PyTorch.

    Raises:
        ModelError: if the model has no such form, or if the form cannot run on the device.
    """
    uses_cpu = device == "cpu" or (device == "auto" and not Path("/dev/nvidia0").exists())
    if (folder / MODEL_FILE).is_file():
        precision = read_precision(folder)
        if form is not None and form != precision:
            raise ModelError(
                f"{_get_name(folder)} is an exported model, {precision}; it has no form {form}"
            )
        return folder
    if form == "pytorch":
        return None
    if form is None:
        return next(list_forms(folder), None) if uses_cpu else None
    if device not in ("auto", "cpu"):
        raise ModelError(f"the form {form} runs on the CPU, not on {device}; use the form pytorch")
    for exported in list_forms(folder):
        if read_precision(exported) == form:
            return exported
    name = _get_name(folder)
    raise ModelError(
        f"{name} has no form {form}; make it with: vaner export {name} --precision {form}"
    )


def _get_name(folder: Path) -> str:
    """Return the name by which a user loads a model: that of a shipped one, or its folder."""
    return folder.name if folder.parent == SHIPPED else str(folder)


def list_forms(folder: Path) -> Iterator[Path]:
    """Yield the folders of a model's exported forms, the preferred one first.

    A form that was made from other files than the model has now is left out, with a warning.
    """
    candidates = [cached_form_folder(folder, precision) for precision in (None, "int8", "fp32")]
    in_cache = [path for path in candidates if (path / MODEL_FILE).is_file()]
    yield from sorted(in_cache, key=lambda path: -(path / MODEL_FILE).stat().st_mtime_ns)
    for precision in ("int8", "fp32"):
        exported = folder / precision
        if not (exported / MODEL_FILE).is_file():
            continue
        if read_config(exported).get(SOURCE_FIELD) == compute_checksums(folder):
            yield exported
        else:
            logger.warning(
                "%s was exported from other weights and is not used; export the model again: "
                "vaner export %s --in-model --precision %s", exported, folder, precision,
            )  # fmt: skip


def cached_form_folder(folder: Path, precision: str | None = None) -> Path:
    """Return the cache folder for the exported form of a model's current files.

    Args:
        folder: folder of the model.
        precision: precision of the form. None: the folder that earlier versions used.
    """
    facts = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in _files(folder)]
    key = hashlib.sha256(repr(facts).encode()).hexdigest()[:16]
    suffix = "" if precision is None else f"-{precision}"
    return get_cache_folder() / "exported" / f"{folder.name}-{key}{suffix}"


def compute_checksums(folder: Path) -> dict[str, str]:
    """Return the files that a model's predictions depend on -> their SHA-256."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in _files(folder)}


def read_config(folder: Path) -> dict[str, Any]:
    """Return the configuration of an exported form; empty if it cannot be read."""
    try:
        content = json.loads((folder / "config.json").read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def read_precision(folder: Path) -> str:
    """Return the precision of an exported form, ``int8`` or ``fp32``."""
    return str(read_config(folder).get("precision", "precision not known"))


def _files(folder: Path) -> list[Path]:
    """Return the files that a model's predictions depend on, without the scale of the scores."""
    files = (*folder.iterdir(), *folder.glob(f"{ADAPTER_FOLDER}/*"))
    candidates = (path for path in files if path.suffix in (".json", ".safetensors"))
    return sorted(path for path in candidates if path.name not in _RECORDS)
