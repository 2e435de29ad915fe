"""How a backbone attends: a decoder's causal mask lifted, or kept in some of its layers."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from transformers import PreTrainedConfig, PreTrainedModel

from vaner.backbones.config import Attention
from vaner.errors import ModelError


def set_attention(config: PreTrainedConfig, attention: Attention) -> None:
    """Say in a config how its model is to attend, before the model is made.

    Raises:
        ModelError: for an encoder that is to attend causally.
    """
    if not is_decoder(config):
        if attention == "causal":
            raise ModelError(f"{config.model_type} is an encoder; it has no causal mask to keep")
        return
    # Read by transformers' mask builder since 5.0: padding stays masked either way.
    config.is_causal = attention == "causal"
    text = config.get_text_config()
    if text is not config:
        text.is_causal = attention == "causal"


def unmask(model: PreTrainedModel, attention: Attention) -> None:
    """Tell the layers of a decoder how to attend where there is no padding to mask."""
    if not is_decoder(model.config):
        return
    for module in model.modules():
        # sdpa falls back on the module's own flag then.
        if hasattr(module, "is_causal") and not isinstance(module, PreTrainedModel):
            setattr(module, "is_causal", attention == "causal")  # noqa: B010


def check_attention(model: PreTrainedModel, attention: Attention) -> None:
    """Assert that a loaded backbone attends as its head was trained.

    Raises:
        ModelError: where the causal mask is in place for a bidirectional model or the reverse.
    """
    causal = is_decoder(model.config) and getattr(model.config, "is_causal", True)
    if causal != (attention == "causal"):
        raise ModelError(
            f"the backbone attends {'causally' if causal else 'bidirectionally'}, "
            f"but the model was trained with {attention} attention"
        )


def keep_causal(model: PreTrainedModel, layers: int) -> None:
    """Let the first so many layers of an unmasked decoder keep the causal mask.

    Lifting it in the upper layers alone may do more than lifting it in all (arXiv 2401.14556).

    Args:
        model: a backbone, with an adapter or without.
        layers: number of layers from the bottom up; 0 changes nothing.

    Raises:
        ModelError: for a backbone that has no such layers, or attention code whose masks are
            not matrices.
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
        raise ModelError(f"causal_layers needs attention code eager or sdpa, and this is {kernel}")
    for layer in stack[:layers]:
        for part in layer.modules():  # read where rows are packed, with no mask between them
            if hasattr(part, "is_causal"):
                setattr(part, "is_causal", True)  # noqa: B010
        layer.register_forward_pre_hook(partial(_causally, kernel), with_kwargs=True)


def _causally(
    kernel: str, _: torch.nn.Module, inputs: tuple[Any, ...], options: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """What a layer is called with, nothing after a position seen by it.

    eager adds its mask to the scores; sdpa takes what may be seen, and None for all.
    """
    hidden = inputs[0] if inputs else options["hidden_states"]
    length = hidden.shape[1]
    seen = torch.ones(length, length, dtype=torch.bool, device=hidden.device).tril()[None, None]
    mask = options.get("attention_mask")
    if mask is None and kernel == "eager":
        mask = torch.zeros(1, 1, length, length, dtype=hidden.dtype, device=hidden.device)
    if mask is None:
        mask = seen
    elif mask.dtype == torch.bool:
        mask = mask & seen
    else:
        mask = mask.masked_fill(~seen, torch.finfo(mask.dtype).min)
    return inputs, options | {"attention_mask": mask}


def get_layers(model: PreTrainedModel) -> torch.nn.ModuleList:
    """The layers of a model: its longest list of modules."""
    lists = [part for part in model.modules() if isinstance(part, torch.nn.ModuleList)]
    return max(lists, key=len, default=torch.nn.ModuleList())


def is_decoder(config: PreTrainedConfig) -> bool:
    """Whether an architecture has a causal mask."""
    from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES as CAUSAL
    from transformers.models.auto.modeling_auto import MODEL_FOR_MASKED_LM_MAPPING_NAMES as MASKED

    return config.model_type in CAUSAL and config.model_type not in MASKED
