"""The files of a saved model that describe its weights: scores, training record, calibration."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

import torch
from safetensors import safe_open
from torch import Tensor

from vaner.backbones.encoding import TOKENIZER_FILE
from vaner.backbones.file_names import ADAPTER_FOLDER, CARD_FILE, RESULTS_FILE, TRAINING_FILE
from vaner.calibration.calibration import CALIBRATION_FILE

logger = logging.getLogger(__name__)

_RECORDS = (CARD_FILE, RESULTS_FILE, TRAINING_FILE, CALIBRATION_FILE)


def copy_records(loaded_from: str | None, saved: Path) -> None:
    """Copy the tokenizer of a model that is saved again, and the records of its weights.

    The records are copied only if the weights are the same. If a calibration is not copied, one
    line is logged.

    Args:
        loaded_from: folder that the model was loaded from; empty or None for a new model.
        saved: folder that it was saved to.
    """
    source = Path(loaded_from or saved)
    if source.resolve() == saved.resolve():
        return
    is_unchanged = _has_same_weights(saved, source)
    for name in (TOKENIZER_FILE, *(_RECORDS if is_unchanged else ())):
        if (source / name).is_file():
            shutil.copyfile(source / name, saved / name)
    if not is_unchanged and (source / CALIBRATION_FILE).is_file():
        logger.warning(
            "%s: saved without a calibration, because the weights differ from those of %s; create "
            "it with `vaner calibrate`", saved, source,
        )  # fmt: skip


def _has_same_weights(saved: Path, source: Path) -> bool:
    """Return whether two models have weights of the same names and values, in any dtype."""
    saved_files, source_files = _locate_weights(saved), _locate_weights(source)
    return saved_files.keys() == source_files.keys() and all(
        _is_equal(_read_weight(path, name), _read_weight(source_files[name], name))
        for name, path in saved_files.items()
    )


def _locate_weights(folder: Path) -> dict[str, Path]:
    """Return name of a weight -> its file."""
    located = {}
    for path in (*folder.glob("*.safetensors"), *folder.glob(f"{ADAPTER_FOLDER}/*.safetensors")):
        with safe_open(path, framework="pt") as file:
            located.update(dict.fromkeys(file.keys(), path))
    return located


def _read_weight(path: Path, name: str) -> Tensor:
    with safe_open(path, framework="pt") as file:
        weight: Tensor = file.get_tensor(name)
    return weight


def _is_equal(a: Tensor, b: Tensor) -> bool:
    dtype = torch.promote_types(a.dtype, b.dtype)
    return torch.equal(a.to(dtype), b.to(dtype))
