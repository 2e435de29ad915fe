"""Returning unused memory to the operating system."""

from __future__ import annotations

import ctypes
from contextlib import suppress


def release_memory() -> None:
    """Return freed memory to the operating system, if the C library is glibc.

    Batches of different sizes fragment the heap, and glibc keeps the free parts. Without this call
    a server would hold the memory of its largest batches as long as it runs.
    """
    with suppress(AttributeError, OSError, TypeError):  # other C libraries lack this function
        ctypes.CDLL(None).malloc_trim(0)
