"""Cells of the tables that are made from results files."""

from __future__ import annotations

from typing import Any

from experiments.results_table import figures


def _score(f1: float, low: float, high: float) -> dict[str, Any]:
    return {"precision": 0.5, "recall": 0.25, "f1": f1, "intervals": {"f1": [low, high]}}


def test_one_run_has_the_bootstrap_s_interval() -> None:
    assert figures([_score(0.7, 0.6, 0.8)]) == "50.00 | 25.00 | 70.00 | 60.00 to 80.00 | 1"


def test_several_have_the_mean_of_theirs_and_their_range() -> None:
    two = [_score(0.7, 0.6, 0.8), _score(0.74, 0.62, 0.9)]
    assert figures(two) == "50.00 | 25.00 | 72.00 | 61.00 to 85.00 | 2: 70.00 to 74.00"
