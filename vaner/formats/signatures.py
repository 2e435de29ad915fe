"""What a file seems to be that is not in a text format, from its first bytes."""

from __future__ import annotations

import re

_SIGNATURES = (
    (b"%PDF-", "a PDF"),
    (b"{\\rtf", "a document in Rich Text Format; save it as plain text or DOCX"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a document of Word or Excel 97; save it as DOCX or CSV"),
    (b"PAR1", "a Parquet table"),
    (b"ARROW1", "an Arrow table; save it as Parquet"),
    (b"\xff\xff\xff\xff", "an Arrow stream; save it as Parquet"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"\x89HDF\r\n", "an HDF5 file"),
    (b"\x89PNG", "an image (PNG)"),
    (b"\xff\xd8\xff", "an image (JPEG)"),
    (b"GIF8", "an image (GIF)"),
    (b"II*\x00", "an image (TIFF)"),
    (b"MM\x00*", "an image (TIFF)"),
    (b"%!PS", "a PostScript file"),
    (b"\x28\xb5\x2f\xfd", "a file compressed with Zstandard; decompress it"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive; unpack it"),
    (b"Rar!\x1a\x07", "a RAR archive; unpack it"),
    (b"\x7fELF", "a program"),
)
_TAR = slice(257, 262)
_CONTROL_CHARACTERS = dict.fromkeys({*range(32)} - set(b"\t\n\v\f\r\x1b"))
_MIN_CONTROL_COUNT, _MAX_CONTROL_SHARE = 4, 0.05
_TAG = re.compile(r"</[A-Za-z]\w{0,30}>")
_TAGGED_WORDS = re.compile(r"(?=.*[/|][BIES]-\w)(?:\S+[/|](?:O|[BIES]-\w+)\s+){2}")


def describe_binary(head: bytes) -> str | None:
    """Return what a file seems to be, or None if it may be text.

    Args:
        head: the first bytes of the file, decompressed.

    >>> describe_binary(b"%PDF-1.4"), describe_binary(b"Gout.")
    ('a PDF', None)
    """
    if head[_TAR] == b"ustar":
        return "a tar archive; unpack it"
    return next((kind for magic, kind in _SIGNATURES if head.startswith(magic)), None)


def is_binary(text: str) -> bool:
    r"""Return whether a text has so many control characters that it is not a text in its encoding.

    This is so for binary data in any encoding, and for UTF-16 that is read as UTF-8.

    >>> is_binary("\x00\x01PK\x03\x04"), is_binary("Gout\x00\tin men.\r\n")
    (True, False)
    """
    count = len(text) - len(text.translate(_CONTROL_CHARACTERS))
    return count >= _MIN_CONTROL_COUNT and count > _MAX_CONTROL_SHARE * len(text)


def describe_markup(head: str) -> str | None:
    """Return what a text seems to be if it is not plain text, or None if it may be plain text.

    >>> describe_markup("<!DOCTYPE html><html>"), describe_markup("[Gout in men.]")
    ('HTML; save it as plain text', None)
    """
    start = head.lstrip().lstrip("\ufeff")
    if re.match(r"<!doctype html|<html[\s>]", start, re.I):
        return "HTML; save it as plain text"
    if start.startswith("<?xml") or re.match(r"<!DOCTYPE\s+\w", start):
        root = re.search(r"<([A-Za-z_][\w.:-]*)", start)
        return f"XML with the root <{root[1]}>, which is not read" if root else "XML"
    if re.match(r"\[\s*[(\[]\s*(['\"]).*?\1,\s*[{\[]|\[?\s*\{\s*'\w+':", start):
        return "data in Python; save it with json.dump"
    if re.match(r"@[A-Za-z]+\s*\{[^\s,{}]*,|%0 [A-Z]", start):
        return "references of BibTeX or EndNote; export them as RIS"
    if re.match(r"\[Error\]\s*:", start):  # of the services of PubMed Central
        return "an error message of a service; download the documents again"
    if start.startswith("#begin document ("):
        return "CoNLL-2012, which has mentions in brackets; write a column of tags such as B-TYPE"
    if _TAGGED_WORDS.match(start):
        return "words with tags; write one word per line, a tab, and its tag"
    if re.match(r'\{\s*"[^"]*"\s*:|\[\s*\{\s*"[^"]*"\s*:|\[\s*\[\s*[\["\d]', start):
        return "JSON without the text of a document"
    return None


def describe_tags(text: str) -> str | None:
    """Return a message if a text has tags, else None.

    >>> describe_tags("<b>Gout</b> hurts.")
    'tags such as </b> are read as text'
    """
    tag = _TAG.search(text)
    return f"tags such as {tag[0]} are read as text" if tag else None
