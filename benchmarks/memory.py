"""Returns the peak memory of this process."""

from __future__ import annotations

import re
import resource
from pathlib import Path

_STATUS = Path("/proc/self/status")


def most_held() -> float:
    """Return the peak memory of this process in MB.

    On Linux, `resource` starts with the peak of the parent process, so /proc is read instead.
    """
    if _STATUS.is_file() and (match := re.search(r"VmHWM:\s*(\d+) kB", _STATUS.read_text())):
        return int(match[1]) / 1e3
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def resident_memory(process: int) -> float:
    """Return the memory in MB of a process and the processes that it started; Linux only."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    statuses = (Path(f"/proc/{pid}/status") for pid in (process, *children))
    sizes = (re.search(r"VmRSS:\s*(\d+) kB", status.read_text()) for status in statuses)
    return sum(int(size[1]) for size in sizes if size) / 1e3
