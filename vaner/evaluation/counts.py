"""True positives, false positives, false negatives, and what follows from them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Counts:
    """How many mentions were found, made up and missed.

    precision = tp / (tp + fp), recall = tp / (tp + fn), F1 = 2 tp / (2 tp + fp + fn); all are
    fractions of one, and 0/0 is 0 (seqeval's ``zero_division=0``).

    Args:
        tp: predictions that match a gold mention.
        fp: predictions that match none.
        fn: gold mentions that no prediction matches.

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


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
