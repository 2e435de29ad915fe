"""Bootstrap confidence intervals, by resampling documents.

Documents are drawn, not mentions, because the mentions of one document are not independent.
Shapes: D documents, L rows of counts, R resamples. The last axis of size 3 is (tp, fp, fn) for
counts and (precision, recall, F1) for scores.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

LEVEL = 0.95
"""Confidence level of the intervals."""

_BATCH_CELLS = 1_000_000
"""Weights in memory at a time (8 MB), so that memory does not grow with the documents."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A confidence interval.

    Args:
        low, high: Inclusive bounds, in the unit of the score.
    """

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Intervals:
    """The 95% confidence intervals of one row of scores, as fractions from 0 to 1."""

    precision: Interval
    recall: Interval
    f1: Interval


def precision_recall_f1(counts: Array) -> Array:
    """Return precision, recall and F1 of counts; 0/0 is 0, as in `Counts`.

    Args:
        counts: True positives, false positives, false negatives. *Shape:* (..., 3).

    Returns:
        Scores. *Shape:* (..., 3).
    """
    tp, fp, fn = np.moveaxis(counts, -1, 0)
    numerators = np.stack([tp, tp, 2 * tp], axis=-1)
    denominators = np.stack([tp + fp, tp + fn, 2 * tp + fp + fn], axis=-1)
    zeros = np.zeros_like(numerators)
    scores: Array = np.divide(numerators, denominators, out=zeros, where=denominators > 0)
    return scores


def resample_counts(counts: Array, resamples: int, seed: int) -> Array:
    """Return the total counts of random samples of D documents, drawn with replacement.

    A sample is a vector of how often each document was drawn, so a batch of samples is one matrix
    product.

    Args:
        counts: Counts of each document. *Shape:* (D, L, 3).
        resamples: Number of samples R.
        seed: Seed of the random number generator.

    Returns:
        Total counts of each sample. *Shape:* (R, L, 3).

    Source: Efron and Tibshirani 1993, An Introduction to the Bootstrap, chapter 13.
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
    """Yield batch sizes that sum to `resamples`, with bounded memory per batch."""
    size = max(1, _BATCH_CELLS // documents)
    for done in range(0, resamples, size):
        yield min(size, resamples - done)


def percentile_interval(samples: Array) -> Interval:
    """Return the percentile interval of samples. *Shape:* (R,)."""
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(samples, (tail, 1 - tail))
    return Interval(float(low), float(high))


def percentile_intervals(samples: Array) -> Intervals:
    """Return the intervals of precision, recall and F1 of resampled scores. *Shape:* (R, 3)."""
    return Intervals(*(percentile_interval(column) for column in samples.T))
