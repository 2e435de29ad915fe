"""Round-trip metadata of a BioC document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Required

from typing_extensions import TypedDict

from vaner.formats.bioc.infons import Record, get_descriptive_infons
from vaner.formats.losses import Losses
from vaner.formats.roundtrip_metadata import get_roundtrip_metadata
from vaner.text.documents import Document


class Node(TypedDict):
    """A reference to a mention or to another relation."""

    refid: str
    role: str


class Relation(TypedDict):
    """A relation."""

    id: str
    infons: Mapping[str, Any]
    nodes: Sequence[Node]


class Unit(TypedDict, total=False):
    """A passage or a sentence without its text and mentions."""

    offset: Required[int]
    length: Required[int]
    infons: Mapping[str, Any]
    relations: Sequence[Relation]
    sentences: Sequence[Unit]


class Annotation(TypedDict):
    """An annotation without its text and locations."""

    id: str
    infons: Mapping[str, Any]


class UnlocatedAnnotation(TypedDict, total=False):
    """An annotation of the document, without location in the text."""

    id: str
    infons: Mapping[str, Any]
    text: str


class Collection(TypedDict, total=False):
    """Fields of a collection. Other fields than infons are strings."""

    infons: Mapping[str, Any]


class Stored(TypedDict, total=False):
    """What is stored of a document. Annotations are stored by mention."""

    collection: Collection
    infons: Mapping[str, Any]
    passages: Sequence[Unit]
    relations: Sequence[Relation]
    annotations: Mapping[str, Sequence[Annotation]]
    unlocated: Sequence[UnlocatedAnnotation]


def count_unsupported(document: Document) -> int:
    """Count the relations, annotations without location, and infons of mentions of a document."""
    stored = get_roundtrip_metadata(document, "bioc", Stored, Losses())
    relations = sum(len(unit.get("relations", ())) for unit in (stored, *get_units(stored)))
    entries = (entry for entries in stored.get("annotations", {}).values() for entry in entries)
    infons = sum(len(get_descriptive_infons(entry["infons"])) for entry in entries)
    return relations + infons + len(stored.get("unlocated", ()))


def get_units(stored: Record) -> Iterator[Record]:
    """Yield the passages and their sentences."""
    for passage in stored.get("passages", ()):
        yield from (passage, *passage.get("sentences", ()))
