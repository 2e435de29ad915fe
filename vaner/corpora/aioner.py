"""Divide the PubTator files of AIONER into train and devel.

The source (ncbi/AIONER) has one file with the documents that may be used for training, and further
files with the official test documents. A document belongs to devel if the MD5 hash of its id, taken
as a number modulo 100, is below 15. So an id is in the same split in every corpus. Documents whose
id occurs in one of the official test files are excluded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import md5
from pathlib import Path

from vaner.formats.pubtator import read_blocks, read_title
from vaner.formats.source import InputFile

_DEVEL_PERCENT = 15


def assign_split(document_id: str) -> str:
    """Return the split that a document belongs to.

    >>> assign_split("10661407"), assign_split("10788334")
    ('devel', 'train')
    """
    digest = md5(document_id.encode(), usedforsecurity=False).hexdigest()
    return "devel" if int(digest, 16) % 100 < _DEVEL_PERCENT else "train"


def read_document_ids(path: Path) -> frozenset[str]:
    """Return the ids of the documents in a PubTator file."""
    return frozenset(document_id for document_id, _ in _documents(path))


def extract_split(path: Path, split: str, excluded_ids: Iterable[str]) -> str:
    """Return the documents of one split as PubTator text, unchanged.

    Args:
        path: PubTator file.
        split: ``train`` or ``devel``.
        excluded_ids: ids of documents to leave out.

    Raises:
        FormatError: if the file is not in PubTator format.
    """
    excluded = frozenset(excluded_ids)
    texts = (
        text
        for document_id, text in _documents(path)
        if document_id not in excluded and assign_split(document_id) == split
    )
    return "".join(f"{text}\n\n" for text in texts)


def _documents(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the id and the PubTator text of each document."""
    file = InputFile(path)
    for block in read_blocks(file):
        with file.guard(block[0][0]):
            document_id, _ = read_title(block)
            yield document_id, "\n".join(line for _, line in block)
