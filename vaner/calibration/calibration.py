"""A model's calibration: temperatures and thresholds fitted on dev, stored with its weights.

A temperature per entity type turns scores into probabilities that can be trusted; it never changes
their order within a type. For each type the calibration also has the minimum score up to 0.5 with
the best F1, if one helps, and lists which score threshold reaches which precision.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from math import floor, isfinite
from pathlib import Path
from typing import Any, NamedTuple

from vaner.calibration.temperature import HIGHEST, LOWEST, scale_probability
from vaner.errors import ModelError, VanerError, library_errors
from vaner.text.documents import Document
from vaner.utils.atomic_write import write_json
from vaner.utils.deprecation import renamed_fields

CALIBRATION_FILE = "calibration.json"

# Attribute of `Fit` -> its name in the file.
_STORED_NAMES = {"is_type_specific": "own"}


class Step(NamedTuple):
    """The lowest threshold that reaches a precision.

    Attributes:
        threshold: mentions with at least this calibrated score count.
        precision: share of correct mentions among them.
    """

    threshold: float
    precision: float


@dataclass(frozen=True, slots=True)
class Fit:
    """What was fitted on the scores of one entity type, or of all types together.

    Attributes:
        temperature: divisor of the log-odds.
        is_type_specific: whether the temperature and the steps were fitted on this type alone.
            False if it had too few mentions, so that those of all types together are used.
        mentions: number of predicted mentions.
        precision: share of correct mentions among them.
        error: expected calibration error of the uncalibrated scores.
        calibrated_error: expected calibration error of the calibrated scores, by two-fold
            cross-fitting: each half of the documents is scaled with the temperature of the other.
        bins: number of bins of equal mass behind the two errors.
        steps: thresholds and the precisions they reach, in ascending order.
        min_score: minimum calibrated score of a mention: the threshold up to 0.5 with the best F1
            on the dev set; 0 if none gains enough, see `vaner.calibration.fit`.
    """

    temperature: float
    is_type_specific: bool
    mentions: int
    precision: float
    error: float
    calibrated_error: float
    bins: int
    steps: tuple[Step, ...]
    min_score: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return the fit as a JSON-serializable dictionary."""
        return renamed_fields(asdict(self), _STORED_NAMES)

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Fit:
        """Return the fit that `to_dict` wrote.

        Raises:
            KeyError, TypeError, ValueError: if `content` has other fields or values.
        """
        names = {stored: name for name, stored in _STORED_NAMES.items()}
        steps = tuple(Step(float(threshold), float(p)) for threshold, p in content["steps"])
        if not all(isfinite(value) for step in steps for value in step):
            raise ValueError("a threshold is not a number")
        temperature, min_score = float(content["temperature"]), float(content.get("min_score", 0))
        if not LOWEST <= temperature <= HIGHEST:
            raise ValueError(f"temperature {temperature} is outside [{LOWEST}, {HIGHEST}]")
        if not 0 <= min_score <= 1:
            raise ValueError(f"min_score {min_score} is outside [0, 1]")
        fields = renamed_fields(dict(content), names)
        checked = {"temperature": temperature, "steps": steps, "min_score": min_score}
        return cls(**{**fields, **checked})


