"""What a selector learns by. Letters in shapes: B candidates, K types."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def contrastive(scores: Tensor, types: Tensor, right: Tensor, others: Tensor | None) -> Tensor:
    """Pull each right candidate to the anchor of its type, and push the wrong ones away from it.

    The mean over the right candidates of the InfoNCE loss (arXiv 1807.03748): a right candidate's
    similarity to its anchor against that of every wrong candidate of the batch that was said to
    be of the same type, and against its own similarity to the anchors of types that it is known
    not to be of. The wrong ones nearest to the anchor are pushed the most.

    Args:
        scores: similarity to every anchor over the temperature. *Shape:* (B, K).
        types: what the candidates are said to be. *Shape:* (B,).
        right: *Shape:* (B,), bool.
        others: types that a candidate is known not to be of, filled with -1. *Shape:* (B, M).

    >>> near, far = torch.tensor([[9.0], [-9.0]]), torch.tensor([[9.0], [8.0]])
    >>> types, right = torch.tensor([0, 0]), torch.tensor([True, False])
    >>> bool(contrastive(near, types, right, None) < contrastive(far, types, right, None))
    True
    """
    if not right.any():  # nothing to pull: a batch of a recognizer's errors alone
        return scores.sum() * 0
    own = scores.gather(1, types.unsqueeze(1))
    rivals = ~right & (types == types.unsqueeze(1))
    against = [own, own.T.expand(len(own), -1).masked_fill(~rivals, -torch.inf)]
    if others is not None:
        elsewhere = scores.gather(1, others.clamp(min=0))
        against.append(elsewhere.masked_fill(others < 0, -torch.inf))
    return -torch.cat(against, 1)[right].log_softmax(-1)[:, 0].mean()


def binary(evidence: Tensor, right: Tensor) -> Tensor:
    """Right or wrong, each candidate by itself: the loss that LLMNER's selector was published with.

    Args:
        evidence: similarity to the anchor over the temperature. *Shape:* (B,).
        right: *Shape:* (B,), bool.
    """
    return nn.functional.binary_cross_entropy_with_logits(evidence, right.float())
