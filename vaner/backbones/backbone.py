"""Loading a backbone: the pretrained model under the head.

All code that depends on the behavior of a version of transformers, peft or bitsandbytes is here, in
`vaner.backbones.attention` and in `vaner.backbones.trainable_weights`.
"""

from __future__ import annotations

import logging
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Literal

import torch
from transformers import AutoConfig, PreTrainedConfig, PreTrainedModel

from vaner.backbones.attention import (
    check_attention,
    is_decoder,
    set_attention,
    set_layer_attention,
)
from vaner.backbones.checkpoint import load_weights
from vaner.backbones.config import Attention
from vaner.backbones.text_model import build_text_model
from vaner.backbones.trainable_weights import is_adapted
from vaner.errors import ModelError, library_errors, summarize_error

# On AVX-512 machines, it warns at every import that an optional Hub kernel is missing.
logging.getLogger("bitsandbytes.backends.cpu.ops").setLevel(logging.ERROR)

Quantization = Literal["nf4"]

# The config fields that architectures have for the dropout inside their layers.
_DROPOUT_FIELDS = (
    "attention_dropout",
    "attention_probs_dropout_prob",
    "hidden_dropout",
    "hidden_dropout_prob",
    "attn_pdrop",
    "resid_pdrop",
    "embd_pdrop",
)


def disable_outputs(backbone: PreTrainedModel) -> None:
    """Disable the outputs of a backbone that are not read, whatever its stored config says.

    A damaged config may set these flags to any value, which would cause an error at the first text.
    """
    for config in (backbone.config, backbone.config.get_text_config()):
        config.output_hidden_states = config.output_attentions = False


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
    """Load pretrained weights.

    Args:
        folder: folder of the backbone, see `vaner.backbones.locate.locate_backbone`.
        attention: ``bidirectional`` or ``causal``.
        is_generative: whether to load the language model with its head over the vocabulary.
        layers: number of layers to keep, from the bottom. Default: all.
        quantization: ``nf4`` loads 4-bit NormalFloat weights with double quantization (QLoRA, arXiv
            2305.14314), on a GPU or, more slowly, on a CPU.
        dtype: dtype of the weights, or of the arithmetic if they are quantized.
        device: device of quantized weights, which cannot be moved later.
        kernel: transformers' name of the attention implementation (``sdpa``, ``eager`` …). Default:
            chosen by transformers. On a CPU ``eager`` is faster for training short rows in bf16.
        dropout: dropout inside the layers in training. Default: that of the backbone's config. On a
            CPU, drawing its random numbers takes much of a small encoder's time.

    Raises:
        ModelError: if the backbone cannot be loaded this way.
    """
    with _backbone_errors(folder):
        config = read_backbone_config(folder)
        set_attention(config, attention)
        if layers is not None:
            _shorten(config, layers)
    for part in {id(part): part for part in (config, config.get_text_config())}.values():
        for name in _DROPOUT_FIELDS if dropout is not None else ():
            if hasattr(part, name):
                setattr(part, name, dropout)
    options: dict[str, Any] = {"dtype": dtype}
    if kernel is not None:
        options["attn_implementation"] = kernel
    if quantization == "nf4":
        options["quantization_config"] = _nf4(dtype)
        options["device_map"] = {"": device or "cpu"}
    with _backbone_errors(folder), silence_transformers():
        model = load_weights(
            folder, config, is_generative, options, is_shortened=layers is not None
        )
        _check_block_size(model)
        _keep_4bit_layout(model)
        return _prepare(model, attention)


def _backbone_errors(folder: Path) -> AbstractContextManager[None]:
    """Return the boundary around the loading of a backbone."""
    return library_errors(
        folder, "the backbone cannot be loaded",
        "give a folder with config.json, tokenizer.json and safetensors files",
        error_class=ModelError,
    )  # fmt: skip


def build_backbone(
    config: PreTrainedConfig, attention: Attention, *, is_generative: bool = False
) -> PreTrainedModel:
    """Build a backbone with random weights, to load saved weights into."""
    set_attention(config, attention)
    return _prepare(build_text_model(config, is_generative), attention)


def unwrap_adapter(model: PreTrainedModel) -> Any:
    """Return the backbone without its adapter, which it has if it is trained with LoRA."""
    return model.get_base_model() if is_adapted(model) else model  # type: ignore[operator]


def count_embeddings(model: PreTrainedModel) -> int:
    """Return the number of subwords that a backbone has an embedding for."""
    embeddings: Any = model.get_input_embeddings()
    return int(embeddings.weight.shape[0])


def read_backbone_config(folder: Path) -> PreTrainedConfig:
    """Return the config of a backbone.

    Raises:
        ModelError: if it cannot be read, or if the architecture is an encoder-decoder.
    """
    try:
        config: PreTrainedConfig = AutoConfig.from_pretrained(folder, trust_remote_code=False)
    except Exception as error:  # validators of the configs raise errors of many classes
        reason = summarize_error(error)
        raise ModelError(f"{folder}: the config cannot be read: {reason}") from error
    if getattr(config, "is_encoder_decoder", False):
        raise ModelError(
            f"{folder}: {config.model_type} is an encoder-decoder, which is not supported: use an "
            "encoder (BERT-like) or a decoder (LLaMA-like)"
        )
    return config


def _prepare(model: PreTrainedModel, attention: Attention) -> PreTrainedModel:
    set_layer_attention(model, attention)
    if is_decoder(model.config):
        model.config.use_cache = False
    if getattr(model, "pooler", None) is not None:
        # The sentence vector of an encoder is neither used nor trained. Some architectures compute
        # it in any case.
        model.pooler = torch.nn.Identity()
    check_attention(model, attention)
    return model


def _shorten(config: PreTrainedConfig, layers: int) -> None:
    text = config.get_text_config()
    depth = text.num_hidden_layers
    if not 1 <= layers <= depth:
        raise ModelError(f"layers is {layers}; the backbone has {depth}")
    if layers == depth:
        return
    text.num_hidden_layers = layers
    for name, value in list(vars(text).items()):  # lists with an entry for each layer
        if isinstance(value, list) and len(value) == depth:
            setattr(text, name, value[:layers])


def _nf4(dtype: torch.dtype) -> Any:
    from transformers import BitsAndBytesConfig

    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=dtype,
    )


def _check_block_size(model: PreTrainedModel) -> None:
    """Check that bitsandbytes can compute with the 4-bit layers on a CPU.

    Raises:
        ModelError: if the rows of a layer are not a multiple of the block size.
    """
    for name, module in model.named_modules():
        weight = getattr(module, "weight", None)
        state = getattr(weight, "quant_state", None)
        if weight is None or state is None or weight.device.type != "cpu":
            continue
        width = state.shape[-1]
        if width % state.blocksize:
            raise ModelError(
                f"4-bit weights on a CPU need rows that are a multiple of {state.blocksize}, and "
                f"{name} of this backbone has rows of {width}: use no quantization, or a GPU"
            )


def _keep_4bit_layout(model: PreTrainedModel) -> None:
    """Keep the layout and the arithmetic of 4-bit weights, in training and for predictions.

    On processors with AVX512-BF16, bitsandbytes would change the layout at the first prediction, to
    one that has no gradients and is multiplied in bf16: the saved model would have other scores
    than it had on dev.
    """
    for part in model.modules():
        if hasattr(part, "support_avx512bf16_for_cpu"):
            setattr(part, "support_avx512bf16_for_cpu", False)  # noqa: B010


class silence_transformers:
    """Silence transformers' progress bars and its report of weights that are not loaded."""

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
