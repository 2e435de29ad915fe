"""Saving and loading the trained parts of a model: an adapter or upper layers, and a head.

An adapter is in peft's format. All files are safetensors, and must contain exactly the weights that
the model has.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from transformers import PreTrainedModel

from vaner.backbones import trainable_weights
from vaner.backbones.file_names import ADAPTER_CONFIG, ADAPTER_FILE, HEAD_FILE, LAYERS_FILE
from vaner.backbones.storage import locate_adapter, read_weights, write_backbone_name
from vaner.errors import ModelError, library_errors, summarize_error

Head = Mapping[str, nn.Module]
"""The modules above a backbone by their names in a state dict."""


def save_trained_weights(backbone: PreTrainedModel, folder: Path, name: str) -> None:
    """Write the trained weights of a backbone: an adapter, or layers.

    Args:
        backbone: the backbone.
        folder: folder of the model.
        name: name of the backbone, to be stored with an adapter.
    """
    if trainable_weights.is_adapted(backbone):
        backbone.save_pretrained(folder)
        (folder / "README.md").unlink(missing_ok=True)  # the empty model card of peft
        write_backbone_name(folder / ADAPTER_CONFIG, name)
    else:
        layers = trainable_weights.get_trained_weights(backbone)
        save_file(layers, folder / LAYERS_FILE, metadata={"format": "pt"})


def load_trained_weights(backbone: PreTrainedModel, folder: Path) -> None:
    """Load trained weights into a backbone with the same parts trained, in place.

    Raises:
        ModelError: if a file is missing or truncated, or does not fit.
    """
    if trainable_weights.is_adapted(backbone):
        from peft import set_peft_model_state_dict

        set_peft_model_state_dict(backbone, read_weights(locate_adapter(folder) / ADAPTER_FILE))
    else:
        expected = set(trainable_weights.get_trained_weights(backbone))
        load_into(backbone, read_weights(folder / LAYERS_FILE), expected, folder)


def save_head(head: Head, folder: Path) -> None:
    """Write a head."""
    save_file(head_state(head), folder / HEAD_FILE, metadata={"format": "pt"})


def load_head(head: Head, folder: Path) -> None:
    """Load a saved head into a new one, in place.

    Raises:
        ModelError: if the file is missing or truncated, or does not fit.
    """
    load_into(nn.ModuleDict(head), read_weights(folder / HEAD_FILE), set(head_state(head)), folder)


def head_state(head: Head) -> dict[str, Tensor]:
    """Return the weights of a head by name, in fp32 on the CPU."""
    return {
        name: tensor.detach().float().contiguous().cpu()
        for name, tensor in nn.ModuleDict(head).state_dict().items()
    }


def check_readable(folder: Path, *, layers: bool, has_head: bool) -> None:
    """Read the trained weights once, before the backbone is loaded, which may take minutes.

    Args:
        folder: folder of a saved model.
        layers: whether layers were trained, or else an adapter.
        has_head: whether there is a head.

    Raises:
        ModelError: if a file is missing or truncated.
    """
    read_weights(folder / LAYERS_FILE if layers else locate_adapter(folder) / ADAPTER_FILE)
    if has_head:
        read_weights(folder / HEAD_FILE)


def load_into(
    model: nn.Module, state: Mapping[str, Tensor], expected: set[str], folder: Path
) -> None:
    """Load weights into a model, in place.

    Args:
        model: the model, or a part of it.
        state: weights by name.
        expected: the names that there must be, and no others.
        folder: folder of the weights, for the message.

    Raises:
        ModelError: if there are other names, or if a weight has another shape.
    """
    if set(state) != expected:
        different = sorted(expected.symmetric_difference(state))[:3]
        raise ModelError(
            f"{folder}: weights missing or not of this model: {', '.join(different)} …"
        )
    with library_errors(folder, "weights of another shape", error_class=ModelError):
        model.load_state_dict(state, strict=False)


def check_can_be_saved(model: PreTrainedModel, build_empty: Callable[[], PreTrainedModel]) -> None:
    """Save and load a new model on trial: its adapter or its layers, and the names of all weights.

    Args:
        model: the model, with its backbone as `backbone`.
        build_empty: builds it without weights from the config that would be stored.

    Raises:
        ModelError: if the saved model could not be loaded.
    """
    backbone: Any = model.backbone
    kind = backbone.config.model_type
    try:
        if trainable_weights.is_adapted(backbone):
            _check_trained_weights(backbone)
            backbone = backbone.get_base_model()
            expected = _shapes(cast(nn.Module, build_empty().backbone))
        else:
            backbone = model
            expected = _shapes(build_empty())
    except ModelError:
        raise
    except Exception as error:  # configs and adapters fail in different ways
        raise ModelError(
            f"a model on a {kind} backbone could not be loaded again "
            f"({summarize_error(error)}): use another backbone"
        ) from error
    if getattr(backbone, "is_quantized", False):
        return  # 4-bit weights have other shapes, and are not saved
    actual = {
        re.sub(r"(\.base_layer)+\.", ".", name): shape
        for name, shape in _shapes(backbone).items()
        if ".lora_" not in name
    }
    different = sorted({*actual.items()} ^ {*expected.items()})
    if different:
        raise ModelError(
            f"a model on a {kind} backbone could not be loaded again: {different[0][0]} would be "
            "missing or have another shape; use another backbone"
        )


def _check_trained_weights(backbone: PreTrainedModel) -> None:
    """Save and load an adapter, and compare it.

    Raises:
        ModelError: if it changed.
    """
    before = {
        name: weight.detach().clone()
        for name, weight in backbone.named_parameters()
        if weight.requires_grad
    }
    with TemporaryDirectory() as folder:
        save_trained_weights(backbone, Path(folder), "")
        with torch.no_grad():
            for name, weight in backbone.named_parameters():
                if name in before:
                    weight.fill_(0.5)
        load_trained_weights(backbone, Path(folder))
    changed = [
        name
        for name, weight in backbone.named_parameters()
        if name in before and not torch.equal(weight, before[name])
    ]
    if changed:
        raise ModelError(
            f"an adapter on a {backbone.config.model_type} backbone could not be loaded again: "
            f"{changed[0]} would differ; set other lora.targets"
        )


def _shapes(model: nn.Module) -> dict[str, tuple[int, ...]]:
    return {name: tuple(weight.shape) for name, weight in model.state_dict().items()}
