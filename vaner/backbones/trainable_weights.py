"""Which weights of a backbone are trained: an adapter, the upper layers, or all."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedModel

from vaner.backbones.attention import get_layers
from vaner.errors import ModelError, library_errors


def add_lora(model: PreTrainedModel, options: dict[str, Any]) -> PreTrainedModel:
    """Add a new LoRA adapter to a backbone.

    Args:
        model: the backbone.
        options: options of peft's `LoraConfig`.

    Raises:
        ModelError: if the backbone cannot have this adapter.
    """
    from peft import LoraConfig, get_peft_model, prepare_model_for_kbit_training

    if getattr(model, "is_quantized", False):
        model = prepare_model_for_kbit_training(model, use_gradient_checkpointing=False)
    with (
        library_errors(
            f"a {model.config.model_type} backbone",
            "cannot have this adapter",
            "change the fields of lora",
            error_class=ModelError,
        ),
        _ignore_renamed_attribute(),
    ):
        return get_peft_model(model, LoraConfig(**options))  # type: ignore[return-value]


def load_lora(model: PreTrainedModel, folder: Path, *, trainable: bool) -> PreTrainedModel:
    """Add a saved adapter to a backbone.

    Raises:
        ModelError: if the adapter cannot be loaded.
    """
    from peft import PeftModel

    with (
        library_errors(folder, "the adapter cannot be loaded", error_class=ModelError),
        _ignore_renamed_attribute(),
    ):
        return PeftModel.from_pretrained(model, str(folder), is_trainable=trainable)  # type: ignore[return-value]


def merge_lora(model: PreTrainedModel) -> PreTrainedModel:
    """Merge an adapter into the weights, which gives the same predictions faster."""
    return model.merge_and_unload()  # type: ignore[operator,no-any-return]


def is_adapted(model: torch.nn.Module) -> bool:
    """Return whether a backbone has an adapter."""
    return hasattr(model, "peft_config") and hasattr(model, "merge_and_unload")


def freeze_layers(model: PreTrainedModel, layers: int) -> None:
    """Freeze the embeddings and the first layers of a backbone.

    Args:
        model: a backbone without an adapter.
        layers: number of layers, from the bottom. 0 freezes only the embeddings.

    Raises:
        ModelError: if no layer is left to train.
    """
    stack = get_layers(model)
    if layers >= len(stack):
        raise ModelError(
            f"frozen_layers is {layers}, but the {model.config.model_type} backbone has "
            f"{len(stack)} layers: nothing would be trained"
        )
    first_trained = next(stack[layers].parameters())
    for parameter in model.parameters():  # in the order in which the input passes them
        if parameter is first_trained:
            return
        parameter.requires_grad_(False)


def get_trained_weights(model: PreTrainedModel) -> dict[str, torch.Tensor]:
    """Return the trained weights by name, on the CPU."""
    return {
        name: parameter.detach().contiguous().cpu()
        for name, parameter in model.named_parameters()
        if parameter.requires_grad
    }


def mark_initialized(model: PreTrainedModel) -> None:
    """Keep transformers from initializing loaded weights and adapters again in `post_init`."""
    for module in model.modules():
        module._is_hf_initialized = True  # type: ignore[assignment]
    for parameter in model.parameters():
        parameter._is_hf_initialized = True  # type: ignore[attr-defined]


def enable_checkpointing(model: PreTrainedModel, options: dict[str, Any], **kwargs: Any) -> None:
    """Enable activation checkpointing, by the name that this version of transformers has for it."""
    enable = getattr(model, "activation_checkpointing_enable", None)
    (enable or model.gradient_checkpointing_enable)(options, **kwargs)


@contextmanager
def _ignore_renamed_attribute() -> Iterator[None]:
    """Ignore the warnings that peft 0.21 causes.

    transformers 5.23 renamed an attribute that it reads. It also mentions experts of a mixture that
    no adapter was requested for.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"The following \w+_pattern keys did not match")
        warnings.filterwarnings("ignore", "`is_gradient_checkpointing`", FutureWarning)
        yield
