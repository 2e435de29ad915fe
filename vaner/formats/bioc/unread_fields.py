"""Fields that BioC does not have, as PubTator 3 writes them: they are left out, and counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from vaner.formats.bioc.infons import Record
from vaner.formats.skipped_records import warn_skipped_records
from vaner.formats.source import InputFile

UnreadFields = Counter[str]
"""Name of a field -> how often it has a value."""

_KNOWN_FIELDS = {
    "_id", "bioctype", "id", "offset", "text", "infons", "locations", "passages", "sentences",
    "annotations", "relations",
}  # fmt: skip
_PARTS = ("passages", "sentences", "annotations")
_MAX_NAMES = 10


def count_unread_fields(record: Record, counts: UnreadFields) -> None:
    """Count the fields of a document, passage, sentence or annotation that are not read.

    Args:
        record: a document, or a part of it. Fields without a value do not count.
        counts: the counts to update.
    """
    for name, value in record.items():
        if name not in _KNOWN_FIELDS and value not in (None, "", [], {}):
            counts[name] += 1
    for part in _PARTS:
        entries = record.get(part)
        for entry in entries if isinstance(entries, list | tuple) else ():
            if isinstance(entry, Mapping):
                count_unread_fields(entry, counts)


def warn_unread_fields(file: InputFile, counts: Mapping[str, Any]) -> None:
    """Warn once about the fields of a file that were not read."""
    if counts:
        names = [*counts][:_MAX_NAMES] + (["…"] if len(counts) > _MAX_NAMES else [])
        warn_skipped_records(file, {f"fields {', '.join(names)}": sum(counts.values())})
