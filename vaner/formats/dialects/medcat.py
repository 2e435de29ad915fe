"""The export of MedCATtrainer: documents whose mentions have a concept and no type.

The type of every mention is `Concept`; its CUI is the identifier. Mentions that annotators marked
as wrong, deleted or irrelevant are left out and counted. A complete export, a list of its projects,
and a list of its documents are read. MedCAT itself writes mentions with types, see `fields`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from vaner.formats.dialects.mentions import count_other_fields, find_pieces, find_types
from vaner.formats.skipped_records import SkipCounts
from vaner.formats.source import MalformedError

TYPE = "Concept"
REJECTED = "mention rejected by an annotator"

_JUDGMENTS = ("correct", "validated", "alternative", "manually_created")
_READ = ("value", "cui", "deleted", "killed", "irrelevant", *_JUDGMENTS)


def matches(record: Any) -> bool:
    """Return whether a record is an export, or a document of one."""
    if not isinstance(record, dict):
        return False
    if "text" not in record:
        return _get_documents(record) is not None
    entries = _get_entries(record)
    return any(map(_is_concept, entries)) or (not entries and {"name", "annotations"} <= {*record})


def convert(record: Mapping[str, Any], skipped: SkipCounts) -> Iterator[dict[str, Any]]:
    """Yield each document as a record of our JSON Lines."""
    documents = [record] if "text" in record else _get_documents(record) or []
    for document in documents:
        yield _convert_document(document, skipped)


def _convert_document(record: Any, skipped: SkipCounts) -> dict[str, Any]:
    if not isinstance(record, dict):
        return {"text": record}  # the reader reports it
    entries = _get_entries(record)
    correct = [entry for entry in entries if _is_correct(entry)]
    skipped.update({REJECTED: len(entries) - len(correct)} if len(correct) < len(entries) else {})
    name = record.get("name") or record.get("id")
    if record.get("text") is None:
        raise MalformedError(f"document {name}: the export has no text; download it with the texts")
    return {
        "id": None if name is None else str(name),
        "text": record.get("text"),
        "spans": [_to_span(entry, skipped) for entry in correct],
    }


def _get_documents(record: Mapping[str, Any]) -> list[Any] | None:
    """Return the documents of all projects of an export, or None if it is none."""
    projects = record.get("projects")
    if not isinstance(projects, list) or not projects:
        return None
    lists = [p.get("documents") if isinstance(p, dict) else None for p in projects]
    if not all(isinstance(documents, list) for documents in lists):
        return None
    return [document for documents in lists for document in documents or []]


def _is_concept(entry: Any) -> bool:
    """Return whether an entry is a mention of an export, or another one with a CUI and no type."""
    if not isinstance(entry, dict) or "cui" not in entry:
        return False
    is_untyped = find_pieces(entry) is not None and not find_types(entry)
    return is_untyped or bool(entry.keys() & {"correct", "validated"})


def _get_entries(record: Mapping[str, Any]) -> list[Any]:
    entries = record.get("annotations")
    if isinstance(entries, dict):
        return list(entries.values())
    return entries if isinstance(entries, list) else []


def _is_correct(entry: Any) -> bool:
    """Return whether an annotator confirmed a mention, or corrected its concept."""
    if not isinstance(entry, dict):
        return True  # the reader reports it
    if any(entry.get(name) for name in ("deleted", "killed", "irrelevant")):
        return False
    confirmed = (entry.get(name) for name in ("alternative", "manually_created"))
    return bool(entry.get("correct", True) or any(confirmed))


def _to_span(entry: Any, skipped: SkipCounts) -> Any:
    if not isinstance(entry, dict):
        return entry
    count_other_fields(entry, skipped, _READ)
    pieces = find_pieces(entry) or [[entry.get("start"), entry.get("end")]]
    span = {"start": pieces[0][0], "end": pieces[-1][1], "type": TYPE}
    span |= {"text": entry["value"]} if entry.get("value") else {}
    return {**span, "identifiers": [str(entry["cui"])]} if entry.get("cui") else span
