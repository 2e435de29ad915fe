"""Probabilities that keep their word: what was found out on devel, in a file beside the weights.

A temperature for each type makes the scores honest, and for each type it is kept which threshold
has which precision. Only scores change, and not their order within a type.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from math import floor
from pathlib import Path
from typing import Any, NamedTuple

from vaner.calibration.temperature import COLDEST, HOTTEST, scale_probability
from vaner.errors import ModelError, VanerError
from vaner.text.documents import Document
from vaner.utils.atomic_write import atomic_write

CALIBRATION_FILE = "calibration.json"


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

    def apply(self, document: Document) -> Document:
        """The document with calibrated scores."""
        return self._scaled(document, 1)

    def undo(self, document: Document) -> Document:
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
        return scale_probability(probability, self.temperature(type) ** power)

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
        with atomic_write(path) as new:
            new.write_text(text + "\n", "utf-8")
    except OSError as problem:
        raise ModelError(f"{path}: cannot be written: {problem.strerror}") from problem
    return path
