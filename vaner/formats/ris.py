"""RIS, the references of EndNote, Zotero, Embase and others: titles and abstracts (read only).

A field begins with its tag and a hyphen, such as ``TI  - Gout``, and continues in lines without
one. A reference begins with ``TY`` and ends with ``ER``. The text is title, line break, abstract.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from vaner.formats.medline import NO_TEXT, Fields, find_id, join_text
from vaner.formats.skipped_records import SkipCounts, warn_skipped_records
from vaner.formats.source import InputFile, MalformedError, OnError, read_lines
from vaner.text.documents import Document

FIELD = re.compile(r"([A-Z][A-Z0-9])  - ?(.*)")
_TITLES, _ABSTRACTS, _IDS = ("TI", "T1"), ("AB", "N2"), ("ID", "AN", "DO")
_CHECKED_LINES = 10  # some databases write their name before the first reference


def begins_reference(lines: Sequence[str]) -> bool:
    """Return whether one of the first lines of a file begins a reference.

    >>> begins_reference(["Provider: us", "TY  - JOUR"]), begins_reference(["TY - a name"])
    (True, False)
    """
    return any(re.match(r"TY  - [A-Z]{3,}\s*$", line) for line in lines[:_CHECKED_LINES])


def read(
    path: str | Path, *, encoding: str = "utf-8", on_error: OnError | None = None
) -> Iterator[Document]:
    """Read each reference as a document, its ``ID``, ``AN`` or ``DO`` (the DOI) as id.

    Args:
        path: the file.
        encoding: encoding of the file.
        on_error: see `vaner.formats.read`.

    Raises:
        FormatError: if a field is outside of a reference.
    """
    file, skipped = InputFile(path, on_error), SkipCounts()
    for number, fields in enumerate(_read_references(file, encoding), 1):
        if text := join_text(fields, _TITLES, _ABSTRACTS):
            yield Document(find_id(fields, _IDS) or f"{file.stem}-{number}", text)
        else:
            skipped[NO_TEXT] += 1
    warn_skipped_records(file, skipped)


def _read_references(file: InputFile, encoding: str) -> Iterator[Fields]:
    """Yield the fields of each reference; the end of the last one may be missing."""
    fields: Fields | None = None
    values = list[str]()
    for number, line in read_lines(file, encoding):
        match = FIELD.match(line)
        if match and match[1] == "TY":
            if fields:
                yield fields
            fields = {}
        elif match and fields is None:
            with file.guard(number):
                raise MalformedError("a field before the beginning of a reference, 'TY  - '")
        elif match and match[1] == "ER":
            yield fields or {}
            fields = None
        if match and fields is not None:
            values = fields.setdefault(match[1], [])
            values.append(match[2].strip())
        elif line.strip() and fields:
            values[-1] = f"{values[-1]} {line.strip()}".strip()
    if fields:
        yield fields
