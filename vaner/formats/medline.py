"""MEDLINE text (`.nbib`), as PubMed and PubMed Central export it: titles and abstracts (read only).

A field begins with its tag in four columns, such as ``PMID- 7`` or ``TI  - Gout``, and continues in
lines that begin with six spaces. The text is title, line break, abstract. The records of PubMed
Central begin with ``PMC``, and some have no PMID.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from vaner.formats.pubmed import FURTHER_ABSTRACT, says_no_title
from vaner.formats.skipped_records import SkipCounts, warn_skipped_records
from vaner.formats.source import InputFile, MalformedError, OnError, read_lines
from vaner.text.documents import Document

FIELD = re.compile(r"([A-Z][A-Z0-9 ]{3})- ?(.*)")
FIRST_LINE = re.compile(r"PMID- ?\d|PMC - ?PMC\d")
_IDS = ("PMID", "PMC")
_ABSTRACTS = ("AB", "OAB")
_ORIGINAL_TITLE = "TT"
_TITLES = ("TI", "BTI", _ORIGINAL_TITLE)
NO_TEXT = "record without title and abstract"

Fields = dict[str, list[str]]


def read(
    path: str | Path, *, encoding: str = "utf-8", on_error: OnError | None = None
) -> Iterator[Document]:
    """Read each record of a file as a document, its PMID as id.

    Args:
        path: the file.
        encoding: encoding of the file.
        on_error: see `vaner.formats.read`.

    Raises:
        FormatError: if a record has no PMID.
    """
    file, skipped = InputFile(path, on_error), SkipCounts()
    for line, fields in _read_records(file, encoding):
        with file.guard(line):
            if not (id := find_id(fields, _IDS)):
                raise MalformedError("a record without PMID")
            if fields.get(_ORIGINAL_TITLE) and says_no_title(" ".join(fields.get("TI", ()))):
                fields["TI"] = fields[_ORIGINAL_TITLE]
            if text := join_text(fields, _TITLES, _ABSTRACTS):
                yield Document(id, text)
                if fields.get("AB") and fields.get("OAB"):
                    skipped[FURTHER_ABSTRACT] += 1
            else:
                skipped[NO_TEXT] += 1
    warn_skipped_records(file, skipped)


def _read_records(file: InputFile, encoding: str) -> Iterator[tuple[int, Fields]]:
    """Yield the fields of each record, with its first line.

    All records begin with the same id, in most cases the PMID.
    """
    fields, start, values, first = Fields(), 0, list[str](), ""
    for number, line in read_lines(file, encoding):
        match = FIELD.match(line)
        if match:
            tag, value = match[1].strip(), match[2].strip()
            first = first or (tag if tag in _IDS else "")
            if tag == first and tag in fields:
                yield start, fields
                fields = Fields()
            start = start if fields else number
            values = fields.setdefault(tag, [])
            values.append(value)
        elif line.startswith("      ") and values:
            values[-1] = f"{values[-1]} {line.strip()}".strip()
        elif line.strip():
            with file.guard(number):
                raise MalformedError("expected a field such as 'TI  - ', or six spaces")
    if fields:
        yield start, fields


def find_id(fields: Fields, tags: Sequence[str]) -> str:
    """Return the first value of the first of several fields that a record has; empty if none."""
    return next((value for tag in tags for value in fields.get(tag, ()) if value), "")


def join_text(fields: Fields, titles: Sequence[str], abstracts: Sequence[str]) -> str:
    """Return the title of a record, a line break, and its abstract.

    Args:
        fields: tag -> values.
        titles: tags of titles; the first one that the record has is used.
        abstracts: tags of abstracts, likewise.
    """
    parts = (
        next((text for tag in tags if (text := " ".join(filter(None, fields.get(tag, ()))))), "")
        for tags in (titles, abstracts)
    )
    return "\n".join(filter(None, parts))
