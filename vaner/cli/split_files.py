"""Where the splits of a corpus go: one file each, or one folder, named as training looks for it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from vaner.corpora.split import CorpusSplits
from vaner.display.output_formats import output_format
from vaner.errors import VanerError
from vaner.formats import FORMATS, write
from vaner.formats.source import STDIN


def check_folder(folder: Path, format: str) -> str:
    """The name of the format, once it is clear that splits can be written into a folder.

    Raises:
        VanerError: for a format that is only read or holds no mentions, a folder that has files,
            or standard output.
    """
    if str(folder) == STDIN:
        raise VanerError("the splits are several files; give a folder with -o FOLDER")
    name = output_format(format, str(folder))
    if name not in FORMATS or name in ("text", "lines"):
        raise VanerError(f"{name} cannot hold a corpus; give another format with --to")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise VanerError(f"{folder}: is there already; the splits get a folder of their own")
    return name


def write_splits(splits: CorpusSplits, folder: Path, format: str) -> Counter[str]:
    """Write each split, and count what the format could not hold.

    Raises:
        VanerError: where it cannot be written.
    """
    lost = Counter[str]()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise VanerError(f"{folder}: cannot be made: {problem.strerror or problem}") from None
    suffix = "" if FORMATS[format].folder_writer else FORMATS[format].suffixes[0]
    for name, documents in splits.documents.items():
        lost.update(write(documents, folder / f"{name}{suffix}", format).lost)
    return lost
