"""The subfolders of folders that are read with ``--recursive``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from vaner.formats.brat import ANNOTATION_SUFFIXES
from vaner.formats.companions import is_subfolder
from vaner.formats.source import InputFile
from vaner.text.documents import Document


def list_subfolders(folder: Path) -> list[Path]:
    """Return the folders in a folder, at any depth, without hidden ones and symbolic links."""
    inner = sorted(f for f in folder.iterdir() if is_subfolder(f) and not f.is_symlink())
    return [path for subfolder in inner for path in (subfolder, *list_subfolders(subfolder))]


def select_brat_files(files: Iterable[Path]) -> list[str]:
    """Return a file for each document of brat: its text, or annotations without a text."""
    texts = {file.with_suffix("") for file in files if file.suffix.lower() == ".txt"}
    return [
        str(file)
        for file in files
        if file.suffix.lower() == ".txt"
        or (file.suffix.lower() in ANNOTATION_SUFFIXES and file.with_suffix("") not in texts)
    ]


def with_folder(document: Document, path: str, roots: Sequence[str]) -> Document:
    """Return a document whose id is a file name with the subfolder of the file before it.

    Ids that do not begin with the name of the file, such as PMIDs, do not change.

    Args:
        document: a document of the file.
        path: the file.
        roots: the folders that are read with their subfolders.

    >>> with_folder(Document("a", "Gout"), "notes/2026/ward/a.txt", ["notes"]).id
    '2026/ward/a'
    """
    folder = Path(path).parent
    root = next((root for root in map(Path, roots) if folder.is_relative_to(root)), folder)
    if folder == root or not f"{document.id}-".startswith(f"{InputFile(path).stem}-"):
        return document
    return replace(document, id=f"{folder.relative_to(root).as_posix()}/{document.id}")
