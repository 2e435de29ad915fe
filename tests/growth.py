"""Growth of time with the size of an input, robust against other processes on the machine."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
_MINIMUM_SECONDS = 0.002
_ATTEMPTS = 4


def assert_linear(work: Callable[[T], object], small: T, large: T, growth: float) -> None:
    """Assert that the time of `work` grows in proportion to its input, and not with its square.

    Other processes only ever add time, so the least time of several attempts counts.

    Args:
        work: the function to time; called with one of the inputs.
        small: an input.
        large: an input of `growth` times the size.
        growth: how many times larger it is: at least 8, because linear and quadratic growth differ
            too little below; less where time should not grow at all.
    """
    limit = growth**1.5  # 23 for a growth of 8, where linear is 8 and quadratic 64
    fastest = {"small": float("inf"), "large": float("inf")}
    ratio = 0.0
    for _ in range(_ATTEMPTS):
        for name, value in (("small", small), ("large", large)):
            start = time.process_time()
            work(value)
            seconds = max(time.process_time() - start, _MINIMUM_SECONDS)
            fastest[name] = min(fastest[name], seconds)
        ratio = fastest["large"] / fastest["small"]
        if ratio < limit:
            return
    raise AssertionError(f"{growth:.0f} times the input takes {ratio:.0f} times as long")
