"""Fit a calibration: temperatures and thresholds from labeled mentions of a dev set."""

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

# A type gets a separate temperature if it has at least _MIN_MENTIONS mentions, and at least
# _MIN_PER_CLASS each of correct and wrong ones.
_MIN_MENTIONS, _MIN_PER_CLASS = 100, 10
_MIN_ABOVE_THRESHOLD = 30  # mentions; with fewer, the precision of a threshold is unreliable
_PRECISION_STEP = 0.005  # between the stored precisions
_MIN_SCORES = tuple(step / 20 for step in range(1, 11))  # 0.05 to 0.5
_MIN_GAIN = 0.005  # F1 that a minimum score must gain: less may be chance, and costs recall


class _Scored(NamedTuple):
    """Scores, and which of them are correct. *Shape:* (N,) each."""

    scores: NDArray[np.float64]
    is_correct: NDArray[np.bool_]

    def at_temperature(self, temperature: float) -> _Scored:
        scores = [scale_probability(float(p), temperature) for p in self.scores]
        return _Scored(np.array(scores), self.is_correct)


def fit_calibration(
    documents: Iterable[Iterable[LabeledMention]],
    record: Mapping[str, Any] | None = None,
    *,
    gold: Iterable[Mapping[str, int]] | None = None,
) -> Calibration:
    """Fit temperatures and thresholds.

    Args:
        documents: the labeled mentions of each document. The model was not trained on these
            documents, and the scores are uncalibrated.
        record: what the documents are, to be stored with the calibration.
        gold: the number of gold mentions of each type in each document. Without it, no type has a
            minimum score.

    Raises:
        VanerError: if no mention has a score, or if all are correct, or all wrong.
    """
    halves: tuple[list[LabeledMention], list[LabeledMention]] = ([], [])
    for number, mentions in enumerate(documents):
        halves[number % 2].extend(item for item in mentions if item[0].score is not None)
    counts = Counter(is_correct for half in halves for _, is_correct in half)
    if not counts:
        raise VanerError("cannot calibrate: no predicted mention has a score")
    if len(counts) == 1:
        label = "correct" if counts[True] else "wrong"
        number = counts.total()
        subject = f"all {number} predicted mentions are" if number > 1 else "the only mention is"
        raise VanerError(f"cannot calibrate: {subject} {label}; use more dev documents")
    gold_counts = (Counter[str](), Counter[str]())
    for number, mentions_by_type in enumerate(gold or ()):
        gold_counts[number % 2].update(mentions_by_type)
    all_types = [_to_arrays(half) for half in halves]
    fits = {}
    for type in sorted({span.type for half in halves for span, _ in half}):
        of_type = [_to_arrays(item for item in half if item[0].type == type) for half in halves]
        is_specific = _has_enough(_join(of_type).is_correct)
        type_fit = _fit(of_type, of_type if is_specific else all_types)
        min_score = 0.0
        if is_specific and gold is not None:
            scaled = [half.at_temperature(type_fit.temperature) for half in of_type]
            min_score = _choose_min_score(scaled, [half[type] for half in gold_counts])
        fits[type] = replace(type_fit, is_type_specific=is_specific, min_score=min_score)
    return Calibration(fits, _fit(all_types, all_types), dict(record or {}))


def _to_arrays(mentions: Iterable[LabeledMention]) -> _Scored:
    pairs = [(span.score, is_correct) for span, is_correct in mentions]
    return _Scored(np.array([s for s, _ in pairs], float), np.array([c for _, c in pairs], bool))


def _join(parts: Sequence[_Scored]) -> _Scored:
    return _Scored(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))


def _has_enough(is_correct: NDArray[np.bool_]) -> bool:
    correct = int(is_correct.sum())
    rarer = min(correct, len(is_correct) - correct)
    return len(is_correct) >= _MIN_MENTIONS and rarer >= _MIN_PER_CLASS


def _fit(halves: Sequence[_Scored], fitted_on: Sequence[_Scored]) -> Fit:
    """Fit the mentions of two halves of the documents.

    Args:
        halves: the mentions that the errors are computed on.
        fitted_on: the mentions that the temperature is fitted on: `halves`, or those of all types.
    """
    joined, training = _join(halves), _join(fitted_on)
    # Each half is scaled with the temperature of the other half: the error would be too low on the
    # mentions that the temperature was fitted on.
    cross_fitted = [
        half.at_temperature(fit_temperature(*other))
        for half, other in zip(halves, fitted_on[::-1], strict=True)
    ]
    before, after = bin_probabilities(*joined), bin_probabilities(*_join(cross_fitted))
    temperature = fit_temperature(*training)
    return Fit(
        temperature=temperature,
        is_type_specific=True,
        mentions=len(joined.is_correct),
        precision=float(joined.is_correct.mean()),
        error=before.error,
        calibrated_error=after.error,
        bins=len(before.bins),
        steps=tuple(_find_steps(training.at_temperature(temperature))),
    )


def _choose_min_score(halves: Sequence[_Scored], gold: Sequence[int]) -> float:
    """Return the minimum score of a type with the best F1, or 0.

    It is 0 if none raises F1 in both halves and, in both together, by `_MIN_GAIN`.

    Args:
        halves: the calibrated mentions of two halves of the documents.
        gold: the number of gold mentions of each half.
    """

    def f1(half: _Scored, gold: int, threshold: float) -> float:
        accepted = half.is_correct[half.scores >= threshold]
        total = len(accepted) + gold
        return 2 * int(accepted.sum()) / total if total else 0.0

    joined, total = _join(halves), sum(gold)
    raises_f1 = (
        threshold
        for threshold in _MIN_SCORES
        if f1(joined, total, threshold) >= f1(joined, total, 0) + _MIN_GAIN
        and all(f1(*half, threshold) > f1(*half, 0) for half in zip(halves, gold, strict=True))
    )
    return max(raises_f1, key=lambda threshold: f1(joined, total, threshold), default=0.0)


def _find_steps(mentions: _Scored) -> Iterator[Step]:
    """Yield ascending thresholds, each with a higher precision than the one before."""
    order = np.argsort(mentions.scores, kind="stable")
    scores, is_correct = mentions.scores[order], mentions.is_correct[order]
    above = np.arange(len(scores), 0, -1)  # mentions from each position on
    precision = np.cumsum(is_correct[::-1])[::-1] / above
    last = -1.0
    for position in np.unique(scores, return_index=True)[1]:
        if above[position] < _MIN_ABOVE_THRESHOLD:
            break
        if precision[position] >= last + _PRECISION_STEP:
            # The first precision is that of all mentions: threshold 0. The others are rounded
            # down, since a threshold that is rounded up would drop the mention it is from.
            threshold = floor(1e6 * scores[position]) / 1e6 if position else 0.0
            last = float(precision[position])
            yield Step(threshold, last)
