"""The pretrained model under the head: how it is loaded, how it attends, how it is adapted.

All that depends on how some version of transformers, peft or bitsandbytes behaves is kept here.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
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

from vaner.errors import ModelError
from vaner.modeling.config import Attention

# It warns at every import on AVX-512 machines that an optional Hub kernel is not there.
logging.getLogger("bitsandbytes.backends.cpu.ops").setLevel(logging.ERROR)

Quantization = Literal["nf4"]

# What the families call the dropout inside their layers.
_DROPOUTS = (
    "attention_dropout", "attention_probs_dropout_prob", "hidden_dropout", "hidden_dropout_prob",
    "attn_pdrop", "resid_pdrop", "embd_pdrop",
)  # fmt: skip


def load(
    folder: Path,
    *,
    attention: Attention,
    writes: bool = False,
    layers: int | None = None,
    quantization: Quantization | None = None,
    dtype: torch.dtype = torch.float32,
    device: str | None = None,
    kernel: str | None = None,
    dropout: float | None = None,
) -> PreTrainedModel:
    """Load pretrained weights with the attention wanted.

    Args:
        folder: a folder as `vaner.modeling.finding.find` gives it.
        attention: ``bidirectional`` or ``causal``.
        writes: with the head over the vocabulary that a language model has.
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
    _set_attention(config, attention)
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
    with quiet():
        model = _kind(writes).from_pretrained(folder, config=config, **options)
    _check_blocks(model)
    return _prepared(model, attention)


def from_config(
    config: PreTrainedConfig, attention: Attention, *, writes: bool = False
) -> PreTrainedModel:
    """The same architecture with fresh weights, to load a whole saved model into."""
    _set_attention(config, attention)
    return _prepared(_kind(writes).from_config(config), attention)


def language_model(model: PreTrainedModel) -> Any:
    """The language model itself, which the adapter, if there is one, is built into."""
    return model.get_base_model() if is_adapted(model) else model  # type: ignore[operator]


def _kind(writes: bool) -> Any:
    return AutoModelForCausalLM if writes else AutoModel


def check_attention(model: PreTrainedModel, attention: Attention) -> None:
    """Assert that a loaded backbone attends as its head was trained.

    Raises:
        ModelError: where the causal mask is in place for a bidirectional model or the reverse.
    """
    causal = _is_decoder(model.config) and getattr(model.config, "is_causal", True)
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
    stack = _layers(model)
    if not _is_decoder(model.config) or layers > len(stack):
        raise ModelError(
            f"causal_layers is {layers}, but the {model.config.model_type} backbone has "
            f"{len(stack) if _is_decoder(model.config) else 'no'} layers with a causal mask to keep"
        )
    if (kernel := model.config._attn_implementation) not in ("eager", "sdpa"):
        raise ModelError(f"causal_layers needs attention code eager or sdpa, and this is {kernel}")
    for layer in stack[:layers]:
        for part in layer.modules():  # read where rows are packed, with no mask between them
            if hasattr(part, "is_causal"):
                setattr(part, "is_causal", True)  # noqa: B010
        layer.register_forward_pre_hook(partial(_causally, kernel), with_kwargs=True)


def freeze(model: PreTrainedModel, layers: int) -> None:
    """Leave the first so many layers of a model, and its embeddings before them, untrained.

    Args:
        model: a backbone without an adapter.
        layers: number of layers from the bottom up; 0 freezes the embeddings alone.

    Raises:
        ModelError: where the backbone has no more than so many layers.
    """
    stack = _layers(model)
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


def _layers(model: PreTrainedModel) -> torch.nn.ModuleList:
    """The layers of a model: its longest list of modules."""
    lists = [part for part in model.modules() if isinstance(part, torch.nn.ModuleList)]
    return max(lists, key=len, default=torch.nn.ModuleList())


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
        raise ModelError(f"{folder}: the adapter cannot be loaded: {_first_line(error)}") from error


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


def checkpoint_activations(model: PreTrainedModel, options: dict[str, Any], **more: Any) -> None:
    """Trade time for memory in training, by the name that this transformers has for it."""
    enable = getattr(model, "activation_checkpointing_enable", None)
    (enable or model.gradient_checkpointing_enable)(options, **more)


def keep_weights(model: PreTrainedModel) -> None:
    """Keep transformers from initialising loaded weights and adapters anew in `post_init`."""
    for module in model.modules():
        module._is_hf_initialized = True  # type: ignore[assignment]
    for parameter in model.parameters():
        parameter._is_hf_initialized = True  # type: ignore[attr-defined]


def merge_lora(model: PreTrainedModel) -> PreTrainedModel:
    """Fold an adapter into the weights: same answers, no cost at use."""
    return model.merge_and_unload()  # type: ignore[operator,no-any-return]


def is_adapted(model: torch.nn.Module) -> bool:
    """Whether a backbone carries an adapter."""
    return hasattr(model, "peft_config") and hasattr(model, "merge_and_unload")


def _set_attention(config: PreTrainedConfig, attention: Attention) -> None:
    if not _is_decoder(config):
        if attention == "causal":
            raise ModelError(f"{config.model_type} is an encoder; it has no causal mask to keep")
        return
    # Read by transformers' mask builder since 5.0: padding stays masked either way.
    config.is_causal = attention == "causal"
    text = config.get_text_config()
    if text is not config:
        text.is_causal = attention == "causal"


def _is_decoder(config: PreTrainedConfig) -> bool:
    from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES as CAUSAL
    from transformers.models.auto.modeling_auto import MODEL_FOR_MASKED_LM_MAPPING_NAMES as MASKED

    return config.model_type in CAUSAL and config.model_type not in MASKED


def _prepared(model: PreTrainedModel, attention: Attention) -> PreTrainedModel:
    if _is_decoder(model.config):
        for module in model.modules():
            # sdpa falls back on the module's own flag when there is no padding to mask.
            if hasattr(module, "is_causal") and not isinstance(module, PreTrainedModel):
                setattr(module, "is_causal", attention == "causal")  # noqa: B010
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


class quiet:
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


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0]
