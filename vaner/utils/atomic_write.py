"""A file that is there whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """A file to write beside a path, which takes its place once it is written.

    Whoever looks meanwhile sees the old one. Where writing fails or is broken off, the old one
    stays, and nothing else does. What is no plain file, as ``/dev/stdout``, is written straight.

    Raises:
        OSError: where it cannot be written.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "figures.json"
    ...     with replaced(path) as new:
    ...         _ = new.write_text("{}")
    ...     path.read_text(), len(list(path.parent.iterdir()))
    ('{}', 1)
    """
    if path.is_symlink() or (path.exists() and not path.is_file()):
        yield path
        return
    new = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield new
        os.replace(new, path)
    finally:
        new.unlink(missing_ok=True)
