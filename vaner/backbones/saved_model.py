"""Preparing a saved model for inference: device, merged adapter, tokenizer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import torch

from vaner.backbones import locate
from vaner.backbones.base_model import BackboneModel
from vaner.errors import VanerError

Model = TypeVar("Model", bound=BackboneModel)


def load_for_inference(
    model_class: type[Model], folder: Path, device: torch.device, options: Mapping[str, Any]
) -> Model:
    """Load a saved model, merge its adapter, and set evaluation mode.

    Args:
        model_class: class of the model.
        folder: folder of the model.
        device: the device that it will compute on.
        options: for its `from_pretrained`.

    Raises:
        ModelError: if it is of another class, or incomplete.
    """
    model = model_class.from_pretrained(folder, device=str(device), **options)
    if "quantization" not in options:
        model.merge_adapter()
    model.train(False)
    return model


def locate_tokenizer(model: BackboneModel, folder: Path) -> Path:
    """Return the folder of a model's tokenizer: the folder of the model, or that of the backbone.

    Args:
        model: the model.
        folder: folder of the model.
    """
    return locate.locate_tokenizer(folder, model.config.backbone, model.config.backbone_origin)


def select_device(name: str | torch.device) -> torch.device:
    """Return a device by name, after allocating memory on it. ``auto`` is a GPU if there is one.

    Raises:
        VanerError: if this machine has no such device, or if no memory can be allocated on it.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError:
        known = "auto, cpu, cuda, cuda:1, mps"
        raise VanerError(f"unknown device {name!r}; choose one of {known} …") from None
    try:
        torch.ones(1, device=device).item()
    except (RuntimeError, AssertionError, ImportError) as error:  # depends on the kind of device
        reason = re.split(r"\n|\. ", str(error).strip())[0]
        raise VanerError(f"device {name} cannot be used here ({reason}); try cpu") from None
    return device


def move_to_device(model: torch.nn.Module, device: torch.device) -> None:
    """Move a model to a device, unless its weights are quantized, which cannot be moved."""
    if not getattr(getattr(model, "backbone", model), "is_quantized", False):
        torch.nn.Module.to(model, device)
