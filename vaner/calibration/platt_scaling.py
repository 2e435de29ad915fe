"""Platt scaling: a logistic function from evidence to probability, fitted on dev."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

_STEPS = 100
_SMALLEST_SLOPE = 1e-3


class Platt(NamedTuple):
    """A logistic function: probability = logistic(slope * evidence + offset)."""

    slope: float
    offset: float


def smooth_targets(is_correct: ArrayLike) -> NDArray[np.float64]:
    """Return Platt's targets: slightly inside 0 and 1, so that no fit becomes certain.

    Args:
        is_correct: labels. *Shape:* (N,)

    Returns:
        (n₊ + 1) / (n₊ + 2) for correct, 1 / (n₋ + 2) for wrong items. *Shape:* (N,)

    Source: Platt 1999, "Probabilistic Outputs for Support Vector Machines".

    >>> smooth_targets([True, True, False]).round(2).tolist()
    [0.75, 0.75, 0.33]
    """
    labels = np.asarray(is_correct, bool)
    positives = int(labels.sum())
    negatives = len(labels) - positives
    return np.where(labels, (positives + 1) / (positives + 2), 1 / (negatives + 2))


def fit_platt(evidence: Sequence[float], is_correct: Sequence[bool]) -> Platt:
    """Return the most likely slope and offset.

    A selector needs both numbers: the share of correct candidates among the synthetic ones of
    training differs from that among a recognizer's mentions, and similarities are no
    probabilities. The slope is never negative, since more evidence must not make a candidate less
    probable.

    Args:
        evidence: of candidates that were not trained on. *Shape:* (N,)
        is_correct: which of the candidates are correct. *Shape:* (N,)

    >>> slope, offset = fit_platt([-2.0, -1.0, 1.0, 2.0], [False, False, True, True])
    >>> slope > 0 and abs(offset) < 1e-6
    True
    """
    x = np.asarray(evidence, np.float64)
    if not len(x):
        return Platt(1.0, 0.0)
    targets = smooth_targets(is_correct)
    slope, offset = _fit_logistic(x, targets)
    if slope < _SMALLEST_SLOPE:
        share = float(targets.mean())
        return Platt(_SMALLEST_SLOPE, float(np.log(share / (1 - share))))
    return Platt(slope, offset)


def _fit_logistic(x: NDArray[np.float64], targets: NDArray[np.float64]) -> tuple[float, float]:
    """Return slope and offset by Newton's method, with step halving so that the loss decreases."""
    inputs = np.stack([x, np.ones_like(x)], 1)
    weights = np.zeros(2)

    def compute_loss(weights: NDArray[np.float64]) -> float:
        z = inputs @ weights
        return float(np.sum(np.logaddexp(0, z) - targets * z))

    for _ in range(_STEPS):
        z = inputs @ weights
        p = 0.5 * (1 + np.tanh(z / 2))  # the logistic function, without overflow
        gradient = inputs.T @ (p - targets)
        curvature = (inputs * (p * (1 - p))[:, None]).T @ inputs + 1e-9 * np.eye(2)
        step = np.linalg.solve(curvature, gradient)
        while (
            compute_loss(weights - step) > compute_loss(weights) + 1e-12
            and np.abs(step).max() > 1e-12
        ):
            step = step / 2
        weights = weights - step
        if np.abs(step).max() < 1e-9:
            break
    return float(weights[0]), float(weights[1])