@dataclass(frozen=True, slots=True)
class Calibration:
    """Turns the scores of one model into probabilities.

    Attributes:
        types: the fit of each entity type of the dev set.
        all_types: the fit of all types together. Its temperature is used for other types.
        record: what the calibration was fitted on.
    """

    types: Mapping[str, Fit]
    all_types: Fit
    record: Mapping[str, Any] = field(default_factory=dict)

    def apply(self, document: Document) -> Document:
        """Return the document with calibrated scores."""
        return self._scale(document, 1)

    def undo(self, document: Document) -> Document:
        """Return the document with the scores as the model computed them."""
        return self._scale(document, -1)

    def _scale(self, document: Document, power: int) -> Document:
        return document.with_spans(
            span
            if span.score is None
            else replace(span, score=self.score(span.type, span.score, power))
            for span in document.spans
        )

    def score(self, type: str, probability: float, power: int = 1) -> float:
        """Return the calibrated probability of a mention.

        Args:
            type: entity type of the mention.
            probability: the model's score, in [0, 1].
            power: 1 calibrates, -1 undoes it.
        """
        return scale_probability(probability, self.temperature(type) ** power)

    def temperature(self, type: str) -> float:
        """Return the temperature of an entity type, or that of all types if it has none."""
        return self.types.get(type, self.all_types).temperature

    @property
    def min_scores(self) -> dict[str, float]:
        """The types that have a minimum score -> that score."""
        return {type: fit.min_score for type, fit in self.types.items() if fit.min_score}

    def threshold(self, type: str, precision: float) -> float | None:
        """Return the lowest threshold of a type that reached a precision on dev, if any did."""
        return next((s.threshold for s in self._steps(type) if s.precision >= precision), None)

    def thresholds(self, types: Collection[str], precision: float) -> dict[str, float]:
        """Return the lowest threshold of each type that reached a precision on dev.

        Raises:
            VanerError: if a type did not reach it, or is not in the dev set.
        """
        if unreached := self.unreached_types(types, precision):
            lower = "choose a lower precision, or " if any(unreached.values()) else ""
            more = "calibrate on more documents, or " if None in unreached.values() else ""
            message = describe_unreached(unreached, precision)
            raise VanerError(f"{message}; {lower}{more}choose other types")
        thresholds = {type: self.threshold(type, precision) for type in types}
        return {type: value for type, value in thresholds.items() if value is not None}

    def unreached_types(self, types: Collection[str], precision: float) -> dict[str, float | None]:
        """Return the types that did not reach a precision on dev.

        Returns:
            Type -> the highest precision it reached; None if it had too few mentions.
        """
        return {
            type: max((step.precision for step in self._steps(type)), default=None)
            for type in types
            if self.threshold(type, precision) is None
        }

    def select_reached(
        self, types: tuple[str, ...], precision: float
    ) -> tuple[tuple[str, ...], str]:
        """Return the types that reached a precision on dev, and a line about those left out.

        If none reached it, all types are returned, and an empty line.
        """
        unreached = self.unreached_types(types, precision)
        reached = tuple(type for type in types if type not in unreached)
        if not unreached or not reached:
            return types, ""
        return reached, f"types left out: {describe_unreached(unreached, precision)}"

    def _steps(self, type: str) -> Sequence[Step]:
        return self.types[type].steps if type in self.types else ()

    def to_dict(self) -> dict[str, Any]:
        """Return the calibration as a JSON-serializable dictionary."""
        return {
            **self.record,
            "all": self.all_types.to_dict(),
            "types": {type: fit.to_dict() for type, fit in self.types.items()},
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Calibration:
        """Return the calibration that `to_dict` wrote.

        Raises:
            KeyError, TypeError, ValueError: if `content` has other fields or values.
        """
        record = {key: value for key, value in content.items() if key not in ("all", "types")}
        types = {str(type): Fit.from_dict(fit) for type, fit in dict(content["types"]).items()}
        return cls(types, Fit.from_dict(content["all"]), record)


def describe_unreached(unreached: Mapping[str, float | None], precision: float) -> str:
    """Return the message for `Calibration.unreached_types`.

    >>> describe_unreached({"Gene": 0.9123}, 0.95)
    'precision 0.95 was not reached on the dev set for Gene (at most 0.912)'
    >>> describe_unreached({"Virus": None}, 0.1)
    'the dev set has too few mentions to measure the precision of Virus'
    """
    low = [
        f"{type} (at most {floor(1e3 * best) / 1e3})"
        for type, best in unreached.items()
        if best is not None
    ]
    unknown = [type for type, best in unreached.items() if best is None]
    messages = []
    if low:
        messages.append(
            f"precision {precision} was not reached on the dev set for {', '.join(low)}"
        )
    if unknown:
        types = ", ".join(unknown)
        messages.append(f"the dev set has too few mentions to measure the precision of {types}")
    return "; ".join(messages)


def read_calibration(folder: Path) -> Calibration | None:
    """Read the calibration of a saved model.

    Returns:
        The calibration, or None if the model has none.

    Raises:
        ModelError: if the file cannot be read.
    """
    path = folder / CALIBRATION_FILE
    if not path.is_file():
        return None
    advice = "create it again with `vaner calibrate` or delete it"
    with library_errors(path, "not a readable calibration", advice, error_class=ModelError):
        return Calibration.from_dict(json.loads(path.read_text("utf-8")))


def write_calibration(calibration: Calibration, folder: Path) -> Path:
    """Write a calibration into the folder of a saved model and return its path.

    Raises:
        ModelError: if the file cannot be written.
    """
    path = folder / CALIBRATION_FILE
    try:
        write_json(path, calibration.to_dict())
    except OSError as error:
        raise ModelError(f"{path}: cannot be written: {error.strerror}") from error
    return path
