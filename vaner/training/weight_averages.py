"""Interpolate a model's weights from before and after a stage (WiSE-FT, arXiv 2109.01903)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn


def copy_trained_weights(model: nn.Module) -> dict[str, Tensor]:
    """Return copies of the weights that are trained, head included, by name."""
    return {
        name: weight.detach().clone()
        for name, weight in model.named_parameters()
        if weight.requires_grad
    }


def interpolate_weights(model: nn.Module, before: Mapping[str, Tensor], share: float) -> None:
    """Replace the weights by a weighted mean with earlier weights, in place.

    Args:
        model: the model.
        before: its trained weights from before, by name.
        share: weight of `before` in the mean, in [0, 1].
    """
    weights = dict(model.named_parameters())
    with torch.no_grad():
        for name, old in before.items():
            weights[name].lerp_(old, share)
