"""Temperature: one number that makes a model's probabilities less sure of themselves, or more.

The log-odds of each mention are divided by it (Guo et al. 2017, "On Calibration of Modern Neural
Networks", ICML). Above 1 it draws probabilities towards one half. It keeps their order.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

COLDEST, HOTTEST = 0.1, 10.0
_CERTAIN = 1e-6
"""A probability within this of 0 or 1 counts as this far from it: rounding must not make one
certain mention outweigh a corpus."""
_STEPS = 60  # halvings: far below what a float can tell


def scale_probability(probability: float, temperature: float) -> float:
    """A probability at another temperature.

    >>> round(scale_probability(0.9, 2.0), 3), scale_probability(0.9, 1.0), scale_probability(0.5, 3.0)
    (0.75, 0.9, 0.5)
    """
    if temperature == 1.0:
        return probability
    p = min(max(probability, _CERTAIN), 1 - _CERTAIN)
    return 0.5 * (1 + math.tanh((math.log(p) - math.log1p(-p)) / temperature / 2))


def fit_temperature(probabilities: ArrayLike, right: ArrayLike) -> float:
    """The most likely temperature, between `COLDEST` and `HOTTEST`.

    The log-likelihood is concave in 1 / temperature, so its slope has one root at most, which is
    found by bisection, whatever the data. Targets lie a little off 0 and 1, as in Platt's scaling
    (1999), so that few mentions, all of them right, do not become certainty.

    Args:
        probabilities: of mentions that the model was not trained on. *Shape:* (N,).
        right: which of them are right. *Shape:* (N,).

    >>> round(fit_temperature([0.9] * 100, [True] * 75 + [False] * 25), 1)  # 0.9 at 2 is 0.75
    2.0
    """
    p = np.clip(np.asarray(probabilities, np.float64), _CERTAIN, 1 - _CERTAIN)
    if not len(p):
        return 1.0
    odds, is_right = np.log(p) - np.log1p(-p), np.asarray(right, bool)
    ups, downs = int(is_right.sum()), int((~is_right).sum())
    target = np.where(is_right, (ups + 1) / (ups + 2), 1 / (downs + 2))
    low, high = 1 / HOTTEST, 1 / COLDEST
    for _ in range(_STEPS):
        middle = (low + high) / 2
        slope = float(np.sum(odds * (target - 0.5 * (1 + np.tanh(middle * odds / 2)))))
        low, high = (middle, high) if slope > 0 else (low, middle)
    return 2 / (low + high)
