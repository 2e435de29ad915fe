"""Atomic file writing: a file is either complete or missing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Yield a temporary file path that replaces `path` when the block ends without an error.

    Until then, readers of `path` see the old file. If the block raises an error, the old file stays
    and the temporary file is removed. Symbolic links and special files such as ``/dev/stdout`` are
    written directly.

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
    if path.is_symlink() or (path.exists() and not path.is_file()):
        yield path
        return
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


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
