"""Arrays stored in a folder and opened by memory mapping. An invalid folder counts as missing."""

from __future__ import annotations

import json
import mmap
import shutil
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaner.utils.temporary_folder import remove_abandoned, replace_folder, temporary_folder

Arrays = Mapping[str, NDArray[Any]]

_METADATA = "about.json"


def save(folder: Path, arrays: Arrays, key: Mapping[str, Any]) -> bool:
    """Write arrays to a folder, atomically.

    Args:
        folder: folder to write; what has its name is replaced.
        arrays: name -> array.
        key: JSON values that describe the content. `load` compares them.

    Returns:
        Whether the folder was written. It may not be if another process wrote it meanwhile.
    """
    try:
        with temporary_folder(folder) as temporary:
            # A folder inside the temporary folder, which only its owner may read.
            content = temporary / "content"
            content.mkdir()
            checksums = {}
            for name, array in arrays.items():
                path = content / f"{name}.npy"
                np.save(path, array, allow_pickle=False)
                checksums[name] = _compute_crc32(path)
            metadata = {"about": dict(key), "files": checksums}
            (content / _METADATA).write_text(json.dumps(metadata), "utf-8")
            replace_folder(content, folder)
    except OSError:
        return False
    return True


def load(folder: Path, key: Mapping[str, Any]) -> dict[str, NDArray[Any]] | None:
    """Open the arrays in a folder; None if it is missing, damaged, or has another key."""
    try:
        metadata = json.loads((folder / _METADATA).read_text("utf-8"))
        if metadata["about"] != dict(key):
            return None
        paths = {name: folder / f"{name}.npy" for name in metadata["files"]}
        if any(_compute_crc32(path) != metadata["files"][name] for name, path in paths.items()):
            return None
        return {
            name: np.load(path, mmap_mode="r", allow_pickle=False) for name, path in paths.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def prune(parent: Path, pattern: str, count: int) -> None:
    """Remove all but the newest folders, and temporary folders of interrupted processes.

    Args:
        parent: folder that contains the folders.
        pattern: pattern of their names.
        count: number of folders that stay. A process that has a removed folder open can continue
            to read it.
    """
    try:
        newest = sorted(parent.glob(pattern), key=lambda folder: -folder.stat().st_mtime)
    except OSError:  # another process removed them
        return
    for folder in newest[count:]:
        shutil.rmtree(folder, ignore_errors=True)
    remove_abandoned(parent, pattern)


def _compute_crc32(path: Path) -> int:
    """Return the CRC-32 of a file. It detects accidental damage and is fast."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return zlib.crc32(content)
