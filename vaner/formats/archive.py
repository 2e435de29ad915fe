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
from vaner.formats.file_names import TYPE_SYSTEM, is_readme
from vaner.formats.source import InMemoryFile, InputFile, read_bytes


def read_members(path: str | Path) -> Iterator[InMemoryFile]:
    """Yield the files of an archive in order of their names, one in memory at a time.

    Raises:
        FormatError: if it is broken, has files but no documents, or is something else.
    """
    file = InputFile(path)
    try:
        with zipfile.ZipFile(io.BytesIO(read_bytes(file))) as archive:
            if kind := describe_office_file(archive):
                raise file.error(f"looks like {kind}, and not like an archive of text files")
            # INCEpTION adds the types of its annotations, which those of the files show as well.
            paths = [(member, Path(member.filename)) for member in list_members(archive)]
            members = [m for m, p in paths if p.name != TYPE_SYSTEM and not is_readme(p)]
            if any(Path(m.filename).suffix.lower() in ANNOTATION_SUFFIXES for m in members):
                raise file.error("contains a folder of brat; unpack it and give the folder")
            if not members and archive.namelist():
                raise file.error("the archive has no file that is a document")
            for member in members:
                with open_member(archive, member) as content:
                    name = f"{file.name}/{member.filename}"
                    yield InMemoryFile(name, content.read())
    except (*ERRORS, CompressionError) as error:
        raise file.error(f"cannot be read as a zip archive: {error}") from None
