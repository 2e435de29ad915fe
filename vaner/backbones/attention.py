"""The attention of a backbone: lifting a decoder's causal mask, or keeping it in some layers."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from transformers import PreTrainedConfig, PreTrainedModel

from vaner.backbones.config import Attention
from vaner.errors import ModelError


def set_attention(config: PreTrainedConfig, attention: Attention) -> None:
    """Set the attention in a config, before the model is built from it.

    Raises:
        ModelError: if the attention is causal and the architecture is an encoder.
    """
    if not is_decoder(config):
        if attention == "causal":
            raise ModelError(f"{config.model_type} is an encoder; it has no causal mask to keep")
        return
    # transformers' mask builder reads this flag since 5.0. Padding stays masked either way.
    config.is_causal = attention == "causal"
    text = config.get_text_config()
    if text is not config:
        text.is_causal = attention == "causal"


def set_layer_attention(model: PreTrainedModel, attention: Attention) -> None:
    """Set the attention in the layers of a decoder.

    sdpa reads the flag of a layer if there is no padding, and so no mask.
    """
    if not is_decoder(model.config):
        return
    for module in model.modules():
        if hasattr(module, "is_causal") and not isinstance(module, PreTrainedModel):
            setattr(module, "is_causal", attention == "causal")  # noqa: B010


def check_attention(model: PreTrainedModel, attention: Attention) -> None:
    """Check that a loaded backbone attends as it did when its head was trained.

    Raises:
        ModelError: if a bidirectional model has a causal mask, or the reverse.
    """
    is_causal = is_decoder(model.config) and getattr(model.config, "is_causal", True)
    if is_causal != (attention == "causal"):
        raise ModelError(
            f"the backbone attends {'causally' if is_causal else 'bidirectionally'}, "
            f"but the model was trained with {attention} attention"
        )


def keep_causal_layers(model: PreTrainedModel, layers: int) -> None:
    """Keep the causal mask in the first layers of a bidirectional decoder.

    Lifting the mask only in the upper layers can work better than lifting it in all of them
    (arXiv 2401.14556).

    Args:
        model: a backbone, with an adapter or without.
        layers: number of layers, from the bottom. 0 changes nothing.

    Raises:
        ModelError: if the backbone has fewer layers with a causal mask, or if its attention
            implementation does not use matrices as masks.
    """
    if not layers:
        return
    stack = get_layers(model) if is_decoder(model.config) else ()
    if layers > len(stack):
        raise ModelError(
            f"causal_layers is {layers}, but the {model.config.model_type} backbone has "
            f"{len(stack) or 'no'} layers with a causal mask to keep"
        )
    if (kernel := model.config._attn_implementation) not in ("eager", "sdpa"):
        raise ModelError(
            f"causal_layers needs the attention implementation eager or sdpa, not {kernel}"
        )
    for layer in stack[:layers]:
        for part in layer.modules():  # packed rows have no mask and read this flag instead
            if hasattr(part, "is_causal"):
                setattr(part, "is_causal", True)  # noqa: B010
        layer.register_forward_pre_hook(partial(_add_causal_mask, kernel), with_kwargs=True)


def _add_causal_mask(
    kernel: str, _: torch.nn.Module, inputs: tuple[Any, ...], options: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the arguments of a layer with a mask that hides all later positions.

    eager adds its mask to the scores. sdpa takes a mask of visible positions, or None for all.
    """
    hidden = inputs[0] if inputs else options["hidden_states"]
    length = hidden.shape[1]
    visible = torch.ones(length, length, dtype=torch.bool, device=hidden.device).tril()[None, None]
    mask = options.get("attention_mask")
    if mask is None and kernel == "eager":
        mask = torch.zeros(1, 1, length, length, dtype=hidden.dtype, device=hidden.device)
    if mask is None:
        mask = visible
    elif mask.dtype == torch.bool:
        mask = mask & visible
    else:
        mask = mask.masked_fill(~visible, torch.finfo(mask.dtype).min)
    return inputs, options | {"attention_mask": mask}


def get_layers(model: PreTrainedModel) -> torch.nn.ModuleList:
    """Return the layers of a model: its longest list of modules that is in no other list."""
    outer: list[torch.nn.ModuleList] = []

    def collect(module: torch.nn.Module) -> None:
        if isinstance(module, torch.nn.ModuleList):
            outer.append(module)
        else:
            for child in module.children():
                collect(child)

    collect(model)
    return max(outer, key=len, default=torch.nn.ModuleList())


def is_decoder(config: PreTrainedConfig) -> bool:
    """Return whether an architecture may have a causal mask: it is not known as an encoder.

    What the layers really see is measured, see `vaner.backbones.trial`.
    """
    from transformers.models.auto.modeling_auto import MODEL_FOR_MASKED_LM_MAPPING_NAMES as MASKED

    return config.get_text_config().model_type not in MASKED
