"""Zip archives: each file is read in the format that its content or its suffix determines."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

from vaner.formats.brat import ANNOTATION_SUFFIXES
from vaner.formats.compression import (
    ERRORS,
    CompressionError,
    describe_office_file,
    list_members,
    open_member,
)
from vaner.formats.source import InMemoryFile, InputFile, OnError, read_bytes
from vaner.text.documents import Document


def read(
    path: str | Path, *, encoding: str = "utf-8", on_error: OnError | None = None
) -> Iterator[Document]:
    """Read the documents of all files of an archive, in order of their names.

    Args:
        path: the archive.
        encoding: encoding of the files in it.
        on_error: see `vaner.formats.read`.
    """
    from vaner.formats.read_write import read as read_file  # which reads archives, too

    for member in _read_members(InputFile(path, on_error)):
        yield from read_file(member, encoding=encoding, on_error=on_error)


def _read_members(file: InputFile) -> Iterator[InMemoryFile]:
    """Yield the files of an archive, one in memory at a time."""
    try:
        with zipfile.ZipFile(io.BytesIO(read_bytes(file))) as archive:
            if kind := describe_office_file(archive):
                raise file.error(f"looks like {kind}, and not like an archive of text files")
            members = list_members(archive)
            if any(Path(m.filename).suffix in ANNOTATION_SUFFIXES for m in members):
                raise file.error("contains a folder of brat; unpack it and give the folder")
            if not members:
                raise file.error("the archive is empty")
            for member in members:
                with open_member(archive, member) as content:
                    name = f"{file.name}/{member.filename}"
                    yield InMemoryFile(name, content.read())
    except (*ERRORS, CompressionError) as error:
        raise file.error(f"cannot be read as a zip archive: {error}") from None
