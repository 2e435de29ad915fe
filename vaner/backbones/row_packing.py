"""Sentences one after another in a single row: nothing is padded but within attention.

A row of sentences costs what its sub-words cost; only where they look at each other are they laid
side by side again, each sentence with nobody but itself (and its instruction).
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
"""What transformers knows `attend` by."""

_TOLERANCE = 0.02  # of vectors' lengths: far above what rounding does, in bf16 or 4 bits too


class Packing(NamedTuple):
    """Who looks at whom in a packed row of N sub-words.

    Attributes:
        query_index: the sub-words of each sentence, in the order of the row. *Shape:* (S, L).
        query_mask: which of these there are, and not padding. *Shape:* (S, L), bool.
        key_index: those that they look at. *Shape:* (S, K).
        key_mask: which of these there are. *Shape:* (S, K), bool.
        positions: of all sub-words, each within its sentence. *Shape:* (1, N).
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
    """Attention in a packed row, as transformers calls it.

    Args:
        module: the attention layer; says whether it is causal.
        query: *Shape:* (1, heads, N, D).
        key: *Shape:* (1, heads or fewer, N, D); so is `value`.
        attention_mask: None.
        packing: who looks at whom.
        scaling: of the scores; 1/√D if None.
        dropout: of the weights.

    Returns:
        *Shape:* (1, N, heads, D), and no weights.

    Raises:
        ValueError: where the backbone is called by itself: no mask of its own reaches this place.
    """
    if packing is None:
        raise ValueError(
            "this backbone was made to pack: call it by vaner.backbones.row_packing.read"
        )
    query = _side_by_side(query, packing.query_index)
    key, value = (_side_by_side(part, packing.key_index) for part in (key, value))
    seen = packing.key_mask[:, None, None, :]
    if getattr(module, "is_causal", False):
        place = packing.positions[0]
        seen = (
            seen
            & (place[packing.key_index].unsqueeze(1) <= place[packing.query_index].unsqueeze(2))[
                :, None
            ]
        )
    found = _attended(query, key, value, seen, scaling or query.shape[-1] ** -0.5, dropout)
    return found.transpose(1, 2)[packing.query_mask].unsqueeze(0), None


def _side_by_side(packed: Tensor, places: Tensor) -> Tensor:
    """*Shape:* (1, heads, N, D) at (S, L) -> (S, heads, L, D)."""
    return packed[0].transpose(0, 1)[places].transpose(1, 2)


def _attended(
    query: Tensor, key: Tensor, value: Tensor, seen: Tensor, scaling: float, dropout: float
) -> Tensor:
    """Attention of padded rows. *Shape:* (S, heads, L, D)."""
    shared = query.shape[1] // key.shape[1]
    if query.device.type != "cpu" or query.dtype == torch.float32:
        return functional.scaled_dot_product_attention(
            query, key, value, attn_mask=seen.expand(-1, -1, query.shape[2], -1),
            dropout_p=dropout, scale=scaling, enable_gqa=shared > 1,
        )  # fmt: skip
    # torch's own code for this takes five times as long here to find the gradient.
    key, value = (
        part.repeat_interleave(shared, 1) if shared > 1 else part for part in (key, value)
    )
    scores = (query @ key.transpose(-1, -2) * scaling).masked_fill(
        ~seen, torch.finfo(query.dtype).min
    )
    weights = functional.softmax(scores, -1, dtype=torch.float32).to(query.dtype)
    return functional.dropout(weights, dropout, training=dropout > 0) @ value


AttentionInterface.register(KERNEL, attend)


def read(
    backbone: PreTrainedModel,
    input_ids: Tensor,
    attention_inputs: dict[str, Tensor],
    added: Tensor | None = None,
) -> Tensor:
    """The vectors of all sub-words, padded or packed.

    Args:
        backbone: one that `packs`, if they are packed.
        input_ids: *Shape:* (B, T), or (1, N).
        attention_inputs: ``attention_mask``, or the fields of a `Packing`.
        added: what is added to the sub-words' embeddings. *Shape:* (B, T, H), or (1, N, H).

    Returns:
        *Shape:* (B, T, H), or (1, N, H).
    """
    if "positions" in attention_inputs:
        return _read_packed(
            backbone, embedded(backbone, input_ids, added), Packing(**attention_inputs)
        )
    if unwrap_adapter(backbone).config._attn_implementation == KERNEL:
        packed = _as_packed(attention_inputs["attention_mask"])
        flat = None if added is None else added.flatten(0, 1)[None]
        inputs = embedded(backbone, input_ids.reshape(1, -1), flat)
        return _read_packed(backbone, inputs, packed).view(*input_ids.shape, -1)
    found: Tensor = backbone(
        **embedded(backbone, input_ids, added), **attention_inputs
    ).last_hidden_state
    return found


