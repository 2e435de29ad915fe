"""Resampling documents: how far a figure would move on another sample of the same kind.

Documents, not mentions, are drawn, since the mentions of one document repeat each other and are no
independent observations. Shapes: D documents, L rows of counts, R resamples; the last axis of
three is (tp, fp, fn) in counts and (precision, recall, F1) in rates.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

LEVEL = 0.95
_CELLS = 1_000_000
"""Weights held at a time (8 MB): resampling needs the same memory for any number of documents."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A confidence interval, both ends in it, in the unit of the figure it stands beside."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Intervals:
    """The 95% intervals of one row of figures, as fractions of one."""

    precision: Interval
    recall: Interval
    f1: Interval


def precision_recall_f1(counts: Array) -> Array:
    """Precision, recall and F1 of counts, 0/0 being 0 as in `Counts`.

    Shape:
        counts: (..., 3); result: (..., 3).
    """
    tp, fp, fn = np.moveaxis(counts, -1, 0)
    parts = np.stack([tp, tp, 2 * tp], axis=-1)
    wholes = np.stack([tp + fp, tp + fn, 2 * tp + fp + fn], axis=-1)
    found: Array = np.divide(parts, wholes, out=np.zeros_like(parts), where=wholes > 0)
    return found


def resample_counts(counts: Array, resamples: int, seed: int) -> Array:
    """Summed counts of `resamples` samples of D documents drawn with replacement.

    The non-parametric bootstrap (Efron and Tibshirani 1993, chapter 13). A sample is a vector of
    how often each document was drawn, so all samples together are one matrix product.

    Shape:
        counts: (D, L, 3); result: (R, L, 3).
    """
    documents = len(counts)
    flat = counts.reshape(documents, -1)
    rng = np.random.default_rng(seed)
    totals = []
    for rows in batch_sizes(resamples, documents):
        drawn = rng.integers(documents, size=(rows, documents))
        drawn += documents * np.arange(rows)[:, None]
        weights = np.bincount(drawn.ravel(), minlength=rows * documents)
        totals.append(weights.reshape(rows, documents).astype(np.float64) @ flat)
    return np.concatenate(totals).reshape(resamples, *counts.shape[1:])


def batch_sizes(resamples: int, documents: int) -> Iterator[int]:
    """Sizes of the batches in which `resamples` rows of D weights fit the memory allowed."""
    size = max(1, _CELLS // documents)
    for done in range(0, resamples, size):
        yield min(size, resamples - done)


def percentile_interval(samples: Array) -> Interval:
    """The percentile interval that holds the middle 95% of the samples, shape (R,)."""
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(samples, (tail, 1 - tail))
    return Interval(float(low), float(high))


def percentile_intervals(samples: Array) -> Intervals:
    """The intervals of precision, recall and F1 from resampled rates, shape (R, 3)."""
    return Intervals(*(percentile_interval(column) for column in samples.T))
