"""Preparing a saved model for inference: device, merged adapter, tokenizer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, cast

import torch

from vaner.backbones import locate
from vaner.backbones.base_model import BackboneModel
from vaner.errors import ModelError, VanerError, library_errors

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
        with library_errors(folder, "the adapter cannot be merged", error_class=ModelError):
            model.merge_adapter()
    model.train(False)
    _check_positions(model, folder)
    embeddings = model.backbone.get_input_embeddings()
    embeddings.register_forward_pre_hook(partial(_check_subwords, folder))
    return model


def _check_positions(model: BackboneModel, folder: Path) -> None:
    """Check that a backbone with a vector for each position has one for each of a window.

    Raises:
        ModelError: if it has fewer, so that only short texts could be read.
    """
    for name, module in model.backbone.named_modules():
        is_table = isinstance(module, torch.nn.Embedding) and "position_embeddings" in name
        if is_table and len(cast(torch.Tensor, module.weight)) < model.config.max_subwords:
            raise ModelError(
                f"{folder}: max_subwords is {model.config.max_subwords}, but the backbone has only "
                f"{len(cast(torch.Tensor, module.weight))} positions; restore config.json"
            )


def _check_subwords(folder: Path, embeddings: torch.nn.Module, inputs: tuple[Any, ...]) -> None:
    """Check that the backbone has a vector for each subword; a GPU would stop with an assertion.

    Raises:
        ModelError: if the tokenizer is of another backbone.
    """
    ids = inputs[0] if inputs else None
    if (
        ids is None
        or ids.device.type != "cpu"
        or cast(Any, torch.jit).is_tracing()
        or not ids.numel()
    ):
        return
    highest, rows = int(ids.max()), len(cast(torch.Tensor, embeddings.weight))
    if highest >= rows:
        raise ModelError(
            f"{folder}: tokenizer.json has the subword {highest}, but the backbone only {rows}; "
            "restore the file"
        )


def locate_tokenizer(model: BackboneModel, folder: Path) -> Path:
    """Return the folder of a model's tokenizer: the folder of the model, or that of the backbone.

    Args:
        model: the model.
        folder: folder of the model.
    """
    config = model.config
    return locate.locate_tokenizer(
        folder, config.backbone, config.backbone_origin, **model.hub_options
    )


def select_device(name: str | torch.device | None) -> torch.device:
    """Return a device by name, after allocating memory on it.

    ``auto``, like None, is a GPU if there is one.

    Raises:
        VanerError: if this machine has no such device, or if no memory can be allocated on it.
    """
    if name in (None, "auto"):
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
    except (RuntimeError, TypeError):
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
