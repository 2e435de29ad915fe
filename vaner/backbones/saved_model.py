"""A saved model, ready to be used: on its device, its adapter folded in, its tokenizer found."""

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
    kind: type[Model], folder: Path, device: torch.device, options: Mapping[str, Any]
) -> Model:
    """A saved model to ask.

    Args:
        kind: what it must be.
        folder: where it lies.
        device: where it will compute.
        options: for its `from_pretrained`.

    Raises:
        ModelError: where it is another kind of model, or not complete.
    """
    model = kind.from_pretrained(folder, device=str(device), **options)
    if "quantization" not in options:
        model.merge_adapter()
    model.train(False)
    return model


def locate_tokenizer(model: BackboneModel, folder: Path) -> Path:
    """The folder of a model's tokenizer: its own, or the backbone's."""
    return locate.locate_tokenizer(folder, model.config.backbone, model.config.backbone_origin)


def select_device(name: str | torch.device) -> torch.device:
    """The device of that name, once something could be put there; ``auto`` takes a GPU if any.

    Raises:
        VanerError: where there is none, or nothing can be put there.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError:
        known = "auto, cpu, cuda, cuda:1, mps"
        raise VanerError(f"no device is called {name!r}; there are {known} …") from None
    try:
        torch.ones(1, device=device).item()
    except (RuntimeError, AssertionError, ImportError) as problem:  # one for each kind of device
        reason = re.split(r"\n|\. ", str(problem).strip())[0]
        raise VanerError(f"device {name} cannot be used here ({reason}); try cpu") from None
    return device


def move_to_device(model: torch.nn.Module, device: torch.device) -> None:
    """Put a model on a device, unless its weights are quantised: these cannot be moved."""
    if not getattr(getattr(model, "backbone", model), "is_quantized", False):
        torch.nn.Module.to(model, device)
