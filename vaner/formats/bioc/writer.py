"""Conversion of a `Document` to a BioC record, with the passages it was read with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any

from vaner.formats.bioc.infons import Record, get_score, to_string
from vaner.formats.bioc.layout import fill_gap
from vaner.formats.bioc.metadata import Stored
from vaner.formats.identifiers import join_identifiers, read_identifiers, without_identifiers
from vaner.formats.losses import Losses
from vaner.formats.roundtrip_metadata import get_roundtrip_metadata
from vaner.formats.spans import recall
from vaner.text.documents import Document, Span

LAYOUT = "passages and their relations left out, the text has changed"
GAP = "white space between passages or sentences read as a line break or spaces"


def to_record(document: Document, losses: Losses) -> dict[str, Any]:
    """Return the record of a document, with the passages of its source or as a single passage."""
    stored = get_roundtrip_metadata(document, "bioc", Stored, losses)
    annotations = list(_make_annotations(document, stored, losses))
    passages = stored.get("passages", ())
    if not passages or not _covers(passages, document.text, 0, len(document.text)):
        losses[LAYOUT] += bool(passages)
        passages = ({"offset": 0, "length": len(document.text)},)
    losses[GAP] += _count_other_gaps(passages, document.text)
    units = [_make_unit(passage, document.text, annotations) for passage in passages]
    # What is left has no location, or is between the passages.
    left = [*stored.get("unlocated", ()), *(a for _, a in annotations)]
    return {
        "id": document.id,
        "infons": dict(stored.get("infons", {})),
        "passages": units,
        "annotations": [{"infons": {}, "text": "", "locations": [], **a} for a in left],
        "relations": list(stored.get("relations", ())),
    }


def _covers(parts: Sequence[Record], text: str, start: int, end: int) -> bool:
    """Return whether passages or sentences are in order and cover a text except white space."""
    for part in parts:
        first, last = part["offset"], part["offset"] + part["length"]
        sentences = part.get("sentences", ())
        if not start <= first <= last <= end or text[start:first].strip():
            return False
        if sentences and not _covers(sentences, text, first, last):
            return False
        start = last
    return start == end


def _count_other_gaps(parts: Sequence[Record], text: str, start: int = 0, depth: int = 0) -> int:
    """Count the gaps before passages and their sentences that a reader fills differently."""
    count = 0
    for part in parts:
        first = part["offset"]
        count += text[start:first] != fill_gap(start, first, line_break=depth == 0)
        count += _count_other_gaps(part.get("sentences", ()), text, first, depth + 1)
        start = first + part["length"]
    return count


def _make_annotations(
    document: Document, stored: Record, losses: Losses
) -> Iterator[tuple[Span, dict[str, Any]]]:
    """Yield the annotation of each mention, with the id of the source or a new one."""
    entries = recall(document.spans, stored.get("annotations", {}))
    used = {entry["id"] for values in stored.get("annotations", {}).values() for entry in values}
    used |= {unit["id"] for unit in stored.get("unlocated", ()) if "id" in unit}
    new_ids = (id for id in map(str, range(len(used) + len(entries) + 1)) if id not in used)
    for span, entry in zip(document.spans, entries, strict=True):
        yield (
            span,
            {
                "id": entry["id"] if entry else next(new_ids),
                "infons": {
                    **_make_infons(span, entry["infons"] if entry else {}, losses),
                    **_make_context(document.text, span),
                },
                "text": document.mention(span),
                "locations": [{"offset": s, "length": e - s} for s, e in span.pieces],
            },
        )


def _make_infons(span: Span, stored: Record, losses: Losses) -> dict[str, Any]:
    """Return the stored infons, updated where type, identifiers or score have changed."""
    infons = dict(stored)
    if span.type != to_string(infons.get("type")):
        infons |= {"type": span.type}
    if read_identifiers(infons) != span.identifiers:
        joined = join_identifiers(span.identifiers, losses)
        infons = without_identifiers(infons) | ({"identifier": joined} if joined else {})
    if span.score != get_score(infons):
        infons.pop("score", None)
        infons |= {"score": repr(span.score)} if span.score is not None else {}
    return infons


def _make_context(text: str, span: Span) -> dict[str, str]:
    """Return an infon for each attribute of a mention: the words that say it, and their offsets."""
    return {c.attribute: f"{text[c.start : c.end]} [{c.start}:{c.end}]" for c in span.context}


def _make_unit(
    unit: Record, text: str, annotations: list[tuple[Span, dict[str, Any]]]
) -> dict[str, Any]:
    """Return a passage or sentence with its text, and its annotations, removed from the list."""
    start, end = unit["offset"], unit["offset"] + unit["length"]
    sentences = [_make_unit(sentence, text, annotations) for sentence in unit.get("sentences", ())]
    inside = [a for s, a in annotations if start <= s.start < end]
    annotations[:] = [(s, a) for s, a in annotations if not start <= s.start < end]
    return {
        "offset": start,
        "infons": dict(unit.get("infons", {})),
        "text": "" if sentences else text[start:end],
        "sentences": sentences,
        "annotations": inside,
        "relations": list(unit.get("relations", ())),
    }


def split_collection(documents: Iterable[Document]) -> tuple[Record, Iterator[Document]]:
    """Return the collection fields stored in the first document, and all documents."""
    iterator = iter(documents)
    first = list(islice(iterator, 1))
    collection: Record = {}
    if first:
        stored = get_roundtrip_metadata(first[0], "bioc", Stored, Losses())
        collection = stored.get("collection", {})
    return collection, chain(first, iterator)
