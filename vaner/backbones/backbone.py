"""The pretrained model under the head, and how it is loaded.

All that depends on how some version of transformers, peft or bitsandbytes behaves is kept here, in
`vaner.backbones.attention` and in `vaner.backbones.trainable_weights`.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any, Literal

import torch
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForCausalLM,
    PreTrainedConfig,
    PreTrainedModel,
)

from vaner.backbones.attention import check_attention, is_decoder, set_attention, unmask
from vaner.backbones.config import Attention
from vaner.backbones.trainable_weights import is_adapted
from vaner.errors import ModelError

# It warns at every import on AVX-512 machines that an optional Hub kernel is not there.
logging.getLogger("bitsandbytes.backends.cpu.ops").setLevel(logging.ERROR)

Quantization = Literal["nf4"]

# What the families call the dropout inside their layers.
_DROPOUTS = (
    "attention_dropout", "attention_probs_dropout_prob", "hidden_dropout", "hidden_dropout_prob",
    "attn_pdrop", "resid_pdrop", "embd_pdrop",
)  # fmt: skip


def load_backbone(
    folder: Path,
    *,
    attention: Attention,
    is_generative: bool = False,
    layers: int | None = None,
    quantization: Quantization | None = None,
    dtype: torch.dtype = torch.float32,
    device: str | None = None,
    kernel: str | None = None,
    dropout: float | None = None,
) -> PreTrainedModel:
    """Load pretrained weights with the attention wanted.

    Args:
        folder: a folder as `vaner.backbones.locate.locate_backbone` gives it.
        attention: ``bidirectional`` or ``causal``.
        is_generative: with the head over the vocabulary that a language model has.
        layers: keep only the first so many layers; all if None.
        quantization: ``nf4`` loads 4-bit NormalFloat with double quantisation (QLoRA, arXiv
            2305.14314), on a GPU or, slowly, on a CPU.
        dtype: of the weights, or of the arithmetic where they are quantised.
        device: where quantised weights are put; they cannot be moved later.
        kernel: transformers' name of the attention code (``sdpa``, ``eager`` …); its choice if
            None. For training short rows in bf16 on a CPU ``eager`` is the faster one.
        dropout: inside the layers, in training; what its config says if None. On a CPU drawing its
            random numbers takes a good part of a small encoder's time.
    """
    config = AutoConfig.from_pretrained(folder)
    set_attention(config, attention)
    if layers is not None:
        _shorten(config, layers)
    for name in _DROPOUTS if dropout is not None else ():
        if hasattr(config, name):
            setattr(config, name, dropout)
    options: dict[str, Any] = {"dtype": dtype}
    if kernel is not None:
        options["attn_implementation"] = kernel
    if quantization == "nf4":
        options["quantization_config"] = _nf4(dtype)
        options["device_map"] = {"": device or "cpu"}
    with silence_transformers():
        model = _kind(is_generative).from_pretrained(folder, config=config, **options)
    _check_blocks(model)
    return _prepared(model, attention)


def build_backbone(
    config: PreTrainedConfig, attention: Attention, *, is_generative: bool = False
) -> PreTrainedModel:
    """The same architecture with fresh weights, to load a whole saved model into."""
    set_attention(config, attention)
    return _prepared(_kind(is_generative).from_config(config), attention)


def unwrap_adapter(model: PreTrainedModel) -> Any:
    """The language model itself, which the adapter, if there is one, is built into."""
    return model.get_base_model() if is_adapted(model) else model  # type: ignore[operator]


def _kind(is_generative: bool) -> Any:
    return AutoModelForCausalLM if is_generative else AutoModel


def _prepared(model: PreTrainedModel, attention: Attention) -> PreTrainedModel:
    unmask(model, attention)
    if is_decoder(model.config):
        model.config.use_cache = False
    if getattr(model, "pooler", None) is not None:
        setattr(model, "pooler", None)  # noqa: B010  # an encoder's sentence vector: never used, never trained
    check_attention(model, attention)
    return model


def _shorten(config: PreTrainedConfig, layers: int) -> None:
    depth = config.num_hidden_layers
    if not 1 <= layers <= depth:
        raise ModelError(f"layers is {layers}; the backbone has {depth}")
    config.num_hidden_layers = layers
    if getattr(config, "layer_types", None):
        config.layer_types = config.layer_types[:layers]


def _nf4(dtype: torch.dtype) -> Any:
    from transformers import BitsAndBytesConfig

    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=dtype,
    )


def _check_blocks(model: PreTrainedModel) -> None:
    """Refuse 4-bit layers that bitsandbytes cannot compute with on a CPU.

    Raises:
        ModelError: for one whose rows are not whole blocks.
    """
    for name, module in model.named_modules():
        weight = getattr(module, "weight", None)
        state = getattr(weight, "quant_state", None)
        if weight is None or state is None or weight.device.type != "cpu":
            continue
        width = state.shape[-1]
        if width % state.blocksize:
            raise ModelError(
                f"4 bits on a CPU are computed in blocks of {state.blocksize}, and {name} of this "
                f"backbone has rows of {width}: leave the quantization out, or use a GPU"
            )


class silence_transformers:
    """Silence transformers' loading bars and its report on the layers left out on purpose."""

    def __enter__(self) -> None:
        from transformers.utils import logging as hf

        self._level, self._bars = hf.get_verbosity(), hf.is_progress_bar_enabled()
        hf.set_verbosity_error()
        hf.disable_progress_bar()

    def __exit__(self, *_: object) -> None:
        from transformers.utils import logging as hf

        hf.set_verbosity(self._level)
        if self._bars:
            hf.enable_progress_bar()
