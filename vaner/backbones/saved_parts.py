"""What is saved of a model where that is not all of it: an adapter or upper layers, and a head.

An adapter is in peft's own format. Everything is safetensors, and what is read must be just what
the model has a place for.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from safetensors.torch import save_file
from torch import Tensor, nn
from transformers import PreTrainedModel

from vaner.backbones import trainable_weights
from vaner.backbones.file_names import ADAPTER_CONFIG, ADAPTER_FILE, HEAD_FILE, LAYERS_FILE
from vaner.backbones.storage import locate_adapter, name_backbone, read_weights
from vaner.errors import ModelError

Head = Mapping[str, nn.Module]
"""The modules above a backbone by their names in a state dict."""


def save_trained(backbone: PreTrainedModel, folder: Path, name: str) -> None:
    """Write what was trained of a backbone: an adapter, in which its name stands, or layers."""
    if trainable_weights.is_adapted(backbone):
        backbone.save_pretrained(folder)
        (folder / "README.md").unlink(missing_ok=True)  # peft's empty card; ours comes later
        name_backbone(folder / ADAPTER_CONFIG, name)
    else:
        layers = trainable_weights.trained_weights(backbone)
        save_file(layers, folder / LAYERS_FILE, metadata={"format": "pt"})


def load_trained_weights(backbone: PreTrainedModel, folder: Path) -> None:
    """Put what was trained of a backbone into one with the same parts trained, in place.

    Raises:
        ModelError: where a file is missing, truncated, or does not fit.
    """
    if trainable_weights.is_adapted(backbone):
        from peft import set_peft_model_state_dict

        set_peft_model_state_dict(backbone, read_weights(locate_adapter(folder) / ADAPTER_FILE))
    else:
        expected = set(trainable_weights.trained_weights(backbone))
        fill(backbone, read_weights(folder / LAYERS_FILE), expected, folder)


def save_head(head: Head, folder: Path) -> None:
    """Write a head."""
    save_file(head_state(head), folder / HEAD_FILE, metadata={"format": "pt"})


def load_head(head: Head, folder: Path) -> None:
    """Put a saved head into a fresh one, in place.

    Raises:
        ModelError: as of `load_trained_weights`.
    """
    fill(nn.ModuleDict(head), read_weights(folder / HEAD_FILE), set(head_state(head)), folder)


def head_state(head: Head) -> dict[str, Tensor]:
    """The weights of a head by name, in fp32 on the CPU."""
    return {
        name: tensor.detach().float().contiguous().cpu()
        for name, tensor in nn.ModuleDict(head).state_dict().items()
    }


def check_readable(folder: Path, *, layers: bool, has_head: bool) -> None:
    """Read the files of what was trained, before minutes are spent on a backbone for them.

    Args:
        folder: of a saved model.
        layers: whether layers were trained, or an adapter.
        has_head: whether there is a head.

    Raises:
        ModelError: where one is missing or truncated.
    """
    read_weights(folder / LAYERS_FILE if layers else locate_adapter(folder) / ADAPTER_FILE)
    if has_head:
        read_weights(folder / HEAD_FILE)


def fill(model: nn.Module, state: Mapping[str, Tensor], expected: set[str], folder: Path) -> None:
    """Put weights into a model, in place.

    Args:
        model: the model, or a part of it.
        state: weights by name.
        expected: the names that there must be, and no others.
        folder: where they are from, for the message.

    Raises:
        ModelError: where they are not those, or of another shape.
    """
    if set(state) != expected:
        odd = sorted(expected.symmetric_difference(state))[:3]
        raise ModelError(f"{folder}: weights missing or not of this model: {', '.join(odd)} …")
    try:
        model.load_state_dict(state, strict=False)
    except RuntimeError as error:
        raise ModelError(f"{folder}: weights of another shape: {error}") from error
