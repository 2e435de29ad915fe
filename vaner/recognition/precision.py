"""Thresholds of scores: minimum scores, and those of a precision on the dev set."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from vaner.calibration.calibration import Calibration
from vaner.errors import VanerError
from vaner.recognition.recognizer import Recognizer, resolve_types

logger = logging.getLogger(__name__)


class PrecisionThresholds:
    """The methods of `vaner.annotator.Annotator` for thresholds of scores."""

    recognizer: Recognizer
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
        """
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

    def _choose_thresholds(
        self,
        types: str | Sequence[str] | None,
        min_score: float | None,
        min_precision: float | None,
    ) -> float | Mapping[str, float]:
        """Return the minimum score, or that of each type; see `Annotator.annotate`."""
        if min_precision is not None:
            thresholds = self.thresholds(types, min_precision)
            return {type: max(min_score or 0.0, value) for type, value in thresholds.items()}
        calibration: Calibration | None = self.calibration  # type: ignore[attr-defined]
        if min_score is None and calibration is not None:
            return calibration.min_scores
        return min_score or 0.0
