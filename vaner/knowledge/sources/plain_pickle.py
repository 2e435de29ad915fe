"""Load pickles that contain only plain data."""

from __future__ import annotations

import bz2
import pickle
from pathlib import Path
from typing import Any, NoReturn

from vaner.formats.source import InputFile


class _PlainUnpickler(pickle.Unpickler):
    """Unpickles numbers, strings, lists, tuples, dicts and sets; rejects classes and functions.

    A pickle is dangerous because it can import a name and call it. If no name can be imported, the
    opcodes that call functions have nothing to call.
    """

    def find_class(self, module: str, name: str) -> NoReturn:
        raise pickle.UnpicklingError(f"it imports {module}.{name}; only plain data is allowed")

    def persistent_load(self, pid: Any) -> NoReturn:
        raise pickle.UnpicklingError("it refers to an object outside the file")


def load_plain_pickle(path: str | Path) -> Any:
    """Return the plain data in a pickle that is compressed with bzip2.

    Raises:
        FormatError: if it contains anything else, or is damaged.
    """
    file = InputFile(path)
    try:
        with bz2.open(path) as stream:
            return _PlainUnpickler(stream).load()
    except OSError as error:
        raise file.error(f"cannot be read: {error.strerror or error}") from None
    # A damaged file can raise any exception in the unpickler.
    except Exception as error:
        raise file.error(f"rejected, not a pickle of plain data: {error}") from None
