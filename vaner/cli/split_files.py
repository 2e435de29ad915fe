"""Writing the splits of a corpus: one file or folder each, named as training expects them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from vaner.display.output_formats import FILE_VIEWS, VIEWS, output_format
from vaner.errors import VanerError
from vaner.formats import FORMATS, write
from vaner.formats.source import STDIN

if TYPE_CHECKING:
    from vaner.corpora.split import CorpusSplits

WITHOUT_MENTIONS = tuple(f.name for f in FORMATS.values() if f.is_writable and not f.holds)
"""Formats that cannot represent a corpus."""


def check_folder(folder: Path, format: str) -> str:
    """Return the name of a format, if splits in it can be written to a folder.

    Raises:
        VanerError: if the format cannot be written or has no mentions, if the folder contains
            files, or for standard output.
    """
    if str(folder) == STDIN:
        raise VanerError("splits are several files; give a folder with -o FOLDER")
    name = output_format(format, str(folder))
    if name in VIEWS or name in FILE_VIEWS or name in WITHOUT_MENTIONS:
        raise VanerError(f"{name} cannot represent a corpus; give another format with --to")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise VanerError(f"{folder}: exists already; give a new folder")
    return name


def write_splits(splits: CorpusSplits, folder: Path, format: str) -> Counter[str]:
    """Write each split, and return what the format could not represent.

    Raises:
        VanerError: if a file cannot be written.
    """
    lost = Counter[str]()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise VanerError(f"{folder}: cannot be created: {error.strerror or error}") from None
    suffix = "" if FORMATS[format].folder_writer else FORMATS[format].suffixes[0]
    for name, documents in splits.documents.items():
        lost.update(write(documents, folder / f"{name}{suffix}", format).lost)
    return lost
