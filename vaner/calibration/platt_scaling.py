"""Evidence to probability: two numbers, fitted on dev."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

_STEPS = 100
_SMALLEST_SLOPE = 1e-3


class Platt(NamedTuple):
    """What makes a probability of evidence: the logistic function of slope * evidence + offset."""

    slope: float
    offset: float


def fit_platt(evidence: Sequence[float], right: Sequence[bool]) -> Platt:
    """The most likely slope and offset (Platt's scaling).

    The share of right ones among training's made-up candidates is not that among what a recognizer
    proposes, and similarities are no probabilities. Targets are a little off 0 and 1, as Platt has
    them, so that evidence which parts right from wrong does not become certainty. The slope is
    never negative: more evidence must not make a candidate less probable.

    Args:
        evidence: of some candidates that were not trained on.
        right: which of them are.

    >>> slope, offset = fit_platt([-2.0, -1.0, 1.0, 2.0], [False, False, True, True])
    >>> slope > 0 and abs(offset) < 1e-6
    True
    """
    x, is_right = np.asarray(evidence, np.float64), np.asarray(right, bool)
    ups, downs = int(is_right.sum()), int((~is_right).sum())
    if not len(x):
        return Platt(1.0, 0.0)
    target = np.where(is_right, (ups + 1) / (ups + 2), 1 / (downs + 2))
    slope, offset = _logistic(x, target)
    if slope < _SMALLEST_SLOPE:
        share = float(target.mean())
        return Platt(_SMALLEST_SLOPE, float(np.log(share / (1 - share))))
    return Platt(slope, offset)


def _logistic(x: np.ndarray, target: np.ndarray) -> tuple[float, float]:
    """Slope and offset by Newton's method, a step never leading uphill."""
    inputs = np.stack([x, np.ones_like(x)], 1)
    weights = np.zeros(2)

    def loss(at: np.ndarray) -> float:
        z = inputs @ at
        return float(np.sum(np.logaddexp(0, z) - target * z))

    for _ in range(_STEPS):
        z = inputs @ weights
        p = 0.5 * (1 + np.tanh(z / 2))  # the logistic function, whatever the size of z
        gradient = inputs.T @ (p - target)
        curvature = (inputs * (p * (1 - p))[:, None]).T @ inputs + 1e-9 * np.eye(2)
        step = np.linalg.solve(curvature, gradient)
        while loss(weights - step) > loss(weights) + 1e-12 and np.abs(step).max() > 1e-12:
            step = step / 2
        weights = weights - step
        if np.abs(step).max() < 1e-9:
            break
    return float(weights[0]), float(weights[1])
