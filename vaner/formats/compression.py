"""Compressed files: gzip, bzip2, xz, and zip archives with a single file."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
import zlib
from pathlib import Path
from typing import Any, BinaryIO, TextIO, cast

from vaner.errors import VanerError

SUFFIXES = (".gz", ".bz2", ".xz")
"""Suffixes of compressed files, after the suffix of the format."""

ERRORS = (EOFError, gzip.BadGzipFile, zlib.error, lzma.LZMAError, zipfile.BadZipFile)
"""Errors of a compressed file that is broken."""

_PEEKED = 10
_ENCRYPTED = 0x1  # a flag of a file in a zip archive
_ZIP = b"PK\x03\x04"
_EMPTY_ZIP = b"PK\x05\x06"


class CompressionError(Exception):
    """An archive that contains something else than one readable file."""


def detect_compression(head: bytes) -> str | None:
    """Return the name of the compression of a file, or None if it is not compressed.

    Args:
        head: at least the first ten bytes of the file.

    >>> import gzip
    >>> detect_compression(gzip.compress(b"Gout.")), detect_compression(b"Gout.")
    ('gzip', None)
    """
    if head.startswith(b"\x1f\x8b"):
        return "gzip"
    if head.startswith(b"BZh") and head[4:10] in (b"1AY&SY", b"\x17rE8P\x90"):
        return "bzip2"
    if head.startswith(b"\xfd7zXZ\x00"):
        return "xz"
    return "zip" if head.startswith((_ZIP, _EMPTY_ZIP)) else None


def remove_suffix(name: str) -> str:
    """Return a file name without the suffix of its compression.

    >>> remove_suffix("notes.txt.xz")
    'notes.txt'
    """
    suffix = Path(name).suffix
    return name.removesuffix(suffix) if suffix.lower() in SUFFIXES else name


def open_compressed_text(path: str | Path) -> TextIO | None:
    """Open a file for writing UTF-8 if its name has the suffix of a compression, else None.

    Line ends are not translated.
    """
    openers: dict[str, Any] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
    opener = openers.get(Path(path).suffix.lower())
    return opener and cast(TextIO, opener(path, "wt", encoding="utf-8", newline=""))


def check_not_compressed(path: str | Path, format: str) -> None:
    """Refuse a name such as ``table.parquet.gz`` for a format that is not compressed again.

    Raises:
        VanerError: with the right name.
    """
    if (name := remove_suffix(Path(path).name)) != Path(path).name:
        raise VanerError(f"{path}: {format} is not compressed further; name the file {name}")


def decompress(stream: io.BufferedReader[Any]) -> BinaryIO:
    """Return a stream of the decompressed content, or the same stream if it is not compressed.

    Raises:
        CompressionError: for a zip archive that does not contain exactly one file.
    """
    compression = detect_compression(stream.peek(_PEEKED)[:_PEEKED])
    if compression == "gzip":
        return cast(BinaryIO, gzip.GzipFile(fileobj=stream))
    if compression == "bzip2":
        return cast(BinaryIO, bz2.BZ2File(stream))
    if compression == "xz":
        return cast(BinaryIO, lzma.LZMAFile(stream))
    return _open_only_member(stream) if compression == "zip" else stream


def _open_only_member(stream: io.BufferedReader[Any]) -> BinaryIO:
    archive = zipfile.ZipFile(stream if stream.seekable() else io.BytesIO(stream.read()))
    if kind := describe_office_file(archive):
        raise CompressionError(f"is not a text file: it looks like {kind}")
    members = list_members(archive)
    if len(members) != 1:
        raise CompressionError(f"is a zip archive of {len(members)} files; unpack it")
    return cast(BinaryIO, open_member(archive, members[0]))


def list_members(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """Return the files of an archive by name, without hidden ones such as those of macOS."""
    members = [
        member
        for member in archive.infolist()
        if not member.is_dir()
        and not any(part.startswith((".", "__MACOSX")) for part in Path(member.filename).parts)
    ]
    return sorted(members, key=lambda member: member.filename)


def open_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> zipfile.ZipExtFile:
    """Open a file of an archive.

    Raises:
        CompressionError: if it is encrypted, compressed in an unknown way, or broken.
    """
    if member.flag_bits & _ENCRYPTED:
        raise CompressionError(f"{member.filename} in the archive is encrypted: unpack it")
    try:
        return cast(zipfile.ZipExtFile, archive.open(member))
    # An unknown method, or a damaged name or position.
    except (NotImplementedError, ValueError, OverflowError) as error:
        raise CompressionError(f"{member.filename} in the archive: {error}") from None


def describe_office_file(archive: zipfile.ZipFile) -> str | None:
    """Return what an archive is if it is a document of an office program, else None."""
    names = set(archive.namelist())
    kinds = {
        "word/document.xml": "a Word document (DOCX)",
        "xl/workbook.xml": "an Excel table (XLSX)",
        "ppt/presentation.xml": "a PowerPoint presentation (PPTX)",
    }
    if "mimetype" in names and "content.xml" in names:
        return "an OpenDocument file; save it as DOCX or CSV"
    if "META-INF/container.xml" in names:
        return "an e-book (EPUB)"
    return next((kind for name, kind in kinds.items() if name in names), None)
