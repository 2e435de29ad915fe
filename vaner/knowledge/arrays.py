"""Arrays in a folder, opened by memory map; a damaged or strange folder is as good as none."""

from __future__ import annotations

import json
import mmap
import os
import shutil
import tempfile
import time
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Arrays = Mapping[str, NDArray[Any]]

_ABOUT = "about.json"
_DAY = 86_400  # seconds


def save(folder: Path, arrays: Arrays, about: Mapping[str, Any]) -> bool:
    """Write arrays; the folder appears whole or not at all.

    Returns:
        Whether it could be written. Somebody may have written the same in the meantime.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-"))
    except OSError:
        return False
    try:
        whole = work / "whole"
        whole.mkdir()  # readable by whom the cache is: a temporary folder is its owner's alone
        sums = {}
        for name, array in arrays.items():
            path = whole / f"{name}.npy"
            np.save(path, array, allow_pickle=False)
            sums[name] = _sum(path)
        (whole / _ABOUT).write_text(json.dumps({"about": dict(about), "files": sums}), "utf-8")
        if folder.exists():
            shutil.rmtree(folder)
        os.rename(whole, folder)
    except OSError:
        return False
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return True


def load(folder: Path, about: Mapping[str, Any]) -> dict[str, NDArray[Any]] | None:
    """Open what `save` wrote; None where it is missing, damaged, or about something else."""
    try:
        content = json.loads((folder / _ABOUT).read_text("utf-8"))
        if content["about"] != dict(about):
            return None
        if any(_sum(folder / f"{name}.npy") != size for name, size in content["files"].items()):
            return None
        return {
            name: np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)
            for name in content["files"]
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def prune(parent: Path, pattern: str, keep: int) -> None:
    """Remove what has become old: all but the newest folders, and what killed writers left.

    Args:
        parent: the folder of the folders.
        pattern: of their names.
        keep: how many of them stay; who still has a removed one open can go on reading it.
    """
    try:
        newest = sorted(parent.glob(pattern), key=lambda folder: -folder.stat().st_mtime)
        left = [p for p in parent.glob(f".{pattern}-*") if time.time() - p.stat().st_mtime > _DAY]
    except OSError:  # another process was faster
        return
    for folder in (*newest[keep:], *left):
        shutil.rmtree(folder, ignore_errors=True)


def _sum(path: Path) -> int:
    """CRC-32 of a file: against accidents, at the speed of memory."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return zlib.crc32(content)
