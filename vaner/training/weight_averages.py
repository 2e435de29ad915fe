"""The mean of a model's weights before and behind a stage (WiSE-FT, arXiv 2109.01903)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn


def copied(model: nn.Module) -> dict[str, Tensor]:
    """Copies of the weights that are trained, head included, by name."""
    trained = ((n, weight) for n, weight in model.named_parameters() if weight.requires_grad)
    return {name: weight.detach().clone() for name, weight in trained}


def average(model: nn.Module, before: Mapping[str, Tensor], kept: float) -> None:
    """Take the weights back towards what they were, in place.

    Args:
        model: the model.
        before: its trained weights as they were.
        kept: share of those in the result, in [0, 1].
    """
    weights = dict(model.named_parameters())
    with torch.no_grad():
        for name, old in before.items():
            weights[name].lerp_(old, kept)
