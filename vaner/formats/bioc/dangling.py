"""Relations and infons of a BioC document that describe mentions which no longer exist."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from vaner.formats.bioc.infons import Record, get_descriptive_infons
from vaner.formats.bioc.metadata import Stored, get_units
from vaner.formats.identifiers import (
    count_concept_fields,
    list_forms,
    read_identifiers,
    without_identifiers,
)
from vaner.formats.losses import DANGLING, Losses
from vaner.formats.references import Entry, find_dangling
from vaner.formats.roundtrip_metadata import get_roundtrip_metadata, with_roundtrip_metadata
from vaner.formats.spans import recall, remember, separate_removed
from vaner.text.documents import Document, Span


def drop_dangling(document: Document, losses: Losses) -> Document:
    """Return the document without what describes mentions and identifiers that no longer exist.

    A relation names its mentions by their ids in its nodes, or by their identifiers in its infons.
    Other references are not touched: PubTator 3 uses other numbers as references.

    Args:
        document: the document.
        losses: counts the relations, and the infons of mentions, that are left out.
    """
    stored = get_roundtrip_metadata(document, "bioc", Stored, Losses())
    annotations, removed = separate_removed(document.spans, stored.get("annotations", {}))
    present = {entry["id"] for entries in annotations.values() for entry in entries}
    ids = {entry["id"] for entry in removed} - present
    annotations, changed = _update_infons(document, annotations, losses)
    names = _find_lost_names(document, (*removed, *changed))
    relations = [r for unit in (stored, *get_units(stored)) for r in unit.get("relations", ())]
    entries = [Entry(r["id"], [node["refid"] for node in r["nodes"]]) for r in relations]
    ids |= {r["id"] for r in relations if _is_dangling(r, ids, names)} - {""}
    ids |= {entries[index].id for index in find_dangling(entries, ids)} - {""}
    number = sum(_is_dangling(relation, ids, names) for relation in relations)
    if not removed and not changed and not number:
        return document
    losses[DANGLING] += number
    losses[DANGLING] += sum(len(get_descriptive_infons(entry["infons"])) for entry in removed)
    current = {**_filter_relations(stored, ids, names), "annotations": annotations}
    return with_roundtrip_metadata(document, "bioc", current)


def _update_infons(
    document: Document, annotations: Mapping[str, Sequence[Record]], losses: Losses
) -> tuple[Mapping[str, Sequence[Record]], list[Record]]:
    """Drop the infons about identifiers that mentions no longer have.

    Returns:
        What is stored of the mentions, and the entries of those whose identifiers have changed.
    """
    spans, entries, changed = list[Span](), list[Record](), list[Record]()
    for span, entry in zip(document.spans, recall(document.spans, annotations), strict=True):
        if entry is None:
            continue
        if read_identifiers(entry["infons"]) != span.identifiers:
            infons = without_identifiers(entry["infons"])
            losses[DANGLING] += count_concept_fields(entry["infons"])
            changed.append(entry)
            entry = {**entry, "infons": infons}
        spans.append(span)
        entries.append(entry)
    return (remember(spans, entries), changed) if changed else (annotations, [])


def _find_lost_names(document: Document, entries: Iterable[Record]) -> set[str]:
    """Return the forms of identifiers that mentions of the file had and none has now."""
    names = (name for entry in entries for name in read_identifiers(entry["infons"]))
    current = (identifier for span in document.spans for identifier in span.identifiers)
    return list_forms(names) - list_forms(current)


def _is_dangling(relation: Record, ids: set[str], names: set[str]) -> bool:
    refers = any(node["refid"] in ids for node in relation["nodes"])
    return refers or (bool(names) and not names.isdisjoint(_list_values(relation["infons"])))


def _list_values(value: Any) -> Iterator[str]:
    """Yield the strings in infons, and the forms of the identifiers in them."""
    if isinstance(value, str):
        yield from list_forms([value])
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _list_values(item)
    elif isinstance(value, Sequence):
        for item in value:
            yield from _list_values(item)


def _filter_relations(unit: Record, ids: set[str], names: set[str]) -> dict[str, Any]:
    """Return a document, passage or sentence without relations that are dangling."""
    filtered = dict(unit)
    for key in ("passages", "sentences"):
        if key in unit:
            filtered[key] = tuple(_filter_relations(part, ids, names) for part in unit[key])
    relations = [r for r in unit.get("relations", ()) if not _is_dangling(r, ids, names)]
    filtered |= {"relations": tuple(relations)} if "relations" in unit else {}
    return filtered
