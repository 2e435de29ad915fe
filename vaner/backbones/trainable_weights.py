"""What is trained of a backbone: an adapter, its upper layers, or all of it."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedModel

from vaner.backbones.attention import get_layers
from vaner.errors import ModelError, summarize_error


def add_lora(model: PreTrainedModel, options: dict[str, Any]) -> PreTrainedModel:
    """Wrap a backbone with a fresh LoRA adapter (peft). `options` go to `LoraConfig`."""
    from peft import LoraConfig, get_peft_model, prepare_model_for_kbit_training

    if getattr(model, "is_quantized", False):
        model = prepare_model_for_kbit_training(model, use_gradient_checkpointing=False)
        _stay_trainable(model)
    with _peft_asks_by_the_old_name():
        return get_peft_model(model, LoraConfig(**options))  # type: ignore[return-value]


def load_lora(model: PreTrainedModel, folder: Path, *, trainable: bool) -> PreTrainedModel:
    """Put a saved adapter on a backbone."""
    from peft import PeftModel

    if trainable:
        _stay_trainable(model)
    try:
        with _peft_asks_by_the_old_name():
            return PeftModel.from_pretrained(model, str(folder), is_trainable=trainable)  # type: ignore[return-value]
    except (ValueError, RuntimeError, KeyError, OSError) as error:
        raise ModelError(
            f"{folder}: the adapter cannot be loaded: {summarize_error(error)}"
        ) from error


def merge_lora(model: PreTrainedModel) -> PreTrainedModel:
    """Fold an adapter into the weights: same answers, no cost at use."""
    return model.merge_and_unload()  # type: ignore[operator,no-any-return]


def is_adapted(model: torch.nn.Module) -> bool:
    """Whether a backbone carries an adapter."""
    return hasattr(model, "peft_config") and hasattr(model, "merge_and_unload")


def freeze(model: PreTrainedModel, layers: int) -> None:
    """Leave the first so many layers of a model, and its embeddings before them, untrained.

    Args:
        model: a backbone without an adapter.
        layers: number of layers from the bottom up; 0 freezes the embeddings alone.

    Raises:
        ModelError: where the backbone has no more than so many layers.
    """
    stack = get_layers(model)
    if layers >= len(stack):
        raise ModelError(
            f"frozen_layers is {layers}, and the {model.config.model_type} backbone has "
            f"{len(stack)} layers: nothing would be trained"
        )
    first = next(stack[layers].parameters())
    for parameter in model.parameters():  # in the order in which the input passes them
        if parameter is first:
            return
        parameter.requires_grad_(False)


def trained_weights(model: PreTrainedModel) -> dict[str, torch.Tensor]:
    """The weights that are trained, by name."""
    return {
        name: parameter.detach().contiguous().cpu()
        for name, parameter in model.named_parameters()
        if parameter.requires_grad
    }


def keep_weights(model: PreTrainedModel) -> None:
    """Keep transformers from initialising loaded weights and adapters anew in `post_init`."""
    for module in model.modules():
        module._is_hf_initialized = True  # type: ignore[assignment]
    for parameter in model.parameters():
        parameter._is_hf_initialized = True  # type: ignore[attr-defined]


def checkpoint_activations(model: PreTrainedModel, options: dict[str, Any], **more: Any) -> None:
    """Trade time for memory in training, by the name that this transformers has for it."""
    enable = getattr(model, "activation_checkpointing_enable", None)
    (enable or model.gradient_checkpointing_enable)(options, **more)


def _stay_trainable(model: PreTrainedModel) -> None:
    """Keep 4-bit weights as they are when a model in training is scored on devel.

    On processors with AVX512-BF16 bitsandbytes would lay them out anew at the first answer, for
    code through which no gradient goes, and leave them so.
    """
    for part in model.modules():
        if hasattr(part, "support_avx512bf16_for_cpu"):
            setattr(part, "support_avx512bf16_for_cpu", False)  # noqa: B010


@contextmanager
def _peft_asks_by_the_old_name() -> Iterator[None]:
    """The newest peft, 0.21, asks a model for what transformers 5.23 has renamed, and is warned.

    Nothing that we or a user of ours could do about it; every other warning gets through.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "`is_gradient_checkpointing`", FutureWarning)
        yield
