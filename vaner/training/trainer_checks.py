"""Checks of what the Trainer does not check: its trackers, its optimizer, and the weights."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from transformers.integrations.integration_utils import get_reporting_integration_callbacks

from vaner.errors import RecipeError, library_errors


def check_trackers(names: Sequence[str]) -> None:
    """Check, before the work, that experiment trackers are known and installed.

    Args:
        names: ``report_to`` of a recipe.

    Raises:
        RecipeError: if one of them cannot be used.
    """
    problem, advice = "a tracker that cannot be used", "install it, or remove it from the recipe"
    with library_errors("report_to", problem, advice, error_class=RecipeError):
        for callback in get_reporting_integration_callbacks(list(names)):
            callback()


def check_weights(model: torch.nn.Module, step: int) -> None:
    """Check that the trained weights are numbers; the Trainer continues without them.

    Raises:
        RecipeError: if they are not.
    """
    weights = (weight for weight in model.parameters() if weight.requires_grad)
    if not all(bool(weight.isfinite().all()) for weight in weights):
        raise RecipeError(
            f"training diverged before step {step:,}: weights are not numbers any more; use a "
            "lower learning_rate and head_learning_rate"
        )


def check_optimizer_state(optimizer: torch.optim.Optimizer) -> None:
    """Check that a loaded state fits the weights; PyTorch does so only at the next update.

    Raises:
        ValueError: if a tensor has another shape than the weight it belongs to.
    """
    for weight, state in optimizer.state.items():
        for value in state.values():
            if isinstance(value, torch.Tensor) and value.dim() and value.shape != weight.shape:
                raise ValueError(f"a state of shape {tuple(value.shape)} does not fit its weight")
