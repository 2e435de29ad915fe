"""True positives, false positives and false negatives, and the scores computed from them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Counts:
    """Counts of correct, wrong and missed mentions.

    precision = tp / (tp + fp), recall = tp / (tp + fn), F1 = 2 tp / (2 tp + fp + fn). Scores are
    fractions from 0 to 1, and 0/0 is 0 (``zero_division=0`` in seqeval).

    Args:
        tp: Number of predictions that match a gold mention.
        fp: Number of predictions that match no gold mention.
        fn: Number of gold mentions without a matching prediction.

    >>> Counts(tp=6, fp=2, fn=4).precision
    0.75
    """

    tp: int
    fp: int
    fn: int

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.tp + other.tp, self.fp + other.fp, self.fn + other.fn)

    @property
    def gold(self) -> int:
        """Number of gold mentions."""
        return self.tp + self.fn

    @property
    def predicted(self) -> int:
        """Number of predicted mentions, duplicates included."""
        return self.tp + self.fp

    @property
    def precision(self) -> float:
        return _ratio(self.tp, self.predicted)

    @property
    def recall(self) -> float:
        return _ratio(self.tp, self.gold)

    @property
    def f1(self) -> float:
        return _ratio(2 * self.tp, self.gold + self.predicted)


def _ratio(numerator: int, denominator: int) -> float:
    return numerator / denominator if denominator else 0.0
