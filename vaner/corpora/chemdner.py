"""Read BC4CHEMD from the original archive, which has the files of the format `chemdner`.

The files are ``training.abstracts.txt`` and ``training.annotations.txt``, and the same for
``development`` and ``evaluation``.
"""

from __future__ import annotations

import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from vaner.errors import FormatError
from vaner.formats.chemdner import read_abstracts, read_mentions
from vaner.formats.source import InMemoryFile, InputFile
from vaner.text.documents import Document


def read(archive: Path, part: str) -> Iterator[Document]:
    """Read the documents of one part, with title and abstract joined by a line break.

    Archive members are found by the last component of their names and read in place. Nothing is
    extracted, so paths in the archive have no effect.

    Args:
        archive: the ``.tar.gz`` file.
        part: ``training``, ``development`` or ``evaluation``.

    Raises:
        FormatError: with the archive, the member and the line.
    """
    try:
        with tarfile.open(archive) as tar:
            abstracts = _read_member(tar, archive, f"{part}.abstracts.txt")
            annotations = _read_member(tar, archive, f"{part}.annotations.txt")
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        raise FormatError(f"cannot be read: {error}", archive) from None
    mentions = read_mentions(annotations)
    yield from read_abstracts(abstracts, mentions, annotations)
    for pmid, [(line, *_), *_] in mentions.items():
        raise annotations.error(f"annotates {pmid}, which is not in {abstracts.path.name}", line)


def _read_member(tar: tarfile.TarFile, archive: Path, name: str) -> InputFile:
    for member in tar:
        if member.isfile() and Path(member.name).name == name:
            stream = tar.extractfile(member)
            assert stream is not None  # None only for members that are not files
            return InputFile(InMemoryFile(f"{archive}/{name}", stream.read()))
    raise FormatError(f"contains no file {name}", archive)
