"""How long a training takes, also where it was stopped and gone on with."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping

SECONDS = "seconds"
"""The key of a log's entry under which it has the time of the training until then."""


class Clock:
    """Seconds of a training, from when it is made."""

    def __init__(self) -> None:
        self._zero = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._zero

    def go_on(self, log: Iterable[Mapping[str, float]]) -> None:
        """Set to where the log ended from which a stopped training is gone on with."""
        told = [entry[SECONDS] for entry in log if SECONDS in entry]
        if told:
            self._zero = time.monotonic() - told[-1]
