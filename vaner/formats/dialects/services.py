"""The output of services: BERN2, Dataturks, KAZU, and the pipelines of `transformers`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from statistics import fmean
from typing import Any

from vaner.formats.dialects.mentions import count_other_fields, normalize_mention
from vaner.formats.identifiers import read_identifiers
from vaner.formats.json_values import check_type, get_list, is_integer
from vaner.formats.skipped_records import SkipCounts

_KAZU_FIELDS = ("spans", "mappings")


def is_bern2(record: Any) -> bool:
    """Return whether a record is an answer of BERN2: annotations with `obj` and `span`."""
    if not isinstance(record, dict) or not isinstance(record.get("text"), str):
        return False
    entries = record.get("annotations")
    return isinstance(entries, list) and any(
        isinstance(entry, dict) and {"obj", "span"} <= entry.keys() for entry in entries
    )


def convert_bern2(record: Mapping[str, Any], skipped: SkipCounts) -> Iterator[dict[str, Any]]:
    """Yield an answer of BERN2 as a record of our JSON Lines; the PMID is its id."""
    spans = []
    for entry in record["annotations"]:
        ids = entry.get("id") if isinstance(entry, dict) else None
        concepts = list(read_identifiers({"identifier": ids}))
        for span in normalize_mention(entry, skipped):
            spans.append({**span, "identifiers": concepts} if isinstance(span, dict) else span)
    yield {"id": record.get("pmid") or record.get("id"), "text": record["text"], "spans": spans}


def is_dataturks(record: Any) -> bool:
    """Return whether a record is a text of Dataturks: annotations with `label` and `points`."""
    entries = record.get("annotation") if isinstance(record, dict) else None
    return isinstance(entries, list) and any(
        isinstance(entry, dict) and isinstance(entry.get("points"), list) for entry in entries
    )


def convert_dataturks(record: Mapping[str, Any], skipped: SkipCounts) -> Iterator[dict[str, Any]]:
    """Yield a text of Dataturks, whose end offsets include the last character."""
    spans = list[Any]()
    for entry in record["annotation"]:
        points = entry.get("points") if isinstance(entry, dict) else None
        for point in points if isinstance(points, list) else [entry]:
            if not isinstance(point, dict) or not is_integer(point.get("end")):
                spans.append(point)  # the reader reports it
                continue
            fields = {"text": point.get("text"), "labels": entry.get("label")}
            span = {"start": point.get("start"), "end": point["end"] + 1, **fields}
            spans += normalize_mention(span, skipped)
    text = record.get("content", record.get("text"))
    yield {"id": record.get("id"), "text": text, "spans": spans}


def is_kazu(record: Any) -> bool:
    """Return whether a record is a document of KAZU: sections with entities."""
    sections = record.get("sections") if isinstance(record, dict) else None
    return isinstance(sections, list) and any(
        isinstance(section, dict) and {"text", "entities"} <= section.keys() for section in sections
    )


def convert_kazu(record: Mapping[str, Any], skipped: SkipCounts) -> Iterator[dict[str, Any]]:
    """Yield a document of KAZU: its sections joined by line breaks."""
    text, spans = "", []
    for number, section in enumerate(record["sections"]):
        text += "\n" if number else ""
        section = check_type(section, dict, "a section")
        for entity in get_list(section, "entities"):
            count_other_fields(entity, skipped, _KAZU_FIELDS)
            for span in normalize_mention(_read_kazu_entity(entity)):
                spans.append(_shift(span, len(text)))
        text += check_type(section.get("text") or "", str, "text")
    yield {"id": record.get("idx"), "text": text, "spans": spans}


def _read_kazu_entity(entity: Any) -> Any:
    """Return an entity with the names of our fields; discontinuous ones have several spans."""
    if not isinstance(entity, dict) or "entity_class" not in entity:
        return entity
    mappings = get_list(entity, "mappings")
    concepts = [str(item["idx"]) for item in mappings if isinstance(item, dict) and "idx" in item]
    return {
        "start": entity.get("start"),
        "end": entity.get("end"),
        "span": entity.get("spans"),
        "type": entity.get("entity_class"),
        "text": entity.get("match"),
        "identifiers": concepts,
    }


def _shift(span: Any, offset: int) -> Any:
    """Return a mention moved to the offsets of the document; the reader reports a bad one."""
    if not isinstance(span, dict) or not all(
        is_integer(span.get(name)) for name in ("start", "end")
    ):
        return span
    shifted = {**span, "start": span["start"] + offset, "end": span["end"] + offset}
    if "fragments" in span:
        shifted["fragments"] = [[start + offset, end + offset] for start, end in span["fragments"]]
    return shifted


def is_pipeline(record: Any) -> bool:
    """Return whether a record has the entities of a pipeline, a tag for each subword."""
    entities = record.get("entities") if isinstance(record, dict) else None
    return isinstance(entities, list) and any(
        isinstance(entity, dict) and {"entity", "word"} <= entity.keys() for entity in entities
    )


def convert_pipeline(record: Mapping[str, Any], skipped: SkipCounts) -> Iterator[dict[str, Any]]:
    """Yield a text with the mentions of its tagged subwords; their score is the mean."""
    groups: list[list[dict[str, Any]]] = []
    others: list[Any] = []
    for entity in record["entities"]:
        if not isinstance(entity, dict) or not isinstance(entity.get("entity"), str):
            others += normalize_mention(entity, skipped)
        elif groups and _continues(entity, groups[-1][-1], str(record.get("text"))):
            groups[-1].append(entity)
        else:
            groups.append([entity])
    spans = [_merge(group) for group in groups]
    yield {**record, "entities": None, "spans": [*spans, *others]}


def _continues(entity: Mapping[str, Any], last: Mapping[str, Any], text: str) -> bool:
    """Return whether a subword belongs to the mention of the subword before it."""
    start, end = entity.get("start"), last.get("end")
    if not is_integer(start) or not is_integer(end) or _get_type(entity) != _get_type(last):
        return False
    gap = text[end:start]
    is_same_word = start == end and not _is_begin(entity)
    is_subword = start == end and str(entity.get("word")).startswith("##")
    return is_subword or is_same_word or (not _is_begin(entity) and start > end and gap.isspace())


def _merge(group: list[dict[str, Any]]) -> dict[str, Any]:
    scores = [entity["score"] for entity in group if isinstance(entity.get("score"), int | float)]
    merged = {"start": group[0].get("start"), "end": group[-1].get("end")}
    merged["type"] = _get_type(group[0])
    return {**merged, "score": fmean(scores)} if scores else merged


def _is_begin(entity: Mapping[str, Any]) -> bool:
    return str(entity["entity"])[:2] in ("B-", "S-", "U-")


def _get_type(entity: Mapping[str, Any]) -> str:
    tag = str(entity["entity"])
    return tag[2:] if tag[1:2] in ("-", "_") and tag[0] in "BIESLU" else tag
