"""Is one system better than another, or only luckier?"""

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
from vaner.evaluation.scorer import count_strict_matches
from vaner.text.documents import Document

_F1 = 2


@dataclass(frozen=True, slots=True)
class Comparison:
    """Strict micro F1 of two systems on the same gold, as fractions of one.

    Args:
        a, b: F1 of either system.
        difference: ``a - b``.
        interval: 95% interval of the difference, by the paired bootstrap.
        p_value: two-sided, by approximate randomisation: how often systems that are equally good
            would differ at least this much.
    """

    a: float
    b: float
    difference: float
    interval: Interval
    p_value: float

    def to_dict(self) -> dict[str, Any]:
        """A JSON-able dictionary, figures as unrounded fractions of one."""
        return asdict(self) | {"interval": [self.interval.low, self.interval.high]}


def compare(
    gold: Iterable[Document],
    a: Iterable[Document],
    b: Iterable[Document],
    *,
    types: Collection[str] | None = None,
    resamples: int = 10_000,
    seed: int = 0,
) -> Comparison:
    """Compare two systems on the same gold documents by strict micro F1.

    If the systems are equally good, the two outputs for a document might as well be swapped. So
    swap each with probability 1/2 and see how often the difference is at least as large as the
    real one: p = (1 + such swaps) / (1 + resamples) (Noreen 1989; Yeh 2000, COLING, for F1).

    Raises:
        VanerError: where documents do not fit together, or `resamples` is not positive.

    >>> gold = [Document("1", "Asthma")]
    >>> compare(gold, gold, gold, resamples=10).p_value
    1.0
    """
    if resamples < 1:
        raise VanerError(f"a comparison needs at least one resample, not {resamples}")
    documents = list(gold)
    pairs_a, pairs_b = align_documents(documents, a), align_documents(documents, b)
    counts = np.stack(
        [count_strict_matches(pairs_a, types), count_strict_matches(pairs_b, types)], axis=1
    )
    f1 = precision_recall_f1(counts.sum(axis=0))[:, _F1]
    drawn = precision_recall_f1(resample_counts(counts, resamples, seed))[..., _F1]
    return Comparison(
        a=float(f1[0]),
        b=float(f1[1]),
        difference=float(f1[0] - f1[1]),
        interval=percentile_interval(drawn[:, 0] - drawn[:, 1]),
        p_value=_p_value(counts, resamples, seed),
    )


def _p_value(counts: Array, resamples: int, seed: int) -> float:
    """Approximate randomisation over counts (D, 2, 3); see `compare`."""
    totals = counts.sum(axis=0)
    observed = _distance(totals)
    change = counts[:, 1] - counts[:, 0]
    change = change[change.any(axis=1)]  # swapping equal outputs changes nothing
    if not len(change):
        return 1.0
    rng = np.random.default_rng(seed)
    extreme = 0
    for rows in batch_sizes(resamples, len(change)):
        moved = rng.integers(2, size=(rows, len(change))).astype(np.float64) @ change
        swapped = np.stack([totals[0] + moved, totals[1] - moved], axis=1)
        # Equal differences may differ in the last bit, and must count as at least as large.
        extreme += int(np.count_nonzero(_distance(swapped) >= observed - 1e-12))
    return (1 + extreme) / (1 + resamples)


def _distance(totals: Array) -> Array:
    """Absolute difference in F1 of counts (..., 2, 3), shape (...)."""
    f1 = precision_recall_f1(totals)[..., _F1]
    return np.asarray(np.abs(f1[..., 0] - f1[..., 1]), dtype=np.float64)
