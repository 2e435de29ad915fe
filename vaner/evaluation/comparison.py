"""Compare two systems: difference in F1, its confidence interval, and its p-value."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from vaner.errors import VanerError
from vaner.evaluation.bootstrap import (
    Array,
    Interval,
    batch_sizes,
    percentile_interval,
    precision_recall_f1,
    resample_counts,
)
from vaner.evaluation.document_alignment import align_documents
from vaner.evaluation.scorer import count_strict_matches, list_scored_types
from vaner.text.documents import Document

_F1 = 2


@dataclass(frozen=True, slots=True)
class Comparison:
    """Strict micro F1 of two systems on the same gold documents, as fractions from 0 to 1.

    Args:
        a, b: F1 of each system.
        difference: ``a - b``.
        interval: 95% confidence interval of the difference, by the paired bootstrap.
        p_value: Two-sided p-value by approximate randomization: the probability of a difference
            at least this large between equally good systems.
    """

    a: float
    b: float
    difference: float
    interval: Interval
    p_value: float

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-serializable dictionary with unrounded scores."""
        return asdict(self) | {"interval": [self.interval.low, self.interval.high]}


def compare(
    gold: Iterable[Document],
    a: Iterable[Document],
    b: Iterable[Document],
    *,
    types: str | Collection[str] | None = None,
    resamples: int = 10_000,
    seed: int = 0,
) -> Comparison:
    """Compare two systems on the same gold documents by strict micro F1.

    If the systems are equally good, their outputs for a document are exchangeable. The test swaps
    the outputs of each document with probability 1/2 and counts how often the difference is at
    least as large as the observed one: p = (1 + count) / (1 + resamples).

    Args:
        gold: Documents with the annotated mentions.
        a, b: Documents with the mentions of each system. Documents are paired by id.
        types: Entity types to score, or one of them; all that occur if None.
        resamples: Number of resamples of the bootstrap and of the test.
        seed: Seed of the random number generator.

    Raises:
        VanerError: If documents do not match (see `align_documents`), if `resamples` is not
            positive, or if only mentions of other types than `types` occur.

    Source: Noreen 1989; Yeh 2000, COLING, for F1.

    >>> gold = [Document("1", "Asthma")]
    >>> compare(gold, gold, gold, resamples=10).p_value
    1.0
    """
    if resamples < 1:
        raise VanerError(f"a comparison needs at least one resample, not {resamples}")
    documents = list(gold)
    pairs_a, pairs_b = align_documents(documents, a), align_documents(documents, b)
    names = list_scored_types([*pairs_a, *pairs_b], types)
    counts = np.stack(
        [count_strict_matches(pairs_a, names), count_strict_matches(pairs_b, names)], axis=1
    )
    f1 = precision_recall_f1(counts.sum(axis=0))[:, _F1]
    sampled_f1 = precision_recall_f1(resample_counts(counts, resamples, seed))[..., _F1]
    return Comparison(
        a=float(f1[0]),
        b=float(f1[1]),
        difference=float(f1[0] - f1[1]),
        interval=percentile_interval(sampled_f1[:, 0] - sampled_f1[:, 1]),
        p_value=_p_value(counts, resamples, seed),
    )


def _p_value(counts: Array, resamples: int, seed: int) -> float:
    """Return the p-value by approximate randomization, see `compare`.

    Args:
        counts: Counts of each document for both systems. *Shape:* (D, 2, 3).
        resamples: Number of random swaps.
        seed: Seed of the random number generator.
    """
    totals = counts.sum(axis=0)
    observed = _f1_distance(totals)
    change = counts[:, 1] - counts[:, 0]
    change = change[change.any(axis=1)]  # swapping equal outputs has no effect
    if not len(change):
        return 1.0
    rng = np.random.default_rng(seed)
    extreme = 0
    for rows in batch_sizes(resamples, len(change)):
        shift = rng.integers(2, size=(rows, len(change))).astype(np.float64) @ change
        swapped = np.stack([totals[0] + shift, totals[1] - shift], axis=1)
        # Equal differences may differ in the last bit and must count as at least as large.
        extreme += int(np.count_nonzero(_f1_distance(swapped) >= observed - 1e-12))
    return (1 + extreme) / (1 + resamples)


def _f1_distance(totals: Array) -> Array:
    """Return the absolute difference in F1 of counts (..., 2, 3). *Shape:* (...)."""
    f1 = precision_recall_f1(totals)[..., _F1]
    return np.asarray(np.abs(f1[..., 0] - f1[..., 1]), dtype=np.float64)
