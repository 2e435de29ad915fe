"""Measure the time that training takes, also across interruptions."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping

SECONDS = "seconds"
"""Key of the training time in an entry of the log."""


class Clock:
    """The seconds since training started."""

    def __init__(self) -> None:
        self._zero = time.monotonic()

    @property
    def seconds(self) -> float:
        """Time of the training until now, without the time between interruption and resume."""
        return time.monotonic() - self._zero

    def resume_from(self, log: Iterable[Mapping[str, float]]) -> None:
        """Continue from the time of the last entry of a log."""
        times = [entry[SECONDS] for entry in log if SECONDS in entry]
        if times:
            self._zero = time.monotonic() - times[-1]
