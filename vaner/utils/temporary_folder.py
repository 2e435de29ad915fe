"""Temporary folders for what is written completely or not at all, and cleaning up after a kill."""

from __future__ import annotations

import os
import platform
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_SECONDS_PER_DAY = 86_400
_HOST = re.sub(r"[^A-Za-z0-9]", "", platform.node()) or "host"


@contextmanager
def temporary_folder(target: Path) -> Iterator[Path]:
    """Yield a new folder next to a file or folder, to write it in and then rename it.

    At the end the folder is removed. A killed process cannot do that; folders for the same target
    that such processes left behind are removed first.

    Args:
        target: the file or folder that will be written. Its parent is created.

    Raises:
        OSError: if the folder cannot be created.

    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with temporary_folder(Path(folder) / "base.parquet") as work:
    ...         work.parent == Path(folder), work.name.startswith(".base.parquet-")
    (True, True)
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    remove_abandoned(target.parent, target.name)
    prefix = f".{target.name}-{_HOST}.{os.getpid()}."
    work = Path(tempfile.mkdtemp(dir=target.parent, prefix=prefix))
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def replace_folder(new: Path, target: Path) -> None:
    """Rename a folder in a `temporary_folder` to its target; the old one is removed with the rest.

    Args:
        new: the complete folder, whose parent is the temporary folder.
        target: path of the folder; a folder, file or link may have it already.
    """
    if os.path.lexists(target):
        target.replace(new.with_name("replaced"))
    new.replace(target)


def remove_abandoned(parent: Path, pattern: str) -> None:
    """Remove the temporary folders of processes that are gone.

    A folder of another machine, whose processes are not known here, is removed after a day.

    Args:
        parent: folder that contains them.
        pattern: pattern of the names of their targets.
    """
    try:
        folders = list(parent.glob(f".{pattern}-*"))
    except OSError:
        return
    for folder in folders:
        with suppress(OSError):  # another process removed it
            if _is_abandoned(folder):
                shutil.rmtree(folder, ignore_errors=True)


def _is_abandoned(folder: Path) -> bool:
    host, pid = [*folder.name.rpartition("-")[2].split("."), ""][:2]
    if host == _HOST and pid.isdecimal():
        return not _is_running(int(pid))
    return time.time() - folder.stat().st_mtime > _SECONDS_PER_DAY


def _is_running(pid: int) -> bool:
    """Return whether a process of this machine is running; True if that is unknown."""
    if os.name != "posix":  # there, signal 0 ends a process
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
