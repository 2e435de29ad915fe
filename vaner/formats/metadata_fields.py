"""Metadata fields of users: what a record has in addition to text and mentions.

Readers keep the further fields of JSON records, the further columns of tables and the data of
annotation tools in the metadata. Most formats cannot hold them, so they are counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vaner.text.documents import Document

_ADDED_BY_VANER = {
    "sentences", "tokens", "columns", "docstart", "pretokenized", "pages", "other_abstract",
    "abbreviations", "provenance",
}  # fmt: skip
TABLE = "table"
"""Metadata key of the further columns of a table: a mapping from their names to cells."""
_LABEL_STUDIO, _PRODIGY = "label_studio", "prodigy"
_WITH_FIELDS = {TABLE, _LABEL_STUDIO, _PRODIGY, "doccano"}
"""Metadata under which readers keep several fields of a record."""

_EMPTY: tuple[object, ...] = (None, "", [], {}, ())


def count_fields(document: Document, held: set[str]) -> int:
    """Count the fields of a document that are not empty, except those that a format holds.

    Args:
        document: the document.
        held: metadata keys that the format holds, or that are counted elsewhere.
    """
    count = 0
    for key, value in document.metadata.items():
        if key not in held | _ADDED_BY_VANER:
            fields = _get_fields(key, value) if key in _WITH_FIELDS else {key: value}
            count += sum(field not in _EMPTY for field in fields.values())
    return count


def _get_fields(key: str, value: Any) -> Mapping[str, Any]:
    """Return the fields of users that are under a metadata key of a reader."""
    if not isinstance(value, Mapping):
        return {key: value}
    if key == _LABEL_STUDIO:
        data = value.get("data")
        return data if isinstance(data, Mapping) else {}
    meta = value.get("meta")
    if key == _PRODIGY and isinstance(meta, Mapping):
        others = {name: field for name, field in meta.items() if name != "id"}
        return {**others, **{name: field for name, field in value.items() if name != "meta"}}
    return value
