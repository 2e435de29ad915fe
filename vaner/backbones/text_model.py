"""The text part of a backbone: that of a model for text and images is used without the rest."""

from __future__ import annotations

from typing import Any

import torch
from transformers import (
    AutoModel,
    AutoModelForCausalLM,
    AutoModelForImageTextToText,
    PreTrainedConfig,
    PreTrainedModel,
)

from vaner.errors import ModelError

# What transformers notes about quantized weights at the outermost model.
_QUANTIZATION = ("is_quantized", "is_loaded_in_4bit", "hf_quantizer", "quantization_method")


def get_auto_class(config: PreTrainedConfig, is_generative: bool) -> Any:
    """Return the class of transformers that loads a backbone, with or without its head.

    Raises:
        ModelError: if there is none with a head over the vocabulary.
    """
    if not is_generative:
        return AutoModel
    for auto_class in (AutoModelForCausalLM, AutoModelForImageTextToText):
        if type(config) in auto_class._model_mapping.keys():  # noqa: SIM118 - not a dict
            return auto_class
    raise ModelError(f"{config.model_type} is not a language model, which a generator needs")


def build_text_model(config: PreTrainedConfig, is_generative: bool) -> PreTrainedModel:
    """Return a backbone with random weights: the text part, if there are others."""
    text = config.get_text_config()
    model: PreTrainedModel = get_auto_class(text, is_generative).from_config(text)
    return model


def extract_text_model(model: PreTrainedModel, is_generative: bool) -> tuple[PreTrainedModel, str]:
    """Return the text part of a loaded backbone.

    Args:
        model: the backbone. It is not usable afterwards if it has other parts.
        is_generative: whether the text part has a head over the vocabulary.

    Returns:
        The text part, and the prefix that the names of its layers have in `model`. It is the model
        itself, and an empty prefix, if the model has no other part.

    Raises:
        ModelError: if transformers has no class for the text part alone.
    """
    text_config = model.config.get_text_config()
    if text_config is model.config:
        return model, ""
    kind = f"the text part of a {model.config.model_type} backbone"
    try:
        expected: Any = AutoModel._model_mapping[type(text_config)]
    except KeyError:
        raise ModelError(f"{kind} cannot be loaded alone: use another backbone") from None
    parts = (item for item in model.named_modules() if isinstance(item[1], expected))
    prefix, part = next(parts, ("", None))
    if not isinstance(part, PreTrainedModel):
        raise ModelError(f"{kind} was not found in it: use another backbone")
    text = _with_head(model, part, text_config) if is_generative else part
    for name in _QUANTIZATION:
        if hasattr(model, name):
            setattr(text, name, getattr(model, name))
    return text, f"{prefix}."


def _with_head(
    model: PreTrainedModel, part: PreTrainedModel, config: PreTrainedConfig
) -> PreTrainedModel:
    """Return a language model of the text part and the head of the complete model."""
    try:
        with torch.device("meta"):
            text: PreTrainedModel = AutoModelForCausalLM.from_config(config)
    except ValueError as error:
        raise ModelError(
            f"the text part of a {model.config.model_type} backbone has no language model: use "
            "another backbone"
        ) from error
    setattr(text, text.base_model_prefix, part)
    text.set_output_embeddings(model.get_output_embeddings())
    return text
