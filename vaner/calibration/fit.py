"""How a calibration is found out: temperatures and thresholds, from judged mentions of devel."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from math import floor
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vaner.calibration.calibration import Calibration, Fit, Step
from vaner.calibration.labels import LabeledMention
from vaner.calibration.reliability import bin_probabilities
from vaner.calibration.temperature import fit_temperature, scale_probability
from vaner.errors import VanerError

_ENOUGH, _ENOUGH_WRONG = 100, 10
"""Mentions of a type, and wrong ones among them, that give it a temperature of its own."""
_KEPT = 30  # mentions that a threshold must keep for its precision to mean something
_STEP = 0.005  # between the precisions that are written down


class _Scored(NamedTuple):
    """Scores and which of them are right. *Shape:* (N,) each."""

    scores: NDArray[np.float64]
    right: NDArray[np.bool_]

    def at(self, temperature: float) -> _Scored:
        return _Scored(
            np.array([scale_probability(float(p), temperature) for p in self.scores]), self.right
        )


def fit(
    documents: Iterable[Iterable[LabeledMention]], record: Mapping[str, Any] | None = None
) -> Calibration:
    """Fit temperatures, and find thresholds.

    Args:
        documents: the judged mentions of each document. The model has learnt from none of them,
            and their scores are as it computed them, not calibrated.
        record: what they are.

    Raises:
        VanerError: where no mention has a score, or all are right, or all wrong.
    """
    halves: tuple[list[LabeledMention], list[LabeledMention]] = ([], [])
    for number, mentions in enumerate(documents):
        halves[number % 2].extend(one for one in mentions if one[0].score is not None)
    found = Counter(right for half in halves for _, right in half)
    if not found:
        raise VanerError("there is nothing to calibrate: no mention that was found has a score")
    if len(found) == 1:
        told = f"all {found.total()} mentions found are {'right' if found[True] else 'wrong'}"
        raise VanerError(f"there is nothing to calibrate by: {told}")
    all_types = [_scored(half) for half in halves]
    every = _fitted(all_types, all_types)
    fits = {}
    for type in sorted({span.type for half in halves for span, _ in half}):
        own = [_scored(one for one in half if one[0].type == type) for half in halves]
        enough = _is_enough(_joined(own).right)
        fits[type] = replace(_fitted(own, own if enough else all_types), own=enough)
    return Calibration(fits, every, dict(record or {}))


def _scored(mentions: Iterable[LabeledMention]) -> _Scored:
    pairs = [(span.score, right) for span, right in mentions]
    return _Scored(np.array([s for s, _ in pairs], float), np.array([r for _, r in pairs], bool))


def _joined(parts: Sequence[_Scored]) -> _Scored:
    return _Scored(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))


def _is_enough(right: NDArray[np.bool_]) -> bool:
    wrong = len(right) - int(right.sum())
    return len(right) >= _ENOUGH and min(len(right) - wrong, wrong) >= _ENOUGH_WRONG


def _fitted(halves: Sequence[_Scored], fitted_on: Sequence[_Scored]) -> Fit:
    """What is found out about the mentions of two halves, by those of a type or by all."""
    whole, given = _joined(halves), _joined(fitted_on)
    crossed = [
        half.at(fit_temperature(*other))
        for half, other in zip(halves, fitted_on[::-1], strict=True)
    ]
    before, after = bin_probabilities(*whole), bin_probabilities(*_joined(crossed))
    temperature = fit_temperature(*given)
    return Fit(
        temperature=temperature,
        own=True,
        mentions=len(whole.right),
        precision=float(whole.right.mean()),
        error=before.error,
        calibrated_error=after.error,
        bins=len(before.bins),
        steps=tuple(_steps(given.at(temperature))),
    )


def _steps(given: _Scored) -> Iterator[Step]:
    """Thresholds from the lowest up, each with a precision that is higher than the last one's."""
    order = np.argsort(given.scores, kind="stable")
    scores, right = given.scores[order], given.right[order]
    kept = np.arange(len(scores), 0, -1)
    precision = np.cumsum(right[::-1])[::-1] / kept
    last = -1.0
    for place in np.unique(scores, return_index=True)[1]:
        if kept[place] < _KEPT:
            break
        if precision[place] >= last + _STEP:
            # All that the model finds has the first precision. Rounded up, a threshold would lose
            # its own mention.
            threshold = floor(1e6 * scores[place]) / 1e6 if place else 0.0
            last = float(precision[place])
            yield Step(threshold, last)
