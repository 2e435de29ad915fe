"""Formats with a file per document: names of the files from ids of documents, and folders."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from vaner.formats.losses import Losses
from vaner.text.documents import Document

TYPE_SYSTEM = "TypeSystem.xml"  # of UIMA CAS
RENAMED = "document id changed for a file name"

_UNSAFE = re.compile('[/\\\\:*?"<>|\x00-\x1f\x7f\ud800-\udfff]|^[. ]|[. ]$')
_README = re.compile(r"(README|LICEN[CS]E|CHANGELOG)(?![a-z0-9])", re.IGNORECASE)
_MAX_NAME_LENGTH = 200  # in bytes; file systems allow 255, and a suffix is added


def make_file_name(id: str, used: set[str]) -> str:
    """Return a file name for a document id that no other document of the folder has.

    Args:
        id: the document id.
        used: names that are used already, in lower case. The new one is added.
    """
    safe = _UNSAFE.sub("_", id)
    safe = f"_{safe}" if _README.match(safe) else safe  # which readers leave out
    base = safe.encode()[:_MAX_NAME_LENGTH].decode(errors="ignore") or "_"
    name, number = base, 1
    while name.casefold() in used:  # some file systems do not distinguish Ab and aB
        number += 1
        name = f"{base}-{number}"
    used.add(name.casefold())
    return name


def write_document_files(
    documents: Iterable[Document],
    folder: Path,
    suffix: str,
    render: Callable[[Document, Losses], str],
    losses: Losses,
) -> Iterator[Document]:
    """Write a file per document, and yield each document when its file is written."""
    folder.mkdir(parents=True, exist_ok=True)
    used: set[str] = set()
    for document in documents:
        name = make_file_name(document.id, used)
        losses[RENAMED] += name != document.id
        content = render(document, losses)
        (folder / f"{name}{suffix}").write_text(content, encoding="utf-8", newline="")
        yield document


def find_file(path: Path) -> Path:
    """Return a path, or that with capital letters in its suffix if only that one is a file."""
    if path.is_file():
        return path
    others = (path.with_suffix(path.suffix.upper()), path.with_suffix(path.suffix.title()))
    return next((other for other in others if other.is_file()), path)


def is_readme(path: Path) -> bool:
    """Return whether a file describes the files of its folder, and is not a document.

    >>> [is_readme(Path(name)) for name in ("README.txt", "LICENSE-MIT", "readmes.txt")]
    [True, True, False]
    """
    return _README.match(path.name) is not None
