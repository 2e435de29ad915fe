"""Linear-chain recursions in log space: forward, backward, Viterbi. Pure functions on tensors.

Shapes: B batch, W words, C tags. `emissions` (B, W, C) fp32; `mask` (B, W) bool, True on words,
which come first in a row; a row may have none. `start` (C,), `transitions` (C, C) from row to
column, `end` (C,). Nothing is read back to Python inside a loop.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class Chain(NamedTuple):
    """The scores between tags: `start` (C,), `transitions` (C, C), `end` (C,)."""

    start: Tensor
    transitions: Tensor
    end: Tensor


def forward_scores(chain: Chain, emissions: Tensor, mask: Tensor) -> Tensor:
    """Log-sum of all prefixes ending in each tag, emission included.

    Returns:
        *Shape:* (B, W, C). Past the last word the last word's row is repeated.
    """
    alpha = chain.start + emissions[:, 0]
    rows = [alpha]
    for score, on in zip(emissions.unbind(1)[1:], mask.unbind(1)[1:], strict=True):
        step = torch.logsumexp(alpha.unsqueeze(2) + chain.transitions, dim=1) + score
        alpha = torch.where(on.unsqueeze(1), step, alpha)
        rows.append(alpha)
    return torch.stack(rows, dim=1)


def backward_scores(chain: Chain, emissions: Tensor, mask: Tensor) -> Tensor:
    """Log-sum of all suffixes that follow each tag, its own emission excluded.

    Returns:
        *Shape:* (B, W, C).
    """
    beta = chain.end.expand_as(emissions[:, 0])
    rows = [beta]
    words = emissions.unbind(1)
    steps = mask.unbind(1)
    for t in range(len(words) - 1, 0, -1):
        step = torch.logsumexp(chain.transitions + (words[t] + beta).unsqueeze(1), dim=2)
        beta = torch.where(steps[t].unsqueeze(1), step, beta)
        rows.append(beta)
    return torch.stack(rows[::-1], dim=1)


def log_partition(chain: Chain, alpha: Tensor, mask: Tensor) -> Tensor:
    """Log-sum over all tag sequences, from `forward_scores`.

    Returns:
        *Shape:* (B,); 0 for a row without words.
    """
    total = torch.logsumexp(alpha[:, -1] + chain.end, dim=1)
    return torch.where(mask.any(1), total, torch.zeros_like(total))


def path_score(chain: Chain, emissions: Tensor, tags: Tensor, mask: Tensor) -> Tensor:
    """Score of one given tag sequence a row. `tags` (B, W) int.

    Returns:
        *Shape:* (B,); 0 for a row without words.
    """
    tags = tags.masked_fill(~mask, 0)
    own = emissions.gather(2, tags.unsqueeze(2)).squeeze(2)
    score = own.masked_fill(~mask, 0.0).sum(1)
    moves = chain.transitions[tags[:, :-1], tags[:, 1:]]
    score = score + moves.masked_fill(~mask[:, 1:], 0.0).sum(1)
    last = tags.gather(1, (mask.sum(1, keepdim=True) - 1).clamp(min=0)).squeeze(1)
    edges = chain.start[tags[:, 0]] + chain.end[last]
    return score + torch.where(mask.any(1), edges, torch.zeros_like(edges))


def viterbi(chain: Chain, emissions: Tensor, mask: Tensor) -> Tensor:
    """Best tag sequence of each row.

    Returns:
        *Shape:* (B, W) int64; 0 past the last word.
    """
    best = chain.start + emissions[:, 0]
    pointers = []
    for score, on in zip(emissions.unbind(1)[1:], mask.unbind(1)[1:], strict=True):
        value, pointer = (best.unsqueeze(2) + chain.transitions).max(dim=1)
        stay = torch.arange(best.shape[1], device=best.device).expand_as(pointer)
        best = torch.where(on.unsqueeze(1), value + score, best)
        pointers.append(torch.where(on.unsqueeze(1), pointer, stay))
    tag = (best + chain.end).argmax(1)
    path = [tag]
    for pointer in reversed(pointers):
        tag = pointer.gather(1, tag.unsqueeze(1)).squeeze(1)
        path.append(tag)
    return torch.stack(path[::-1], dim=1).masked_fill(~mask, 0)