def embedded(
    backbone: PreTrainedModel, input_ids: Tensor, added: Tensor | None
) -> dict[str, Tensor]:
    """What a backbone is called with: sub-words, or their embeddings with something added."""
    if added is None:
        return {"input_ids": input_ids}
    own: Tensor = unwrap_adapter(backbone).get_input_embeddings()(input_ids)
    return {"inputs_embeds": own + added.to(own.dtype)}


def _read_packed(backbone: PreTrainedModel, inputs: dict[str, Tensor], packing: Packing) -> Tensor:
    model = unwrap_adapter(backbone)
    if model.config._attn_implementation != KERNEL:
        model.set_attn_implementation(KERNEL)
    places = packing.positions + _first_position(backbone)
    found: Tensor = backbone(**inputs, position_ids=places, packing=packing).last_hidden_state
    return found


def _as_packed(attention_mask: Tensor) -> Packing:
    """A padded batch of (B, T) as a row in which padding is packed with the rest, and not seen."""
    rows, longest = attention_mask.shape
    place = torch.arange(rows * longest, device=attention_mask.device)
    queries = place.view(rows, longest)
    return Packing(
        queries, torch.ones_like(queries).bool(), queries, attention_mask.bool(),
        (place % longest)[None],
    )  # fmt: skip


def packs(backbone: PreTrainedModel, longest: int) -> bool:
    """Whether sentences can be packed for a backbone; if so it is made ready for that.

    It is tried: two short rows must come out as each by itself. Some models have attention code of
    their own, or positions that are not said from outside.

    Args:
        backbone: loaded, with an adapter or without.
        longest: most sub-words in a row.
    """
    model = unwrap_adapter(backbone)
    config = model.config.get_text_config()
    window = getattr(config, "sliding_window", None) or getattr(config, "local_attention", None)
    if window is not None and window < longest:
        return False
    before, training = config._attn_implementation, model.training
    model.eval()
    try:
        good = _comes_out(model)
    except (AttributeError, LookupError, RuntimeError, TypeError, ValueError) as problem:
        # Each architecture's own code has its own way to refuse; padded rows all of them read.
        logger.info("a %s backbone cannot be packed: %s", config.model_type, problem)
        good = False
    model.train(training)
    if not good:
        model.set_attn_implementation(before)
    return good


@torch.no_grad()
def _comes_out(model: PreTrainedModel) -> bool:
    device = next(model.parameters()).device
    rows = [torch.arange(7, 12, device=device)[None], torch.arange(3, 6, device=device)[None]]
    alone = [read(model, row, {"attention_mask": torch.ones_like(row)}) for row in rows]
    places = torch.tensor([[0, 1, 2, 3, 4], [5, 6, 7, 0, 0]], device=device)
    there = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]], device=device).bool()
    positions = torch.tensor([[0, 1, 2, 3, 4, 0, 1, 2]], device=device)
    attention_inputs = Packing(places, there, places, there, positions)._asdict()
    together = read(model, torch.cat(rows, 1), attention_inputs)
    expected = torch.cat(alone, 1)
    return bool((together - expected).norm() <= _TOLERANCE * expected.norm())


def unpack(backbone: PreTrainedModel) -> None:
    """Make a backbone ready for padded rows, and for an exporter, again."""
    unwrap_adapter(backbone).set_attn_implementation("sdpa")


def _first_position(backbone: PreTrainedModel) -> int:
    """RoBERTa and its kin count from behind the padding's place."""
    embeddings: Any = getattr(unwrap_adapter(backbone), "embeddings", None)
    if hasattr(embeddings, "create_position_ids_from_input_ids"):
        return int(embeddings.padding_idx) + 1
    return 0
