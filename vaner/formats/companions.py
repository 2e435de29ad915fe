"""Files of a folder that are documents, that describe the others, or that are left out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path

from vaner.errors import FormatError
from vaner.formats.class_names import describes_classes
from vaner.formats.file_names import TYPE_SYSTEM, find_file, is_readme
from vaner.formats.skipped_records import SkipCounts, warn_skipped_records
from vaner.formats.source import InputFile, OnError, get_suffix, read_text
from vaner.text.documents import Document

SUBFOLDER = "subfolder"
JOB_FOLDER = "_vaner"
"""Folder with the manifest and the reports of a job, next to its parts."""

_SETTINGS = ".conf"  # of brat


def is_companion(path: Path) -> bool:
    """Return whether a file describes others: a README, types of UIMA CAS, or names of tags."""
    return is_readme(path) or path.name == TYPE_SYSTEM or describes_classes(path)


def is_subfolder(path: Path) -> bool:
    """Return whether a path is a folder with visible content, and is not hidden or of a job."""
    if path.name.startswith((".", "__MACOSX")) or path.name == JOB_FOLDER or not path.is_dir():
        return False
    return any(not inner.name.startswith(".") for inner in path.iterdir())


def warn_unread(folder: InputFile, suffixes: Collection[str]) -> None:
    """Warn about the subfolders of a folder, and its files with other suffixes than the given."""
    unread = SkipCounts()
    for path in sorted(folder.path.iterdir()):
        if is_subfolder(path):
            unread[SUBFOLDER] += 1
            continue
        is_shown = path.is_file() and not path.name.startswith(".") and not is_companion(path)
        if is_shown and path.suffix.lower() not in (*suffixes, _SETTINGS):
            unread[f"{path.suffix} file" if path.suffix else "file without suffix"] += 1
    warn_skipped_records(folder, unread)


def iterate_files(file: InputFile, suffix: str) -> Iterator[InputFile]:
    """Yield a file, or the files of a folder that have a suffix, by name.

    Raises:
        FormatError: if no file of the folder has the suffix.
    """
    if not file.is_folder:
        yield file
        return
    paths = sorted(path for path in file.path.iterdir() if get_suffix(path) == suffix)
    if not paths:
        raise file.error(f"the folder contains no {suffix} files")
    yield from (InputFile(path, file.on_error) for path in paths)
    warn_unread(file, {path.suffix.lower() for path in paths})


def read_each(
    paths: Iterable[Path], read_document: Callable[[Path], Document], on_error: OnError | None
) -> Iterator[Document]:
    """Yield the document of each file.

    Args:
        paths: the files.
        read_document: reads a file.
        on_error: is called for a file that cannot be read, which is left out. Default: raise.

    Raises:
        FormatError: if a file cannot be read, and there is no `on_error`.
    """
    for path in paths:
        try:
            yield read_document(path)
        except FormatError as error:
            if on_error is None:
                raise
            on_error(error)


def read_text_of(
    file: InputFile, names: Sequence[str], folders: Sequence[str], encoding: str
) -> str:
    """Return the text that a file annotates.

    Args:
        file: the file with the annotations.
        names: possible names of the file with the text.
        folders: names of folders next to that of `file` which may have it, if that has not.
        encoding: encoding of the text.

    Raises:
        FormatError: if there is no such file.
    """
    folder = file.path.parent
    searched = (folder, *(folder / ".." / name for name in folders))
    paths = [find_file(other / name) for other in searched for name in names]
    path = next((path for path in paths if path.is_file()), None)
    if path is None:
        others = " or ".join(folders)
        raise file.error(
            f"there is no {names[0]} in its folder, or in a folder {others} next to it"
        )
    return read_text(InputFile(path), encoding)


def describe_saved_dataset(folder: Path) -> str | None:
    """Return how to read a folder that `save_to_disk` of `datasets` wrote; None for others."""
    is_saved = any(folder.glob("*.arrow")) and (folder / "state.json").is_file()
    if not is_saved and not (folder / "dataset_dict.json").is_file():
        return None
    return (
        "looks like a data set that save_to_disk of datasets wrote; read it in Python with "
        "load_from_disk and vaner.integrations.datasets.from_dataset, or write it with to_parquet"
    )
