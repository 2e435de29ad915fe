"""Calibration error: of the mentions with a score of 90 %, nine in ten should be correct.

Mentions are sorted by probability and cut into bins with the same number in each (equal mass):
most probabilities of a model are near 1, so bins of equal width would put nearly all mentions into
one bin (Nguyen and O'Connor 2015, EMNLP). The expected calibration error is the mean distance
between the mean probability of a bin and its precision (Naeini et al. 2015, AAAI).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vaner.calibration.labels import LabeledMention

BINS = 15
"""Number of bins in Guo et al. 2017 ("On Calibration of Modern Neural Networks", ICML)."""

# With fewer mentions in a bin, chance alone makes a large error.
_MIN_PER_BIN = 20


class Bin(NamedTuple):
    """Mentions of similar probability.

    Attributes:
        low, high: smallest and largest probability.
        probability: mean probability.
        precision: share of correct mentions.
        mentions: number of mentions.
    """

    low: float
    high: float
    probability: float
    precision: float
    mentions: int


@dataclass(frozen=True, slots=True)
class Reliability:
    """How far probabilities can be trusted.

    Attributes:
        bins: in ascending order of probability.
    """

    bins: tuple[Bin, ...]

    @property
    def mentions(self) -> int:
        """The number of mentions in all bins."""
        return sum(bin.mentions for bin in self.bins)

    @property
    def error(self) -> float:
        """The expected calibration error (ECE), in [0, 1]."""
        total = sum(bin.mentions * abs(bin.probability - bin.precision) for bin in self.bins)
        return total / self.mentions

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-serializable dictionary. Figures are unrounded fractions of one."""
        return {
            "error": self.error,
            "kind": "ECE, bins of equal mass",
            "mentions": self.mentions,
            "bins": [bin._asdict() for bin in self.bins],
        }


def reliability(mentions: Iterable[LabeledMention], bins: int = BINS) -> Reliability | None:
    """Return the reliability of the scores of labeled mentions; None if none has a score."""
    pairs = [(span.score, right) for span, right in mentions if span.score is not None]
    if not pairs:
        return None
    scores, is_correct = zip(*pairs, strict=True)
    return bin_probabilities(np.array(scores, np.float64), np.array(is_correct, bool), bins)


def bin_probabilities(
    probabilities: NDArray[np.float64], is_correct: NDArray[np.bool_], bins: int = BINS
) -> Reliability:
    """Cut probabilities into bins of about equal size.

    Equal probabilities share a bin, so that their order does not matter. There are fewer bins if
    a bin would have less than twenty mentions.

    Args:
        probabilities: at least one. *Shape:* (N,)
        is_correct: *Shape:* (N,)
        bins: maximum number of bins.

    >>> result = bin_probabilities(np.array([0.5, 0.5, 1.0, 1.0]), np.array([1, 0, 1, 1]) > 0)
    >>> result.error, len(result.bins)
    (0.0, 1)
    """
    order = np.argsort(probabilities, kind="stable")
    p, labels = probabilities[order], is_correct[order]
    number = max(1, min(bins, len(p) // _MIN_PER_BIN))
    borders = [len(p) * i // number for i in range(1, number)]
    starts = sorted({0, *(int(np.searchsorted(p, p[border])) for border in borders)})
    return Reliability(tuple(_build_bins(p, labels, [*starts, len(p)])))


def _build_bins(
    p: NDArray[np.float64], is_correct: NDArray[np.bool_], edges: Sequence[int]
) -> Iterable[Bin]:
    for start, end in zip(edges, edges[1:], strict=False):
        part = p[start:end]
        precision = float(is_correct[start:end].mean())
        yield Bin(float(part[0]), float(part[-1]), float(part.mean()), precision, end - start)
