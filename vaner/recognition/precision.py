"""Thresholds of scores by the precision that they reached on the dev set."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from vaner.calibration.calibration import Calibration, describe_unreached
from vaner.errors import VanerError
from vaner.recognition.recognizer import resolve_types

logger = logging.getLogger(__name__)


class PrecisionThresholds:
    """The method of `vaner.annotator.Annotator` for thresholds by precision."""

    _warned: set[str]

    if TYPE_CHECKING:  # attributes of the annotator

        @property
        def calibration(self) -> Calibration | None: ...

        @property
        def kind(self) -> str: ...

        @property
        def types(self) -> tuple[str, ...]: ...

        @property
        def zero_shot(self) -> bool: ...

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
        if self.calibration is None:
            raise VanerError(
                f"the {self.kind} has no calibration, which a precision needs: create one with "
                "`vaner calibrate`"
            )
        requested = resolve_types(self, types)
        unreached = self.calibration.unreached_types(requested, precision)
        reached = tuple(type for type in requested if type not in unreached)
        if types is None and unreached and reached:
            message = describe_unreached(unreached, precision)
            if message not in self._warned:
                logger.warning("%s: left out", message)
                self._warned.add(message)
            requested = reached
        return self.calibration.thresholds(requested, precision)
