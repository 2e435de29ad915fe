"""Copies a trained model into the package, small enough to ship, and writes its model card.

The trained weights of the backbone (adapter or layers) are rounded to bf16 before they are scored.
The head and the transitions stay fp32. The tokenizer is the backbone's.
"""

from __future__ import annotations

import shutil
from importlib.resources import files
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from vaner.backbones.file_names import ADAPTER_FILE, HEAD_FILE, LAYERS_FILE, TRAINING_FILE
from vaner.calibration.calibration import CALIBRATION_FILE
from vaner.hub.model_card import build_card
from vaner.hub.model_description import describe
from vaner.hub.reported_results import write_reported_results
from vaner.tagger.config import VanerConfig


def get_shipped_folder(name: str) -> Path:
    """Return the folder of an embedded model in the package."""
    return Path(str(files("vaner") / "models" / name))


def ship(model: Path, name: str) -> Path:
    """Copy a model into the package, with its adapter or layers in bf16.

    An existing calibration and exported form belong to other weights and are removed.
    `vaner calibrate NAME` and `vaner export NAME --in-model` make new ones.

    Args:
        model: folder of the trained model.
        name: name of the embedded model.

    Returns:
        The folder in the package.
    """
    target = get_shipped_folder(name)
    target.mkdir(parents=True, exist_ok=True)
    (target / CALIBRATION_FILE).unlink(missing_ok=True)
    shutil.rmtree(target / "int8", ignore_errors=True)
    for file in model.iterdir():
        if file.name in (ADAPTER_FILE, LAYERS_FILE):
            weights = {k: v.to(torch.bfloat16) for k, v in load_file(file).items()}
            save_file(weights, target / file.name, metadata={"format": "pt"})
        elif file.name in (HEAD_FILE, "adapter_config.json", TRAINING_FILE):
            shutil.copyfile(file, target / file.name)
    config = VanerConfig.from_pretrained(model)
    assert config.backbone_config is not None  # saved models have it
    config.backbone_config._name_or_path = config.backbone
    config.save_pretrained(target)
    return target


def write_card(record: dict[str, Any], name: str) -> None:
    """Write the results and the model card of an embedded model.

    Args:
        record: the results of an experiment with one seed.
        name: name of the embedded model.
    """
    target = get_shipped_folder(name)
    [run] = record["seeds"]
    write_reported_results(target, run["scores"])
    (target / "README.md").write_text(build_card(describe(target), name), "utf-8")
