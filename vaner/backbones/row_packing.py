"""Packing: the sentences of a batch one after another in a single row, without padding.

Most layers of a backbone process each subword separately, so their cost is proportional to the
number of subwords. Only attention arranges the sentences in separate padded rows again, so that a
sentence attends only to itself and its instruction.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import AttentionInterface, PreTrainedModel

from vaner.backbones.backbone import unwrap_adapter

KERNEL = "vaner_packed"
"""The name of `attend` in transformers' registry of attention implementations."""

# What layers pass to every attention implementation, and what these do not use.
_NO_EFFECT = {
    "cache_position",
    "deterministic",
    "hidden_states",
    "is_causal",
    "output_attentions",
    "position_embeddings",
    "position_ids",
    "return_dict",
    "use_cache",
}


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


class _ScoreOptions(NamedTuple):
    """How attention scores are computed.

    Attributes:
        scaling: factor of the scores.
        softcap: a score x becomes softcap · tanh(x / softcap). None changes nothing.
        sinks: score of each head's sink. *Shape:* (heads,)
    """

    scaling: float
    softcap: float | None
    sinks: Tensor | None


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
    sliding_window: int | None = None,
    softcap: float | None = None,
    s_aux: Tensor | None = None,
    **options: Any,
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
        sliding_window: how far a subword attends: to less than this distance if the layer is
            causal, and else to at most this distance, as in transformers' masks.
        softcap: bound of the scores, see `_compute_attention`.
        s_aux: score of each head's sink, which is attended to and has no value. *Shape:* (heads,)
        options: further options of the layer. They have no effect on the attention, or else the
            backbone is not packed.

    Returns:
        *Shape:* (1, N, heads, D), and None for the weights

    Raises:
        ValueError: if the backbone was not called by `run_backbone`, and there is no packing, or if
            the layer has an option that this function does not know.
    """
    unknown = [name for name in options if options[name] is not None and name not in _NO_EFFECT]
    if unknown:
        raise ValueError(f"its attention has the options {', '.join(unknown)}")
    if packing is None:
        raise ValueError(
            "an attention layer got no packing: call this backbone by "
            "vaner.backbones.row_packing.run_backbone"
        )
    query = _unpack(query, packing.query_index)
    key, value = (_unpack(part, packing.key_index) for part in (key, value))
    visible = _find_visible(packing, getattr(module, "is_causal", False), sliding_window)
    scores = _ScoreOptions(scaling or query.shape[-1] ** -0.5, softcap, s_aux)
    result = _compute_attention(query, key, value, visible, scores, dropout)
    return result.transpose(1, 2)[packing.query_mask].unsqueeze(0), None


def _find_visible(packing: Packing, is_causal: bool, sliding_window: int | None) -> Tensor:
    """Return which subwords attend to which. *Shape:* (S, 1, 1 or L, K), bool"""
    visible = packing.key_mask[:, None, None, :]
    if not is_causal and sliding_window is None:
        return visible
    position = packing.positions[0]
    # How far what is attended to is to the left; negative to the right. *Shape:* (S, L, K)
    distance = position[packing.query_index].unsqueeze(2) - position[packing.key_index].unsqueeze(1)
    if is_causal:
        visible = visible & (distance >= 0)[:, None]
    if sliding_window is not None:
        longest = sliding_window - 1 if is_causal else sliding_window
        visible = visible & (distance.abs() <= longest)[:, None]
    return visible


def _unpack(packed: Tensor, index: Tensor) -> Tensor:
    """Return the vectors of each segment. *Shape:* (1, heads, N, D) -> (S, heads, L, D)"""
    return packed[0].transpose(0, 1)[index].transpose(1, 2)


def _compute_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    visible: Tensor,
    options: _ScoreOptions,
    dropout: float,
) -> Tensor:
    """Compute the attention of padded segments. *Shape:* (S, heads, L, D)"""
    group_size = query.shape[1] // key.shape[1]
    is_plain = options.softcap is None and options.sinks is None
    if is_plain and (query.device.type != "cpu" or query.dtype == torch.float32):
        return functional.scaled_dot_product_attention(
            query,
            key,
            value,
            attn_mask=visible.expand(-1, -1, query.shape[2], -1),
            dropout_p=dropout,
            scale=options.scaling,
            enable_gqa=group_size > 1,
        )
    # In bf16 on a CPU, the gradient of torch's implementation takes five times as long.
    if group_size > 1:
        key, value = (part.repeat_interleave(group_size, 1) for part in (key, value))
    scores = query @ key.transpose(-1, -2) * options.scaling
    if options.softcap is not None:
        scores = torch.tanh(scores / options.softcap) * options.softcap
    scores = scores.masked_fill(~visible, torch.finfo(query.dtype).min)
    if options.sinks is not None:
        sinks = options.sinks.to(scores.dtype).view(1, -1, 1, 1).expand(*scores.shape[:3], 1)
        scores = torch.cat([scores, sinks], -1)
    weights = functional.softmax(scores, -1, dtype=torch.float32).to(query.dtype)
    weights = weights[..., : key.shape[2]]
    return functional.dropout(weights, dropout, training=dropout > 0) @ value


AttentionInterface.register(KERNEL, attend)


def run_backbone(
    backbone: PreTrainedModel,
    input_ids: Tensor,
    attention_inputs: dict[str, Tensor],
    added: Tensor | None = None,
    *,
    one_by_one: bool = False,
) -> Tensor:
    """Return the vectors of all subwords of a padded or packed batch.

    Args:
        backbone: the backbone. For a packed batch, `enable_packing` was called for it.
        input_ids: *Shape:* (B, T), or (1, N) if packed
        attention_inputs: ``attention_mask``, or the fields of a `Packing`.
        added: vectors that are added to the subword embeddings. *Shape:* (B, T, H), or (1, N, H)
        one_by_one: whether to run each row of a padded batch by itself, without its padding.

    Returns:
        *Shape:* (B, T, H), or (1, N, H)
    """
    if "positions" in attention_inputs:
        inputs = embed(backbone, input_ids, added)
        return _run_packed(backbone, inputs, Packing(**attention_inputs))
    if one_by_one:
        return _run_single_rows(backbone, input_ids, attention_inputs["attention_mask"], added)
    if unwrap_adapter(backbone).config._attn_implementation == KERNEL:
        packing = _pack_padded(attention_inputs["attention_mask"])
        flat = None if added is None else added.flatten(0, 1)[None]
        inputs = embed(backbone, input_ids.reshape(1, -1), flat)
        return _run_packed(backbone, inputs, packing).view(*input_ids.shape, -1)
    output = backbone(**embed(backbone, input_ids, added), **attention_inputs)
    hidden: Tensor = output.last_hidden_state
    return hidden


def _run_single_rows(
    backbone: PreTrainedModel, input_ids: Tensor, mask: Tensor, added: Tensor | None
) -> Tensor:
    """Return the vectors of each row by itself, padded with 0. Arguments as `run_backbone`."""
    rows = []
    for i, length in enumerate(mask.sum(1).tolist()):
        vectors = None if added is None else added[i : i + 1, :length]
        row = {"attention_mask": mask[i : i + 1, :length]}
        hidden = run_backbone(backbone, input_ids[i : i + 1, :length], row, vectors)
        rows.append(functional.pad(hidden, (0, 0, 0, input_ids.shape[1] - length)))
    return torch.cat(rows)


def embed(backbone: PreTrainedModel, input_ids: Tensor, added: Tensor | None) -> dict[str, Tensor]:
    """Return the inputs of a backbone: subword ids, or embeddings if something is added to them.

    Args:
        backbone: the backbone.
        input_ids: subwords. *Shape:* (B, T)
        added: vectors to add to their embeddings, or None. *Shape:* (B, T, H)
    """
    if added is None:
        return {"input_ids": input_ids}
    embeddings: Tensor = unwrap_adapter(backbone).get_input_embeddings()(input_ids)
    return {"inputs_embeds": embeddings + added.to(embeddings.dtype)}


def _run_packed(backbone: PreTrainedModel, inputs: dict[str, Tensor], packing: Packing) -> Tensor:
    enable_packing(backbone)
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


def enable_packing(backbone: PreTrainedModel) -> None:
    """Prepare a backbone for packed batches; see `vaner.backbones.trial`.

    Args:
        backbone: loaded, with an adapter or without.
    """
    model = unwrap_adapter(backbone)
    if model.config._attn_implementation != KERNEL:
        model._padded_kernel = model.config._attn_implementation
        model.set_attn_implementation(KERNEL)


def disable_packing(backbone: PreTrainedModel) -> None:
    """Prepare a backbone for padded rows, and for an exporter, again."""
    model = unwrap_adapter(backbone)
    if model.config._attn_implementation == KERNEL:
        model.set_attn_implementation(model._padded_kernel)


def _first_position(backbone: PreTrainedModel) -> int:
    """Return the first position id. RoBERTa-like models start after the padding's id."""
    embeddings: Any = getattr(unwrap_adapter(backbone), "embeddings", None)
    if hasattr(embeddings, "create_position_ids_from_input_ids"):
        return int(embeddings.padding_idx) + 1
    return 0
