"""Fields of a BioC record: values of an unexpected type are malformed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from vaner.formats.bioc.infons import Record, get_score, to_string
from vaner.formats.identifiers import read_identifiers
from vaner.formats.json_values import freeze
from vaner.formats.source import MalformedError
from vaner.formats.spans import make_span
from vaner.text.documents import Span

_TYPES = (
    "type", "Type", "semantic_type", "entity_type", "concept_type", "category", "label",
    "class", "entity_class", "entityType", "tag",
)  # fmt: skip
"""Names of the infon with the type of a mention."""


def get_list(record: Record, name: str) -> Sequence[Any]:
    """Return a field that must be a list of objects; empty if it is missing or null."""
    value = record.get(name) or []
    value = [value] if isinstance(value, dict) else value  # a list of one, in JSON made from XML
    if not isinstance(value, list | tuple) or not all(isinstance(v, dict) for v in value):
        raise MalformedError(f"{name} is not a list of objects")
    return value


def get_string(record: Record, name: str) -> str:
    """Return a field as a string; empty if it is missing or null."""
    value = record.get(name)
    return "" if value is None else str(value)


def get_integer(record: Record, name: str) -> int:
    """Return a field that must be an integer. In XML it is a string."""
    value = get_string(record, name).strip()
    if not value.isascii() or not value.removeprefix("-").isdigit() or len(value) > 18:
        raise MalformedError(f"{name} {value!r} is not an integer")
    return int(value)


def get_infons(record: Record) -> dict[str, Any]:
    """Return the infons. They are strings, but e.g. PubTator's JSON also has other values."""
    infons = record.get("infons") or {}
    if not isinstance(infons, dict):
        raise MalformedError("infons is not an object")
    return {str(k): freeze(v) for k, v in infons.items()}


def get_relations(record: Record) -> tuple[Record, ...]:
    """Return the relations of a document, passage or sentence."""
    return tuple(
        {
            "id": get_string(relation, "id"),
            "infons": get_infons(relation),
            "nodes": tuple(
                {"refid": get_string(node, "refid"), "role": get_string(node, "role")}
                for node in get_list(relation, "nodes")
            ),
        }
        for relation in get_list(record, "relations")
    )


def get_pieces(annotation: Record) -> list[tuple[int, int]]:
    """Return the pieces of a mention; none for an annotation of the document."""
    pieces = []
    for location in get_list(annotation, "locations"):
        start = get_integer(location, "offset")
        pieces.append((start, start + get_integer(location, "length")))
    return pieces


def try_pieces(annotation: Record) -> list[tuple[int, int]]:
    """Return the pieces of a mention; none if it is malformed, which is reported later."""
    try:
        return get_pieces(annotation)
    except MalformedError:
        return []


def read_span(text: str, annotation: Record) -> Span:
    """Return the mention of an annotation, after checking it against the text."""
    infons = get_infons(annotation)
    type = next((infons[name] for name in _TYPES if infons.get(name)), "")
    return make_span(
        text,
        get_pieces(annotation),
        to_string(type),
        quoted=get_string(annotation, "text") or None,
        score=get_score(infons),
        identifiers=read_identifiers(infons),
    )
