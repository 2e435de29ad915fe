"""Temperature scaling: one number that makes probabilities more or less confident.

The log-odds of each mention are divided by the temperature (Guo et al. 2017, "On Calibration of
Modern Neural Networks", ICML). A temperature above 1 moves probabilities towards one half. Their
order does not change.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from vaner.calibration.platt_scaling import smooth_targets

LOWEST, HIGHEST = 0.1, 10.0
"""The range of temperatures that are fitted and accepted."""

# Probabilities are clipped to [_CLIP, 1 - _CLIP], so that the rounding of one certain mention does
# not outweigh a corpus.
_CLIP = 1e-6
_STEPS = 60  # bisections, far below the resolution of a float


def scale_probability(probability: float, temperature: float) -> float:
    """Return a probability at another temperature.

    >>> round(scale_probability(0.9, 2.0), 3), scale_probability(0.5, 3.0)
    (0.75, 0.5)
    """
    if temperature == 1.0:
        return probability
    p = min(max(probability, _CLIP), 1 - _CLIP)
    return 0.5 * (1 + math.tanh((math.log(p) - math.log1p(-p)) / temperature / 2))


def fit_temperature(probabilities: ArrayLike, is_correct: ArrayLike) -> float:
    """Return the most likely temperature, in [`LOWEST`, `HIGHEST`].

    The log-likelihood is concave in 1 / temperature, so its slope has at most one root, which
    bisection finds for any data. The targets are smoothed, so that a few mentions that are all
    correct do not become certain.

    Args:
        probabilities: scores of mentions that the model was not trained on. *Shape:* (N,)
        is_correct: which of the mentions are correct. *Shape:* (N,)

    >>> round(fit_temperature([0.9] * 100, [True] * 75 + [False] * 25), 1)  # 0.9 at 2 is 0.75
    2.0
    """
    p = np.clip(np.asarray(probabilities, np.float64), _CLIP, 1 - _CLIP)
    if not len(p):
        return 1.0
    log_odds = np.log(p) - np.log1p(-p)
    targets = smooth_targets(is_correct)
    low, high = 1 / HIGHEST, 1 / LOWEST
    for _ in range(_STEPS):
        middle = (low + high) / 2
        slope = float(np.sum(log_odds * (targets - 0.5 * (1 + np.tanh(middle * log_odds / 2)))))
        low, high = (middle, high) if slope > 0 else (low, middle)
    return 2 / (low + high)
