"""Pickles of which nothing but plain data can come out."""

from __future__ import annotations

import bz2
import pickle
from pathlib import Path
from typing import Any, NoReturn

from vaner.formats.source import InputFile


class _Plain(pickle.Unpickler):
    """Builds numbers, strings, lists, tuples, dicts and sets, and looks up no class or function.

    What is dangerous in a pickle is the name of something to import and call. Without any, the
    opcodes that call things have nothing to call.
    """

    def find_class(self, module: str, name: str) -> NoReturn:
        raise pickle.UnpicklingError(f"it asks for {module}.{name}; only plain data is read")

    def persistent_load(self, pid: Any) -> NoReturn:
        raise pickle.UnpicklingError("it asks for something outside the file")


def load(path: str | Path) -> Any:
    """The plain data in a pickle that bzip2 compressed.

    Raises:
        FormatError: where it holds anything else, or is damaged.
    """
    place = InputFile(path)
    try:
        with bz2.open(path) as stream:
            return _Plain(stream).load()
    except OSError as problem:
        raise place.error(f"cannot be read: {problem.strerror or problem}") from None
    # Garbage makes the unpickler raise whatever the step that met it raises.
    except Exception as problem:
        raise place.error(f"refused, not a pickle of plain data: {problem}") from None
