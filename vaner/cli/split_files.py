"""Writing the splits of a corpus: one file or folder each, named as training expects them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from vaner.display.output_formats import FILE_VIEWS, VIEWS, output_format
from vaner.errors import VanerError
from vaner.formats import FORMATS, write
from vaner.formats.source import STDIN
from vaner.utils.atomic_write import check_creatable
from vaner.utils.temporary_folder import replace_folder, temporary_folder

if TYPE_CHECKING:
    from vaner.corpora.split import CorpusSplits

WITHOUT_MENTIONS = tuple(f.name for f in FORMATS.values() if f.is_writable and not f.holds)
"""Formats that cannot represent a corpus."""


def check_folder(folder: Path, format: str, splits: Collection[str], *, overwrite: bool) -> str:
    """Return the name of a format, if splits in it can be written to a folder.

    Args:
        folder: the folder.
        format: name of the format.
        splits: names of the splits.
        overwrite: whether the folder may contain splits.

    Raises:
        VanerError: if the format cannot be written or has no mentions, if the folder contains
            files, other than splits if `overwrite` is true, or for standard output.
    """
    if str(folder) == STDIN:
        raise VanerError("splits are several files; give a folder with -o FOLDER")
    name = output_format(format, str(folder))
    if name in VIEWS or name in FILE_VIEWS or name in WITHOUT_MENTIONS:
        raise VanerError(f"{name} cannot represent a corpus; give another format with --to")
    if folder.exists() and not folder.is_dir():
        raise VanerError(f"{folder}: is a file; give the name of a folder")
    check_creatable(folder)
    existing = sorted(path.name for path in folder.iterdir()) if folder.exists() else []
    if existing and not overwrite:
        raise VanerError(
            f"{folder}: exists already; give a new folder, or replace it with --overwrite"
        )
    if others := [name for name in existing if name.partition(".")[0] not in splits]:
        raise VanerError(f"{folder}: is not replaced, because {others[0]} in it is not a split")
    return name


def write_splits(splits: CorpusSplits, folder: Path, format: str) -> Counter[str]:
    """Write all splits or none, and return what the format could not represent.

    An existing folder is replaced when all splits are written.

    Raises:
        VanerError: if a file cannot be written.
    """
    lost = Counter[str]()
    suffix = "" if FORMATS[format].folder_writer else FORMATS[format].suffixes[0]
    try:
        with temporary_folder(folder.absolute()) as temporary:
            content = temporary / "content"  # the temporary folder is only for its owner
            content.mkdir()
            for name, documents in splits.documents.items():
                with _rename_in_errors(content, folder):
                    lost.update(write(documents, content / f"{name}{suffix}", format).lost)
            replace_folder(content, folder)
    except OSError as error:
        raise VanerError(f"{folder}: cannot be created: {error.strerror or error}") from None
    return lost


@contextmanager
def _rename_in_errors(work: Path, folder: Path) -> Iterator[None]:
    """Replace the temporary folder in the message of an error by the folder that is written."""
    try:
        yield
    except VanerError as error:
        raise VanerError(str(error).replace(str(work), str(folder))) from error
