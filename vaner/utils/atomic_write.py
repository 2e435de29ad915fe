"""Atomic file writing: a file is either complete or missing."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from vaner.errors import VanerError


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Yield a temporary file path that replaces `path` when the block ends without an error.

    Missing folders are created. Until the end, readers of `path` see the old file. If the block
    raises an error, the old file stays and the temporary file is removed. The file that a symbolic
    link points to is replaced, not the link. Special files such as ``/dev/stdout`` are written
    directly.

    Args:
        path: the file to write.

    Raises:
        OSError: if the file cannot be written.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "figures.json"
    ...     with atomic_write(path) as temporary:
    ...         _ = temporary.write_text("{}")
    ...     path.read_text(), len(list(path.parent.iterdir()))
    ('{}', 1)
    """
    file = find_replaceable_file(path)
    if file is None:
        yield path
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        yield temporary
        replace_file(temporary, file)
    finally:
        temporary.unlink(missing_ok=True)


def write_json(path: Path, record: Any) -> None:
    """Write a record as indented JSON. Bytes of paths that are not UTF-8 become escapes.

    Args:
        path: the file to write, see `atomic_write`.
        record: what `json` can write.

    Raises:
        OSError: if the file cannot be written.
    """
    text = json.dumps(record, indent=1, ensure_ascii=False)
    with atomic_write(path) as temporary:
        temporary.write_text(text + "\n", "utf-8", "backslashreplace")


def check_creatable(path: Path) -> None:
    """Check, before the work, that a file or folder can be written; missing folders are created.

    Args:
        path: the file or folder. It need not exist.

    Raises:
        VanerError: if a part of the path is a file, if writing to the folder is not permitted, or
            for ``-``, which is standard output in other commands.
    """
    if str(path) == "-":
        raise VanerError("- is not a name of a file; this output cannot be written to the terminal")
    if path.is_dir():
        folder = path
    elif (file := find_replaceable_file(path)) is None:
        return
    else:
        parents = file.absolute().parents
        folder = next((f for f in parents if os.path.lexists(f)), parents[0])
    if not folder.is_dir():
        raise VanerError(f"{path}: {folder} is not a folder; give another output")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise VanerError(f"{path}: writing to {folder} is not permitted; give another output")


def find_replaceable_file(path: Path) -> Path | None:
    """Return the file that a path names, through symbolic links; it need not exist.

    Args:
        path: a path.

    Returns:
        None for what can only be written directly: devices, pipes, and the links of the system to
        open files, such as ``/dev/stdout``.
    """
    if os.path.abspath(path).startswith(("/dev/", "/proc/")):
        return None
    file = Path(os.path.realpath(path)) if path.is_symlink() else path
    return None if file.exists() and not file.is_file() else file


def replace_file(new: Path, path: Path) -> None:
    """Rename a file to the path of another one, whose permissions it gets if that exists."""
    if path.exists():
        shutil.copymode(path, new)
    os.replace(new, path)


def apply_umask(folder: Path) -> None:
    """Give the files in a folder the permissions that the user's umask sets for new files.

    safetensors creates files that only their owner can read, so that a colleague could not use a
    model in a shared folder.

    Args:
        folder: a folder. Files in its subfolders are changed too.
    """
    if os.name != "posix":
        return
    umask = os.umask(0)  # reading it sets it
    os.umask(umask)
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            with suppress(PermissionError):  # a file of somebody else
                path.chmod(0o666 & ~umask)
