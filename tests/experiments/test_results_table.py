"""Tests the cells of the results tables."""

from __future__ import annotations

from typing import Any

from experiments.results_table import format_scores


def _score(f1: float, low: float, high: float) -> dict[str, Any]:
    return {"precision": 0.5, "recall": 0.25, "f1": f1, "intervals": {"f1": [low, high]}}


def test_single_seed_has_bootstrap_interval() -> None:
    assert format_scores([_score(0.7, 0.6, 0.8)]) == "50.00 | 25.00 | 70.00 | 60.00 to 80.00 | 1"


def test_several_seeds_have_mean_interval_and_range() -> None:
    two = [_score(0.7, 0.6, 0.8), _score(0.74, 0.62, 0.9)]
    assert format_scores(two) == "50.00 | 25.00 | 72.00 | 61.00 to 85.00 | 2: 70.00 to 74.00"
