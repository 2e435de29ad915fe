"""The PubTator files of AIONER, cut into train and devel.

The source (ncbi/AIONER) has one file with the documents that a corpus may be trained on, and others
with official test documents. A document is in devel if the MD5 of its id, as a number, is below 15
modulo 100: one id is then on the same side in every corpus. Documents whose id occurs in one of the
official test files are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import md5
from pathlib import Path

from vaner.errors import FormatError

_DEVEL_PERCENT = 15


def split_of(document_id: str) -> str:
    """Return the split that a document belongs to.

    >>> split_of("10661407"), split_of("10788334")
    ('devel', 'train')
    """
    digest = md5(document_id.encode(), usedforsecurity=False).hexdigest()
    return "devel" if int(digest, 16) % 100 < _DEVEL_PERCENT else "train"


def document_ids(path: Path) -> frozenset[str]:
    """Return the ids of the documents of a PubTator file."""
    return frozenset(name for name, _ in _blocks(path))


def split_text(path: Path, split: str, excluded: Iterable[str]) -> str:
    """Return the part of a PubTator file that is one split, as it is in the file.

    Args:
        path: the file.
        split: ``train`` or ``devel``.
        excluded: ids of documents to leave out.

    Raises:
        FormatError: where the file is not PubTator.
    """
    without = frozenset(excluded)
    kept = (
        block for name, block in _blocks(path) if name not in without and split_of(name) == split
    )
    return "".join(f"{block}\n\n" for block in kept)


def _blocks(path: Path) -> Iterator[tuple[str, str]]:
    """Yield id and text of each document."""
    text = path.read_text("utf-8").replace("\r\n", "\n")
    line = 1
    for block in text.split("\n\n"):
        content = block.strip("\n")
        if content:
            name, title, _ = [*content.split("|", 2), "", ""][:3]
            if title != "t":
                raise FormatError(
                    "expected ID|t|Title at the beginning of a document", str(path), line
                )
            yield name, content
        line += block.count("\n") + 2
