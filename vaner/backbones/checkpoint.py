"""Loading the weights of a backbone completely: no weight is random, and none is left out.

transformers fills a weight that a checkpoint lacks with random numbers, and ignores one that the
config does not mention. An adapter on such a backbone would answer differently at every load.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedConfig, PreTrainedModel

from vaner.backbones.attention import get_layers
from vaner.backbones.storage import check_weights
from vaner.backbones.text_model import extract_text_model, get_auto_class
from vaner.errors import ModelError, summarize_error

_ROW = (3, 9, 6, 5, 8)  # subwords of the row that shows which weights are needed


def load_weights(
    folder: Path,
    config: PreTrainedConfig,
    is_generative: bool,
    options: dict[str, Any],
    *,
    is_shortened: bool = False,
) -> PreTrainedModel:
    """Load a backbone: of a model for text and images, the text part.

    Args:
        folder: folder of the backbone.
        config: its config.
        is_generative: whether to load the head over the vocabulary.
        options: for `from_pretrained` of transformers.
        is_shortened: whether the config has fewer layers than the checkpoint on purpose.

    Raises:
        ModelError: if a file is damaged, or if the weights are not those of the config.
    """
    check_weights(folder)
    auto_class = get_auto_class(config, is_generative)
    try:
        loaded, info = auto_class.from_pretrained(
            folder, config=config, use_safetensors=True, trust_remote_code=False,
            output_loading_info=True, **options,
        )  # fmt: skip
    except Exception as error:  # errors of many classes, from shapes to missing packages
        raise ModelError(
            f"{folder}: a {config.model_type} backbone cannot be loaded: {summarize_error(error)}"
        ) from error
    model, prefix = extract_text_model(loaded, is_generative)
    mismatched = [str(key[0] if isinstance(key, tuple) else key) for key in info["mismatched_keys"]]
    if mismatched:
        raise ModelError(f"{folder}: {mismatched[0]} has another shape than config.json says")
    unexpected = sorted(info["unexpected_keys"])
    missing = sorted(
        key.removeprefix(prefix)
        for key in info["missing_keys"]
        if key.startswith(prefix) or "lm_head" in key
    )
    if needed := _find_needed(model, missing):
        raise ModelError(_describe_missing(folder, needed, unexpected))
    extra = [] if is_shortened else list(_find_extra(model, unexpected))
    if extra:
        raise ModelError(
            f"{folder}: the layers have {len(extra)} weights that config.json does not mention "
            f"({extra[0]} …): the config is of another model"
        )
    return model


def _describe_missing(folder: Path, missing: Collection[str], unexpected: Collection[str]) -> str:
    first, *_ = missing
    message = f"{folder}: {len(missing)} weights of the backbone are missing ({first}"
    if not unexpected:
        return f"{message} …): copy it again"
    other, *_ = unexpected
    return (
        f"{message} …), and others have unknown names ({other} …): the names must be those of "
        "transformers"
    )


def _find_needed(model: PreTrainedModel, missing: Iterable[str]) -> list[str]:
    """Return which missing weights have an effect on the result.

    Weights of the layers do. Of the others, such as the pooler of an encoder, those do that turn
    the result into NaN if they are NaN.
    """
    stack = _name_of_layers(model)
    needed: list[str] = []
    parameters = dict(model.named_parameters(remove_duplicate=False))
    for name in missing:
        weight = parameters.get(name)
        if name.startswith(stack) or (weight is not None and _has_effect(model, weight)):
            needed.append(name)
    return needed


@torch.no_grad()
def _has_effect(model: PreTrainedModel, weight: torch.nn.Parameter) -> bool:
    if not weight.is_floating_point():  # 4-bit
        return True
    before = weight.clone()
    weight.fill_(torch.nan)
    row = torch.tensor([_ROW], device=weight.device)
    try:
        result = model(input_ids=row)
        output = getattr(result, "logits", None)
        output = result.last_hidden_state if output is None else output
        return bool(output.isnan().any())
    except Exception:  # a backbone that cannot read is refused by its trial
        return False
    finally:
        weight.copy_(before)


def _find_extra(model: PreTrainedModel, unexpected: Iterable[str]) -> Iterable[str]:
    """Yield the weights of layers that the model does not have."""
    prefix = re.escape(model.base_model_prefix)
    stack = re.escape(_name_of_layers(model).removeprefix(f"{model.base_model_prefix}."))
    of_layers = re.compile(rf"(?:{prefix}\.)?{stack}")
    for name in unexpected:
        if of_layers.match(name):
            yield name


def _name_of_layers(model: PreTrainedModel) -> str:
    """Return the start of the names of the weights in layers, such as ``layers.``."""
    layers = get_layers(model)
    return next(f"{name}." for name, module in model.named_modules() if module is layers)
