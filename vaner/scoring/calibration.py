"""Probabilities that keep their word: what was fitted on devel, in a file beside the weights.

A temperature for each type makes the scores honest, and for each type it is kept which threshold
has which precision. Only scores change, and not their order within a type.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from math import floor
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vaner.documents import Document
from vaner.errors import ModelError, VanerError
from vaner.scoring.judging import Judged
from vaner.scoring.reliability import binned
from vaner.scoring.temperature import COLDEST, HOTTEST, fitted, scaled

CALIBRATION_FILE = "calibration.json"

_ENOUGH, _ENOUGH_WRONG = 100, 10
"""Mentions of a type, and wrong ones among them, that give it a temperature of its own."""
_KEPT = 30  # mentions that a threshold must keep for its precision to mean something
_STEP = 0.005  # between the precisions that are written down


class Step(NamedTuple):
    """The lowest threshold with a precision.

    Args:
        threshold: mentions with this score, calibrated, or a higher one are kept.
        precision: the share of right ones among them.
    """

    threshold: float
    precision: float


@dataclass(frozen=True, slots=True)
class Fit:
    """What was found out about the scores of one type, or of all together.

    Args:
        temperature: what log-odds are divided by.
        own: whether the temperature and the steps are its own, and not those of all types together
            because there were too few mentions.
        mentions: number that was proposed.
        precision: share of right ones.
        error: expected calibration error of the scores as they came.
        calibrated_error: the same of calibrated scores. The documents are halved for it, and each
            half is scaled by what was fitted on the other.
        bins: of equal mass, behind the two errors.
        steps: which threshold has which precision, from the lowest up.
    """

    temperature: float
    own: bool
    mentions: int
    precision: float
    error: float
    calibrated_error: float
    bins: int
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Calibration:
    """How the scores of one model are made probabilities that can be trusted.

    Args:
        types: for each type that there was on devel.
        every: for all types together; its temperature is that of other types.
        record: what it was fitted on.
    """

    types: Mapping[str, Fit]
    every: Fit
    record: Mapping[str, Any] = field(default_factory=dict)

    def applied(self, document: Document) -> Document:
        """The document with calibrated scores."""
        return self._scaled(document, 1)

    def undone(self, document: Document) -> Document:
        """The document with the scores as the model computed them."""
        return self._scaled(document, -1)

    def _scaled(self, document: Document, power: int) -> Document:
        return document.with_spans(
            span if span.score is None
            else replace(span, score=self.score(span.type, span.score, power))
            for span in document.spans
        )  # fmt: skip

    def score(self, type: str, probability: float, power: int = 1) -> float:
        """A calibrated probability of a mention of a type, or with -1 what it was before."""
        return scaled(probability, self.temperature(type) ** power)

    def temperature(self, type: str) -> float:
        """The temperature of a type: its own, or that of all types together."""
        return self.types.get(type, self.every).temperature

    def thresholds(self, types: Collection[str], precision: float) -> dict[str, float]:
        """For each type the lowest threshold that had a precision on devel.

        Raises:
            VanerError: for a type that it was not reached for, or that devel did not have.
        """
        found = {type: self.threshold(type, precision) for type in types}
        if told := self.too_much(types, precision):
            raise VanerError(f"{told}: ask for less, or for other types")
        return {type: threshold for type, threshold in found.items() if threshold is not None}

    def threshold(self, type: str, precision: float) -> float | None:
        """The lowest threshold of a type that had a precision on devel; None if it was not had."""
        return next((s.threshold for s in self._steps(type) if s.precision >= precision), None)

    def too_much(self, types: Collection[str], precision: float) -> str:
        """For which types a precision was not reached, and what was; empty if for none."""
        told = [
            f"{type} ({_best(self._steps(type))})"
            for type in types
            if self.threshold(type, precision) is None
        ]
        return f"precision {precision} was not reached on devel for {', '.join(told)}" * bool(told)

    def _steps(self, type: str) -> tuple[Step, ...]:
        return self.types[type].steps if type in self.types else ()

    def to_dict(self) -> dict[str, Any]:
        """A JSON-able dictionary."""
        return {
            **self.record,
            "all": asdict(self.every),
            "types": {type: asdict(fit) for type, fit in self.types.items()},
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Calibration:
        """The reverse.

        Raises:
            KeyError, TypeError, ValueError: where it is not what `to_dict` gives.
        """
        record = {key: value for key, value in content.items() if key not in ("all", "types")}
        types = {str(type): _fit(fit) for type, fit in dict(content["types"]).items()}
        return cls(types, _fit(content["all"]), record)


def _best(steps: Sequence[Step]) -> str:
    """What there was on devel, for a precision that there was not."""
    if not steps:
        return "too few mentions there"
    return f"at most {floor(1e3 * steps[-1].precision) / 1e3}"


def _fit(content: Mapping[str, Any]) -> Fit:
    steps = tuple(Step(float(threshold), float(share)) for threshold, share in content["steps"])
    found = Fit(**{**content, "temperature": float(content["temperature"]), "steps": steps})
    if not COLDEST <= found.temperature <= HOTTEST:
        raise ValueError(f"a temperature of {found.temperature}")
    return found


class _Scored(NamedTuple):
    """Scores and which of them are right. *Shape:* (N,) each."""

    scores: NDArray[np.float64]
    right: NDArray[np.bool_]

    def at(self, temperature: float) -> _Scored:
        return _Scored(np.array([scaled(float(p), temperature) for p in self.scores]), self.right)


def calibrate(
    documents: Iterable[Iterable[Judged]], record: Mapping[str, Any] | None = None
) -> Calibration:
    """Fit temperatures, and find thresholds.

    Args:
        documents: the judged mentions of each document. The model has learnt from none of them,
            and their scores are as it computed them, not calibrated.
        record: what they are.

    Raises:
        VanerError: where no mention has a score, or all are right, or all wrong.
    """
    halves: tuple[list[Judged], list[Judged]] = ([], [])
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
        fit = _fitted(own, own if enough else all_types)
        fits[type] = replace(fit, own=enough)
    return Calibration(fits, every, dict(record or {}))


def _scored(mentions: Iterable[Judged]) -> _Scored:
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
    crossed = [half.at(fitted(*other)) for half, other in zip(halves, fitted_on[::-1], strict=True)]
    before, after = binned(*whole), binned(*_joined(crossed))
    temperature = fitted(*given)
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


def read_calibration(folder: Path) -> Calibration | None:
    """The calibration beside a model's weights; None where there is none.

    Raises:
        ModelError: where it cannot be read.
    """
    path = folder / CALIBRATION_FILE
    if not path.is_file():
        return None
    try:
        return Calibration.from_dict(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(
            f"{path}: not a readable calibration ({error}); make it again with vaner calibrate, "
            "or delete it"
        ) from error


def write_calibration(calibration: Calibration, folder: Path) -> Path:
    """Put the calibration beside a model's weights, and say where.

    Raises:
        ModelError: where it cannot be written.
    """
    path = folder / CALIBRATION_FILE
    text = json.dumps(calibration.to_dict(), indent=1, ensure_ascii=False)
    try:
        path.write_text(text + "\n", "utf-8")
    except OSError as problem:
        raise ModelError(f"{path}: cannot be written: {problem.strerror}") from problem
    return path
