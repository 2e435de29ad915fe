"""Do probabilities keep their word? Of the mentions with 90 %, nine in ten should be right.

Mentions in order of their probability are cut into bins with the same number in each (equal mass),
since most probabilities of a model lie near 1, where bins of equal width would hold nearly all of
them (Nguyen and O'Connor 2015, EMNLP). The expected calibration error is the mean distance of the
mean probability of a bin from the share of right ones in it (Naeini et al. 2015, AAAI).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vaner.calibration.labels import LabeledMention

BINS = 15
"""As Guo et al. 2017 have it ("On Calibration of Modern Neural Networks", ICML)."""
_FEWEST = 20  # mentions of a bin: with fewer, chance alone makes a large error


class Bin(NamedTuple):
    """Mentions of like probability.

    Args:
        low, high: least and greatest probability in it.
        probability: their mean.
        precision: the share of right ones.
        mentions: how many there are.
    """

    low: float
    high: float
    probability: float
    precision: float
    mentions: int


@dataclass(frozen=True, slots=True)
class Reliability:
    """How far probabilities can be trusted.

    Args:
        bins: from the least probable to the most probable.
    """

    bins: tuple[Bin, ...]

    @property
    def mentions(self) -> int:
        """How many there are in all bins."""
        return sum(one.mentions for one in self.bins)

    @property
    def error(self) -> float:
        """The expected calibration error (ECE), in [0, 1]."""
        total = sum(one.mentions * abs(one.probability - one.precision) for one in self.bins)
        return total / self.mentions

    def to_dict(self) -> dict[str, Any]:
        """A JSON-able dictionary; figures are unrounded fractions of one."""
        return {
            "error": self.error,
            "kind": "ECE, bins of equal mass",
            "mentions": self.mentions,
            "bins": [one._asdict() for one in self.bins],
        }


def reliability(judged: Iterable[LabeledMention], bins: int = BINS) -> Reliability | None:
    """The reliability of the scores of judged mentions; None where none has a score."""
    pairs = [(span.score, right) for span, right in judged if span.score is not None]
    if not pairs:
        return None
    scores, right = zip(*pairs, strict=True)
    return bin_probabilities(np.array(scores, np.float64), np.array(right, bool), bins)


def bin_probabilities(
    probabilities: NDArray[np.float64], right: NDArray[np.bool_], bins: int = BINS
) -> Reliability:
    """Probabilities in bins with about the same number in each.

    Equal probabilities stay together, so that their order means nothing; and there are fewer bins
    where one would hold less than twenty.

    Args:
        probabilities: at least one. *Shape:* (N,).
        right: *Shape:* (N,).
        bins: most of them.

    >>> found = bin_probabilities(np.array([0.5, 0.5, 1.0, 1.0]), np.array([True, False, True, True]))
    >>> found.error, len(found.bins)
    (0.0, 1)
    """
    order = np.argsort(probabilities, kind="stable")
    p, true = probabilities[order], right[order]
    number = max(1, min(bins, len(p) // _FEWEST))
    borders = [len(p) * i // number for i in range(1, number)]
    starts = sorted({0, *(int(np.searchsorted(p, p[border])) for border in borders)})
    return Reliability(tuple(_bins(p, true, [*starts, len(p)])))


def _bins(p: NDArray[np.float64], right: NDArray[np.bool_], edges: Sequence[int]) -> Iterable[Bin]:
    for first, last in zip(edges, edges[1:], strict=False):
        own = p[first:last]
        precision = float(right[first:last].mean())
        yield Bin(float(own[0]), float(own[-1]), float(own.mean()), precision, last - first)
