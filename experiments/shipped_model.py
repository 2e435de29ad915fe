"""Make a trained model small enough to ship in the package, with a model card.

What was trained of the backbone, adapter or layers, is rounded to bf16 (what is scored is the
rounded one), head and transitions stay fp32, the tokenizer is the backbone's own.
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


def shipped_folder(name: str) -> Path:
    """Where an embedded model lies in the package."""
    return Path(str(files("vaner") / "models" / name))


def ship(model: Path, name: str) -> Path:
    """Copy a model into the package, its adapter or its layers in bf16.

    A calibration that was there is of other weights; `vaner calibrate NAME` makes a new one.
    """
    target = shipped_folder(name)
    target.mkdir(parents=True, exist_ok=True)
    (target / CALIBRATION_FILE).unlink(missing_ok=True)
    for file in model.iterdir():
        if file.name in (ADAPTER_FILE, LAYERS_FILE):
            trained = {k: v.to(torch.bfloat16) for k, v in load_file(file).items()}
            save_file(trained, target / file.name, metadata={"format": "pt"})
        elif file.name in (HEAD_FILE, "adapter_config.json", TRAINING_FILE):
            shutil.copyfile(file, target / file.name)
    config = VanerConfig.from_pretrained(model)
    assert config.backbone_config is not None  # a saved model's has one
    config.backbone_config._name_or_path = config.backbone
    config.save_pretrained(target)
    return target


def write_card(record: dict[str, Any], name: str) -> None:
    """Write figures and model card of an embedded model from an experiment's results."""
    target = shipped_folder(name)
    [run] = record["seeds"]
    write_reported_results(target, run["scores"])
    (target / "README.md").write_text(build_card(describe(target), name), "utf-8")
