"""Thresholds of scores: minimum scores, and those of a precision on the dev set."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any, NamedTuple

from vaner.calibration.calibration import Calibration
from vaner.errors import VanerError, check_argument
from vaner.recognition.recognizer import Recognizer, resolve_types

logger = logging.getLogger(__name__)


class Thresholds(NamedTuple):
    """Thresholds of an annotation.

    Attributes:
        of_names: type -> the minimum mean score of a name in a document.
        of_mentions: the minimum score of a mention, or that of each type.
        types: the types that have a threshold, if all others are left out; None if not.
    """

    of_names: Mapping[str, float]
    of_mentions: float | Mapping[str, float]
    types: tuple[str, ...] | None = None


class ScoreThresholds:
    """The methods of `vaner.annotator.Annotator` for thresholds of scores."""

    recognizer: Recognizer
    selector: Any  # vaner.selector.selector.Selector | None, a higher layer
    _calibration: Calibration | None
    _warned: set[str]

    def thresholds(
        self, types: str | Sequence[str] | None, precision: float
    ) -> Mapping[str, float]:
        """Return the lowest score of each type that reaches a precision on the dev set.

        Args:
            types: entity types. Default: all types that reach it. A warning names the others.
            precision: the precision, in [0, 1].

        Raises:
            VanerError: if the model has no calibration, or if a type did not reach the precision.
            ArgumentError: if an argument has a wrong type.
        """
        check_argument("precision", precision, Real, "give a number from 0 to 1")
        calibration: Calibration | None = self.calibration  # type: ignore[attr-defined]
        if calibration is None:
            raise VanerError(
                f"the {self.recognizer.kind} has no calibration, which a precision needs: create "
                "one with `vaner calibrate`"
            )
        requested = resolve_types(self.recognizer, types)
        if types is None:
            requested, left_out = calibration.select_reached(requested, precision)
            if left_out and left_out not in self._warned:
                logger.warning(left_out)
                self._warned.add(left_out)
        return calibration.thresholds(requested, precision)

    @property
    def min_scores(self) -> dict[str, float]:
        """Type -> the minimum score that `vaner calibrate` chose for the best F1 on a dev set.

        Types without one are not included. `annotate` uses them by default.
        """
        of_recognizer = self._calibration.min_scores if self._calibration else {}
        if self.selector is None:
            return of_recognizer
        others = {t: score for t, score in of_recognizer.items() if t not in self.selector.types}
        of_selector = self.selector.calibration.min_scores if self.selector.calibration else {}
        return others | of_selector

    def _choose_thresholds(
        self,
        types: str | Sequence[str] | None,
        min_score: float | None,
        min_precision: float | None,
    ) -> Thresholds:
        """Return the thresholds for options of `vaner.annotator.Annotator.annotate`."""
        if min_precision is not None:
            by_type = {
                type: max(min_score or 0.0, threshold)
                for type, threshold in self.thresholds(types, min_precision).items()
            }
            return Thresholds({}, by_type, tuple(by_type))
        return Thresholds(self.min_scores, 0.0) if min_score is None else Thresholds({}, min_score)
