"""Training losses of the selector. Shapes: B candidates, K entity types."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def contrastive_loss(
    scores: Tensor, type_ids: Tensor, is_correct: Tensor, excluded_types: Tensor | None
) -> Tensor:
    """Return the InfoNCE loss, averaged over the correct candidates.

    The similarity of a correct candidate to the anchor of its type competes with two groups: the
    similarity of each wrong candidate of the batch with the same proposed type, and the similarity
    of the correct candidate to the anchors of types it is known not to have. Wrong candidates close
    to the anchor get the largest gradient.

    Args:
        scores: Similarity to every anchor, divided by the temperature. *Shape:* (B, K).
        type_ids: Proposed types. *Shape:* (B,).
        is_correct: Whether each candidate is a mention of its type. *Shape:* (B,), bool.
        excluded_types: Types a candidate is known not to have, padded with -1. *Shape:* (B, M).

    Source: van den Oord et al. 2018, arXiv 1807.03748.

    >>> near, far = torch.tensor([[9.0], [-9.0]]), torch.tensor([[9.0], [8.0]])
    >>> batch = torch.tensor([0, 0]), torch.tensor([True, False]), None
    >>> bool(contrastive_loss(near, *batch) < contrastive_loss(far, *batch))
    True
    """
    if not is_correct.any():  # a batch of nothing but recognizer errors has no positive pair
        return scores.sum() * 0
    positive = scores.gather(1, type_ids.unsqueeze(1))
    is_negative = ~is_correct & (type_ids == type_ids.unsqueeze(1))
    negatives = positive.T.expand(len(positive), -1).masked_fill(~is_negative, -torch.inf)
    terms = [positive, negatives]
    if excluded_types is not None:
        other_anchors = scores.gather(1, excluded_types.clamp(min=0))
        terms.append(other_anchors.masked_fill(excluded_types < 0, -torch.inf))
    return -torch.cat(terms, 1)[is_correct].log_softmax(-1)[:, 0].mean()


def binary_loss(logits: Tensor, is_correct: Tensor) -> Tensor:
    """Return the binary cross-entropy of each candidate by itself.

    Args:
        logits: Similarity to the anchor, divided by the temperature. *Shape:* (B,).
        is_correct: Whether each candidate is a mention of its type. *Shape:* (B,), bool.

    Source: LLMNER, arXiv 2510.08902.
    """
    return nn.functional.binary_cross_entropy_with_logits(logits, is_correct.float())
