"""Packing: the sentences of a batch one after another in a single row, without padding.

Most layers of a backbone process each subword separately, so their cost is proportional to the
number of subwords. Only attention arranges the sentences in separate padded rows again, so that a
sentence attends only to itself and its instruction.
"""

from __future__ import annotations

import logging
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import AttentionInterface, PreTrainedModel

from vaner.backbones.backbone import unwrap_adapter

logger = logging.getLogger(__name__)

KERNEL = "vaner_packed"
"""The name of `attend` in transformers' registry of attention implementations."""

_TOLERANCE = 0.02  # of vector norms: far above rounding errors, also in bf16 or 4 bits


class Packing(NamedTuple):
    """Which subwords of a packed row attend to which.

    A segment is a sentence, or an instruction that several sentences share. Letters in shapes: N
    subwords in the row, S segments, L subwords in a segment, K subwords that it attends to.

    Attributes:
        query_index: the subwords of each segment. *Shape:* (S, L), int64
        query_mask: False on padding of `query_index`. *Shape:* (S, L), bool
        key_index: the subwords that each segment attends to. *Shape:* (S, K), int64
        key_mask: False on padding of `key_index`. *Shape:* (S, K), bool
        positions: the position of each subword in its sentence. *Shape:* (1, N), int64
    """

    query_index: Tensor
    query_mask: Tensor
    key_index: Tensor
    key_mask: Tensor
    positions: Tensor


def attend(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    *,
    packing: Packing | None = None,
    scaling: float | None = None,
    dropout: float = 0.0,
    **_: Any,
) -> tuple[Tensor, None]:
    """Compute attention in a packed row, with the signature that transformers calls.

    Args:
        module: the attention layer. Its attribute `is_causal` is used.
        query: *Shape:* (1, heads, N, D)
        key, value: *Shape:* (1, heads or fewer, N, D)
        attention_mask: None.
        packing: which subwords attend to which.
        scaling: factor of the scores. Default: 1/√D.
        dropout: dropout of the attention weights.

    Returns:
        *Shape:* (1, N, heads, D), and None for the weights

    Raises:
        ValueError: if the backbone was not called by `run_backbone`, and there is no packing.
    """
    if packing is None:
        raise ValueError(
            "this backbone has packing enabled: call it by vaner.backbones.row_packing.run_backbone"
        )
    query = _unpack(query, packing.query_index)
    key, value = (_unpack(part, packing.key_index) for part in (key, value))
    visible = packing.key_mask[:, None, None, :]
    if getattr(module, "is_causal", False):
        position = packing.positions[0]
        earlier = position[packing.key_index].unsqueeze(1) <= position[
            packing.query_index
        ].unsqueeze(2)
        visible = visible & earlier[:, None]
    result = _compute_attention(
        query, key, value, visible, scaling or query.shape[-1] ** -0.5, dropout
    )
    return result.transpose(1, 2)[packing.query_mask].unsqueeze(0), None


def _unpack(packed: Tensor, index: Tensor) -> Tensor:
    """Return the vectors of each segment. *Shape:* (1, heads, N, D) -> (S, heads, L, D)"""
    return packed[0].transpose(0, 1)[index].transpose(1, 2)


def _compute_attention(
    query: Tensor, key: Tensor, value: Tensor, visible: Tensor, scaling: float, dropout: float
) -> Tensor:
    """Compute the attention of padded segments. *Shape:* (S, heads, L, D)"""
    group_size = query.shape[1] // key.shape[1]
    if query.device.type != "cpu" or query.dtype == torch.float32:
        return functional.scaled_dot_product_attention(
            query,
            key,
            value,
            attn_mask=visible.expand(-1, -1, query.shape[2], -1),
            dropout_p=dropout,
            scale=scaling,
            enable_gqa=group_size > 1,
        )
    # In bf16 on a CPU, the gradient of torch's implementation takes five times as long.
    if group_size > 1:
        key, value = (part.repeat_interleave(group_size, 1) for part in (key, value))
    scores = (query @ key.transpose(-1, -2) * scaling).masked_fill(
        ~visible, torch.finfo(query.dtype).min
    )
    weights = functional.softmax(scores, -1, dtype=torch.float32).to(query.dtype)
    return functional.dropout(weights, dropout, training=dropout > 0) @ value


AttentionInterface.register(KERNEL, attend)


