"""Memory that the annotator is done with."""

from __future__ import annotations

import ctypes
from contextlib import suppress


def give_back() -> None:
    """Give freed memory back to the system, where the C library is glibc.

    Batches of ever other sizes leave gaps, which it keeps: a server would hold as much as its
    largest batches took, for as long as it runs.
    """
    with suppress(AttributeError, OSError, TypeError):  # another C library has no such function
        ctypes.CDLL(None).malloc_trim(0)
