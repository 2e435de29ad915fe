"""From a `Document` to its record, in the passages that it was read with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any

from vaner.formats.bioc.infons import Record, identifiers, score, told, without_identifiers
from vaner.formats.bioc.metadata import Kept, units
from vaner.formats.roundtrip_metadata import get_roundtrip_metadata
from vaner.formats.spans import DANGLING, Losses, recall, replace_forbidden
from vaner.text.documents import Document, Span

LAYOUT = "passages and their relations left out, the text is another"


def to_record(document: Document, lost: Losses) -> dict[str, Any]:
    """The record of a document, with the passages it was read with or as one passage."""
    kept = get_roundtrip_metadata(document, "bioc", Kept, lost)
    annotations = list(_written(document, kept, lost))
    gone = _gone(kept, {a["id"] for _, a in annotations})
    passages = kept.get("passages", ())
    if not passages or not _covers(passages, document.text, 0, len(document.text)):
        lost[LAYOUT] += bool(passages)
        passages = ({"offset": 0, "length": len(document.text)},)
    written = [_written_unit(p, document.text, annotations, gone, lost) for p in passages]
    left = [*kept.get("unlocated", ()), *(a for _, a in annotations)]
    return {
        "id": document.id,
        "infons": dict(kept.get("infons", {})),
        "passages": written,
        "annotations": [{"infons": {}, "text": "", "locations": [], **a} for a in left],
        "relations": _alive(kept, gone, lost),
    }


def _covers(parts: Sequence[Record], text: str, start: int, end: int) -> bool:
    """Whether passages, or sentences, lie one behind another and hold all but blanks of a text."""
    for part in parts:
        first, last = part["offset"], part["offset"] + part["length"]
        inner = part.get("sentences", ())
        if not start <= first <= last <= end or text[start:first].strip():
            return False
        if inner and not _covers(inner, text, first, last):
            return False
        start = last
    return start == end


def _written(
    document: Document, kept: Record, lost: Losses
) -> Iterator[tuple[Span, dict[str, Any]]]:
    """Annotations of the mentions under their old ids, or under new ones that were free."""
    entries = recall(document.spans, kept.get("annotations", {}))
    # An id of a mention that is gone is not used again: relations may still name it.
    used = {entry["id"] for values in kept.get("annotations", {}).values() for entry in values}
    used |= {unit["id"] for unit in kept.get("unlocated", ()) if "id" in unit}
    fresh = (name for name in map(str, range(len(used) + len(entries) + 1)) if name not in used)
    for span, entry in zip(document.spans, entries, strict=True):
        infons = dict(entry["infons"]) if entry else {}
        if span.type != told(infons.get("type")):  # new, or renamed
            infons |= {"type": span.type}
        if tuple(identifiers(infons)) != span.identifiers:
            joined = "|".join(replace_forbidden(one, lost, r"\|") for one in span.identifiers)
            infons = without_identifiers(infons) | ({"identifier": joined} if joined else {})
        if span.score != score(infons):
            infons.pop("score", None)
            infons |= {"score": repr(span.score)} if span.score is not None else {}
        yield (
            span,
            {
                "id": entry["id"] if entry else next(fresh),
                "infons": infons,
                "text": document.mention(span),
                "locations": [{"offset": s, "length": e - s} for s, e in span.pieces],
            },
        )


def _written_unit(
    unit: Record,
    text: str,
    annotations: list[tuple[Span, dict[str, Any]]],
    gone: set[str],
    lost: Losses,
) -> dict[str, Any]:
    """A passage or sentence with text and annotations; takes these from the list."""
    start, end = unit["offset"], unit["offset"] + unit["length"]
    sentences = [_written_unit(s, text, annotations, gone, lost) for s in unit.get("sentences", ())]
    inside = [a for s, a in annotations if start <= s.start < end]
    annotations[:] = [(s, a) for s, a in annotations if not start <= s.start < end]
    return {
        "offset": start,
        "infons": dict(unit.get("infons", {})),
        "text": "" if sentences else text[start:end],
        "sentences": sentences,
        "annotations": inside,
        "relations": _alive(unit, gone, lost),
    }


def _gone(kept: Record, written: set[str]) -> set[str]:
    """Ids of the annotations that are no longer there, and of the relations that hang on them.

    What a node refers to besides is left alone: PubTator 3 has numbers of its own there.
    """
    entries = kept.get("annotations", {}).values()
    gone = {entry["id"] for values in entries for entry in values} - written
    relations = [r for unit in (kept, *units(kept)) for r in unit.get("relations", ())]
    while more := {r["id"] for r in relations if _hangs(r, gone)} - gone - {""}:
        gone |= more
    return gone


def _hangs(relation: Record, gone: set[str]) -> bool:
    return any(node["refid"] in gone for node in relation["nodes"])


def _alive(unit: Record, gone: set[str], lost: Losses) -> list[Record]:
    """Relations whose mentions are all still there."""
    relations = list(unit.get("relations", ()))
    alive = [relation for relation in relations if not _hangs(relation, gone)]
    lost[DANGLING] += len(relations) - len(alive)
    return alive


def collection(documents: Iterable[Document]) -> tuple[Record, Iterator[Document]]:
    """What the first document says about its collection, and all documents."""
    iterator = iter(documents)
    first = list(islice(iterator, 1))
    shared = (
        get_roundtrip_metadata(first[0], "bioc", Kept, Losses()).get("collection", {})
        if first
        else {}
    )
    return shared, chain(first, iterator)
