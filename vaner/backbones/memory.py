"""The memory that fine-tuning an adapter on 4-bit weights needs (QLoRA), computed from the config.

The backbone is built on the meta device: its tensors have shapes and no content, so a model of any
size takes no memory. The tensors that the forward pass stores for the backward pass are counted by
running it.
"""

from __future__ import annotations

import math
from contextlib import suppress
from copy import deepcopy
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from transformers import AttentionInterface, PreTrainedConfig, PreTrainedModel

from vaner.backbones.attention import get_layers, set_attention
from vaner.backbones.backbone import unwrap_adapter
from vaner.backbones.text_model import build_text_model
from vaner.backbones.trainable_weights import add_lora
from vaner.errors import ModelError, library_errors

# Of a 4-bit weight: half a byte, a byte for each block of 64, and 4 for each 256 blocks (double
# quantization, arXiv 2305.14314).
_NF4_BYTES = 0.5 + 1 / 64 + 4 / (64 * 256)
_FP32_BYTES = 4
_ADAM_BYTES = 8  # two numbers in fp32 for each trained weight


class TrainingShape(NamedTuple):
    """The sizes that the memory depends on, in addition to the backbone.

    Attributes:
        batch_size: number of rows in a batch.
        length: number of subwords in a row.
        rank: rank of the adapter, on all linear layers.
        dtype: number format of the arithmetic.
    """

    batch_size: int = 4
    length: int = 256
    rank: int = 16
    dtype: torch.dtype = torch.bfloat16


class MemoryEstimate(NamedTuple):
    """The parts of the memory, in bytes, and the number of parameters.

    Attributes:
        weights: the backbone: linear layers in 4 bits, the rest in fp32, as peft converts it.
        adapter: the adapter, in fp32.
        gradients: the gradients of the adapter.
        optimizer: the state of AdamW.
        activations: the tensors that the forward pass stores for the backward pass.
        saved_activations: the same with gradient checkpointing: the inputs of the layers, and all
            tensors of one layer.
        temporary: the weights of the largest linear layer in the format of the arithmetic.
        parameters: number of parameters of the backbone.
        trained: number of parameters of the adapter.
    """

    weights: float
    adapter: float
    gradients: float
    optimizer: float
    activations: float
    saved_activations: float
    temporary: float
    parameters: int
    trained: int

    @property
    def total(self) -> float:
        """The sum, without the memory of the GPU driver."""
        return self.fixed + self.activations + self.temporary

    @property
    def saved_total(self) -> float:
        """The sum with gradient checkpointing."""
        return self.fixed + self.saved_activations + self.temporary

    @property
    def fixed(self) -> float:
        """The part that does not depend on the batch."""
        return self.weights + self.adapter + self.gradients + self.optimizer


def estimate_memory(config: PreTrainedConfig, shape: TrainingShape) -> MemoryEstimate:
    """Return the memory of fine-tuning an adapter on a backbone in 4 bits.

    Args:
        config: the config of the backbone; of a model for text and images, the text part counts.
        shape: the batches and the adapter.

    Raises:
        ModelError: if such a backbone cannot be built.
    """
    config = deepcopy(config)
    kind = f"a {config.model_type} backbone"
    with library_errors(kind, "its memory cannot be computed", error_class=ModelError):
        set_attention(config, "bidirectional")
        with torch.device("meta"):
            backbone = build_text_model(config, is_generative=False)
            nn.Module.to(backbone, shape.dtype)
            linear = [part for part in backbone.modules() if isinstance(part, nn.Linear)]
            parameters = sum(weight.numel() for weight in backbone.parameters())
            quantized = [part.weight.numel() for part in linear]
            model = add_lora(backbone, {"r": shape.rank, "target_modules": "all-linear"})
            trained = sum(p.numel() for p in model.parameters() if p.requires_grad)
            nn.Module.to(model, shape.dtype)
            activations = _count_saved_bytes(model, shape)
    size, layers = shape.dtype.itemsize, max(1, len(get_layers(backbone)))
    inputs = shape.batch_size * shape.length * backbone.config.hidden_size * size
    return MemoryEstimate(
        weights=_NF4_BYTES * sum(quantized) + _FP32_BYTES * (parameters - sum(quantized)),
        adapter=_FP32_BYTES * trained,
        gradients=_FP32_BYTES * trained,
        optimizer=_ADAM_BYTES * trained,
        activations=activations,
        saved_activations=layers * inputs + activations / layers,
        temporary=size * max(quantized, default=0),
        parameters=parameters,
        trained=trained,
    )


class _Attention(torch.autograd.Function):
    """Stores what fused attention stores: its inputs and its result, but no attention weights."""

    @staticmethod
    def forward(context: Any, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """Return a tensor of the shape of the result. *Shape:* (B, heads, T, D)"""
        result = query.new_empty(*query.shape[:-1], value.shape[-1])
        context.save_for_backward(query, key, value, result)
        return result


def _attend(
    module: nn.Module, query: Tensor, key: Tensor, value: Tensor, *_: Any, **__: Any
) -> tuple[Tensor, None]:
    """Replace an attention implementation, with the signature of transformers."""
    return _Attention.apply(query, key, value).transpose(1, 2), None  # type: ignore[no-untyped-call]


_KERNEL = "vaner_memory"
AttentionInterface.register(_KERNEL, _attend)


def _count_saved_bytes(model: PreTrainedModel, shape: TrainingShape) -> float:
    """Return the bytes of what a forward pass stores for the backward pass, without weights."""
    stored: dict[int, float] = {}
    alive: list[Tensor] = []  # so that no address is used twice
    weights = {id(weight) for weight in (*model.parameters(), *model.buffers())}

    def count(tensor: Tensor) -> Tensor:
        base = tensor if tensor._base is None else tensor._base
        if id(base) not in weights and id(base) not in stored:
            alive.append(base)
            stored[id(base)] = math.prod(base.shape) * base.element_size()
        return tensor

    with suppress(ValueError):  # an architecture whose attention has no implementations
        unwrap_adapter(model).set_attn_implementation(_KERNEL)
    ids = torch.zeros(shape.batch_size, shape.length, dtype=torch.long, device="meta")
    model.train()
    with torch.enable_grad(), saved_tensors_hooks(count, lambda tensor: tensor):
        model(input_ids=ids)
    return sum(stored.values())
