"""The export of MedCATtrainer: documents whose mentions have a concept and no type.

The type of every mention is `Concept`; its CUI is the identifier. Mentions that annotators marked
as wrong, deleted or irrelevant are left out and counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from vaner.formats.skipped_records import SkipCounts

TYPE = "Concept"
REJECTED = "mention rejected by an annotator"


def matches(record: Any) -> bool:
    """Return whether a record is a document of an export."""
    if not isinstance(record, dict) or "text" not in record:
        return False
    return any(
        isinstance(entry, dict) and "cui" in entry and entry.keys() & {"correct", "validated"}
        for entry in _get_entries(record)
    )


def convert(record: Mapping[str, Any], skipped: SkipCounts) -> Iterator[dict[str, Any]]:
    """Yield a document as a record of our JSON Lines."""
    entries = _get_entries(record)
    correct = [entry for entry in entries if _is_correct(entry)]
    skipped.update({REJECTED: len(entries) - len(correct)} if len(correct) < len(entries) else {})
    name = record.get("name") or record.get("id")
    yield {
        "id": None if name is None else str(name),
        "text": record.get("text"),
        "spans": [_to_span(entry) for entry in correct],
    }


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


def _to_span(entry: Any) -> Any:
    if not isinstance(entry, dict):
        return entry
    span = {"start": entry.get("start"), "end": entry.get("end"), "type": TYPE}
    span |= {"text": entry["value"]} if entry.get("value") else {}
    return {**span, "identifiers": [str(entry["cui"])]} if entry.get("cui") else span