def run_backbone(
    backbone: PreTrainedModel,
    input_ids: Tensor,
    attention_inputs: dict[str, Tensor],
    added: Tensor | None = None,
) -> Tensor:
    """Return the vectors of all subwords of a padded or packed batch.

    Args:
        backbone: the backbone. For a packed batch, `enable_packing` was called for it.
        input_ids: *Shape:* (B, T), or (1, N) if packed
        attention_inputs: ``attention_mask``, or the fields of a `Packing`.
        added: vectors that are added to the subword embeddings. *Shape:* (B, T, H), or (1, N, H)

    Returns:
        *Shape:* (B, T, H), or (1, N, H)
    """
    if "positions" in attention_inputs:
        inputs = embed(backbone, input_ids, added)
        return _run_packed(backbone, inputs, Packing(**attention_inputs))
    if unwrap_adapter(backbone).config._attn_implementation == KERNEL:
        packing = _pack_padded(attention_inputs["attention_mask"])
        flat = None if added is None else added.flatten(0, 1)[None]
        inputs = embed(backbone, input_ids.reshape(1, -1), flat)
        return _run_packed(backbone, inputs, packing).view(*input_ids.shape, -1)
    output = backbone(**embed(backbone, input_ids, added), **attention_inputs)
    hidden: Tensor = output.last_hidden_state
    return hidden


def embed(backbone: PreTrainedModel, input_ids: Tensor, added: Tensor | None) -> dict[str, Tensor]:
    """Return the inputs of a backbone: subword ids, or embeddings if something is added to them."""
    if added is None:
        return {"input_ids": input_ids}
    embeddings: Tensor = unwrap_adapter(backbone).get_input_embeddings()(input_ids)
    return {"inputs_embeds": embeddings + added.to(embeddings.dtype)}


def _run_packed(backbone: PreTrainedModel, inputs: dict[str, Tensor], packing: Packing) -> Tensor:
    model = unwrap_adapter(backbone)
    if model.config._attn_implementation != KERNEL:
        model.set_attn_implementation(KERNEL)
    positions = packing.positions + _first_position(backbone)
    hidden: Tensor = backbone(**inputs, position_ids=positions, packing=packing).last_hidden_state
    return hidden


def _pack_padded(attention_mask: Tensor) -> Packing:
    """Return the packing of a padded batch (B, T): its padding is packed, but not attended to."""
    rows, longest = attention_mask.shape
    index = torch.arange(rows * longest, device=attention_mask.device)
    queries = index.view(rows, longest)
    return Packing(
        query_index=queries,
        query_mask=torch.ones_like(queries).bool(),
        key_index=queries,
        key_mask=attention_mask.bool(),
        positions=(index % longest)[None],
    )


def enable_packing(backbone: PreTrainedModel, longest: int) -> bool:
    """Enable packing for a backbone, if it supports it.

    This is decided by a trial: two short rows must have the same vectors packed as separately. Some
    architectures have attention code or positions that cannot be set from outside.

    Args:
        backbone: loaded, with an adapter or without.
        longest: maximum number of subwords in a row.

    Returns:
        Whether the backbone supports packing.
    """
    model = unwrap_adapter(backbone)
    config = model.config.get_text_config()
    window = getattr(config, "sliding_window", None) or getattr(config, "local_attention", None)
    if window is not None and window < longest:
        return False
    previous, training = config._attn_implementation, model.training
    model.eval()
    try:
        is_supported = _try_packing(model)
    except (AttributeError, LookupError, RuntimeError, TypeError, ValueError) as error:
        # Architectures fail in different ways. Padded rows work with all of them.
        logger.info("a %s backbone cannot be packed: %s", config.model_type, error)
        is_supported = False
    model.train(training)
    if not is_supported:
        model.set_attn_implementation(previous)
    return is_supported


@torch.no_grad()
def _try_packing(model: PreTrainedModel) -> bool:
    device = next(model.parameters()).device
    rows = [torch.arange(7, 12, device=device)[None], torch.arange(3, 6, device=device)[None]]
    separate = [run_backbone(model, row, {"attention_mask": torch.ones_like(row)}) for row in rows]
    index = torch.tensor([[0, 1, 2, 3, 4], [5, 6, 7, 0, 0]], device=device)
    mask = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]], device=device).bool()
    positions = torch.tensor([[0, 1, 2, 3, 4, 0, 1, 2]], device=device)
    packing = Packing(index, mask, index, mask, positions)
    packed = run_backbone(model, torch.cat(rows, 1), packing._asdict())
    expected = torch.cat(separate, 1)
    return bool((packed - expected).norm() <= _TOLERANCE * expected.norm())


def disable_packing(backbone: PreTrainedModel) -> None:
    """Prepare a backbone for padded rows, and for an exporter, again."""
    unwrap_adapter(backbone).set_attn_implementation("sdpa")


def _first_position(backbone: PreTrainedModel) -> int:
    """Return the first position id. RoBERTa-like models start after the padding's id."""
    embeddings: Any = getattr(unwrap_adapter(backbone), "embeddings", None)
    if hasattr(embeddings, "create_position_ids_from_input_ids"):
        return int(embeddings.padding_idx) + 1
    return 0
