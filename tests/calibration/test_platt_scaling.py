"""Platt scaling against drawn labels, and labels that must not make it certain."""

from __future__ import annotations

import math
from random import Random

import pytest

from vaner.calibration.platt_scaling import fit_platt


def test_fit_recovers_true_parameters() -> None:
    rng = Random(0)
    evidence = [rng.uniform(-6, 6) for _ in range(20_000)]
    right = [rng.random() < 1 / (1 + math.exp(-(1.5 * x - 2))) for x in evidence]
    slope, offset = fit_platt(evidence, right)
    assert slope == pytest.approx(1.5, abs=0.1) and offset == pytest.approx(-2, abs=0.1)


@pytest.mark.parametrize(
    ("evidence", "right"),
    [
        ([], []),
        ([1.0], [True]),
        ([3.0, 3.0], [True, True]),
        ([9.5, 9.6, -9.0], [True, True, False]),  # parted for good: no certainty
        ([1.0, 2.0, 3.0, 4.0], [True, True, False, False]),  # the wrong way round
        ([0.0, 0.0, 0.0], [True, False, False]),
        ([1e6, -1e6], [True, False]),
    ],
)
def test_it_is_finite_and_rises_with_the_evidence(evidence: list[float], right: list[bool]) -> None:
    slope, offset = fit_platt(evidence, right)
    assert math.isfinite(slope) and math.isfinite(offset) and slope > 0
