"""What is kept of a BioC document in its metadata, to be written back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Required

from typing_extensions import TypedDict

from vaner.formats.bioc.infons import Record
from vaner.formats.roundtrip_metadata import get_roundtrip_metadata
from vaner.formats.spans import Losses
from vaner.text.documents import Document


class Node(TypedDict):
    """A mention, or another relation, in a relation."""

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


class Entry(TypedDict):
    """What an annotation says besides where its mention is."""

    id: str
    infons: Mapping[str, Any]


class Unlocated(TypedDict, total=False):
    """An annotation of the document as a whole."""

    id: str
    infons: Mapping[str, Any]
    text: str


class Collection(TypedDict, total=False):
    """What a collection says of itself, besides fields that are shown as they are."""

    infons: Mapping[str, Any]


class Kept(TypedDict, total=False):
    """What is kept of a document; of its annotations by mention."""

    collection: Collection
    infons: Mapping[str, Any]
    passages: Sequence[Unit]
    relations: Sequence[Relation]
    annotations: Mapping[str, Sequence[Entry]]
    unlocated: Sequence[Unlocated]


def count_unsupported(document: Document) -> int:
    """Number of relations, and of annotations without a place, kept of a document."""
    kept = get_roundtrip_metadata(document, "bioc", Kept, Losses())
    relations = sum(len(unit.get("relations", ())) for unit in (kept, *units(kept)))
    return relations + len(kept.get("unlocated", ()))


def units(kept: Record) -> Iterator[Record]:
    """Passages and their sentences."""
    for passage in kept.get("passages", ()):
        yield from (passage, *passage.get("sentences", ()))
