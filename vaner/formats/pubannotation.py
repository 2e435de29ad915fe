"""PubAnnotation JSON: a text with denotations, their attributes, and relations between them.

`{"text": "Gout.", "sourcedb": "PubMed", "sourceid": "1", "denotations": [{"id": "T1",
"span": {"begin": 0, "end": 4}, "obj": "Disease"}]}`. A discontinuous mention has a list of spans.
Identifiers and scores of mentions are attributes with the predicates `identifier` and `score`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from typing_extensions import TypedDict

from vaner.formats.dialects.mentions import count_other_fields
from vaner.formats.identifiers import join_identifiers, split_identifiers
from vaner.formats.json_records import read_json_records
from vaner.formats.json_stream import dump_line, replace_surrogate_pairs, write_elements
from vaner.formats.json_values import (
    add_missing,
    check_pair,
    check_probability,
    check_quoted,
    check_type,
    freeze,
    is_integer,
)
from vaner.formats.losses import DANGLING, Losses
from vaner.formats.offset_conventions import (
    Conversion,
    Quoted,
    are_converted_without_texts,
    find_conversion,
)
from vaner.formats.quotes import report_conversion
from vaner.formats.roundtrip_metadata import get_roundtrip_metadata, with_roundtrip_metadata
from vaner.formats.skipped_records import SkipCounts, warn_skipped_records
from vaner.formats.source import InputFile, MalformedError, OnError
from vaner.formats.spans import make_span, recall, remember, separate_removed
from vaner.formats.trailer import with_trailer
from vaner.text.documents import Document, Span

KEY = "pubannotation"
IDENTIFIER, SCORE = "identifier", "score"
_LINKED = ("relations", "attributes", "modifications")
_KNOWN = {"text", "denotations", "tracks", *_LINKED}

Attributes = Mapping[str, list[Mapping[str, Any]]]
"""Id of a denotation -> its attributes."""


class Stored(TypedDict, total=False):
    """What is stored of a document: ids of its mentions, what refers to them, and other fields."""

    ids: Mapping[str, Sequence[str]]
    relations: Sequence[Mapping[str, Any]]
    attributes: Sequence[Mapping[str, Any]]
    modifications: Sequence[Mapping[str, Any]]
    fields: Mapping[str, Any]


def read(
    path: str | Path, *, encoding: str = "utf-8", on_error: OnError | None = None
) -> Iterator[Document]:
    """Read the documents of a file: an object, a list of objects, or an object per line.

    A document is named by its ``sourceid``, followed by ``divid`` if it is a part of a document.

    Args:
        path: the file.
        encoding: encoding of the file.
        on_error: see `vaner.formats.read`.
    """
    file, skipped = InputFile(path, on_error), SkipCounts()
    for value, line, number, is_item in read_json_records(file, encoding):
        name = _get_name(value) or f"{file.stem}-{number}"
        # The line of an item of a list may hold others, so an item without an id is named, too.
        known = name if is_item else _get_name(value)
        with file.guard(line, known):
            record = check_type(value, dict, "a document")
            yield _to_document(record, name, partial(file.guard, line, known), skipped)
    warn_skipped_records(file, skipped)


def _get_name(record: Any) -> str:
    """Return the id of a document, or an empty string if it has none."""
    if not isinstance(record, dict):
        return ""
    return "-".join(str(record[k]) for k in ("sourceid", "divid") if record.get(k) is not None)


def _to_document(
    record: Mapping[str, Any],
    id: str,
    guard: Callable[[], AbstractContextManager[None]],
    skipped: SkipCounts,
) -> Document:
    text = check_type(record.get("text"), str, "text")
    attributes: dict[str, list[Mapping[str, Any]]] = {}
    for attribute in _get_objects(record, "attributes"):
        attributes.setdefault(str(attribute.get("subj")), []).append(attribute)
    spans, ids = list[Span](), list[str]()
    denotations = _get_denotations(record, skipped)
    conversion = find_conversion(text, list(_get_mentions(denotations)))
    if conversion:
        report_conversion(conversion.description, id)
    for denotation in denotations:
        with guard():
            count_other_fields(denotation, skipped)
            spans.append(_make_span(text, denotation, attributes, conversion))
            ids.append(str(denotation.get("id") or ""))
    metadata = {KEY: stored} if (stored := _make_stored(record, spans, ids)) else {}
    return Document(id, text, tuple(spans), metadata)


def _get_denotations(record: Mapping[str, Any], skipped: SkipCounts) -> list[Mapping[str, Any]]:
    """Return the denotations of a document, those of all projects if they are in tracks."""
    denotations = list(_get_objects(record, "denotations"))
    for track in _get_objects(record, "tracks"):
        # Ids of different tracks may be equal, so that nothing can refer to them.
        denotations += [{**d, "id": None} for d in _get_objects(track, "denotations")]
        counts = {f"{name} of a track": len(_get_objects(track, name)) for name in _LINKED}
        skipped.update({name: count for name, count in counts.items() if count})
    return denotations


def _get_mentions(denotations: Iterable[Mapping[str, Any]]) -> Iterator[Quoted]:
    """Yield pieces and text of the denotations; malformed ones are reported later."""
    for denotation in denotations:
        with suppress(MalformedError):
            yield _get_pieces(denotation), _get_quote(denotation)


def _get_pieces(denotation: Mapping[str, Any]) -> list[tuple[int, int]]:
    is_flat = "span" not in denotation and bool(denotation.keys() & {"begin", "start"})
    value = denotation if is_flat else denotation.get("span")
    spans = value if isinstance(value, list) and not _is_pair(value) else [value]
    if not spans:
        raise MalformedError("a denotation has no span")
    return [_to_piece(span) for span in spans]


def _get_quote(denotation: Mapping[str, Any]) -> str | None:
    return check_quoted(denotation, "text of a denotation")


def _make_span(
    text: str,
    denotation: Mapping[str, Any],
    attributes: Attributes,
    conversion: Conversion | None,
) -> Span:
    pieces = _get_pieces(denotation)
    linked = attributes.get(str(denotation.get("id")), [])
    scores = [a.get("obj") for a in linked if a.get("pred") == SCORE]
    fields = [str(a.get("obj")) for a in linked if a.get("pred") == IDENTIFIER]
    return make_span(
        text,
        conversion.apply(pieces) if conversion else pieces,
        check_type(denotation.get("obj", ""), str, "obj"),
        quoted=_get_quote(denotation),
        score=check_probability(scores[0]) if scores else None,
        identifiers=[name for field in fields for name in split_identifiers(field)],
    )


def _is_pair(value: Sequence[Any]) -> bool:
    return len(value) == 2 and all(map(is_integer, value))


def _to_piece(span: Any) -> tuple[int, int]:
    """Return a span as a pair: `{"begin": 0, "end": 4}`, or `[0, 4]` as other programs write it."""
    if isinstance(span, list):
        return check_pair(span)
    span = check_type(span, dict, "a span")
    return check_pair((span.get("begin", span.get("start")), span.get("end")))


def _make_stored(
    record: Mapping[str, Any], spans: Sequence[Span], ids: Sequence[str]
) -> dict[str, Any]:
    """Return what is needed to write the document again."""
    stored: dict[str, Any] = {}
    for name in _LINKED:
        if entries := [e for e in _get_objects(record, name) if not _is_ours(name, e)]:
            stored[name] = freeze(entries)
    if any(ids):
        stored["ids"] = remember(spans, ids)
    if fields := {k: freeze(v) for k, v in record.items() if k not in _KNOWN}:
        stored["fields"] = fields
    return stored


def _is_ours(name: str, entry: Mapping[str, Any]) -> bool:
    return name == "attributes" and entry.get("pred") in (IDENTIFIER, SCORE)


def _get_objects(record: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    entries = check_type(record.get(name) or [], list, name)
    return [check_type(entry, dict, f"an entry of {name}") for entry in entries]


def count_unsupported(document: Document) -> int:
    """Count the stored relations, attributes and modifications."""
    stored = get_roundtrip_metadata(document, KEY, Stored, Losses())
    return sum(len(stored.get(name, ())) for name in _LINKED)


def drop_dangling(document: Document, losses: Losses) -> Document:
    """Return the document without what refers to mentions that no longer exist.

    Args:
        document: the document.
        losses: counts the relations, attributes and modifications that are left out.
    """
    stored = get_roundtrip_metadata(document, KEY, Stored, Losses())
    ids, removed = separate_removed(document.spans, stored.get("ids", {}))
    gone = {*removed} - {id for values in ids.values() for id in values}
    if not removed:
        return document
    current = {**stored, "ids": ids}
    for name in _LINKED:
        entries = stored.get(name, ())
        # An attribute may describe a relation, so those that lose a mention are gone as well.
        lost = [bool(gone & {str(e.get("subj")), str(e.get("obj"))}) for e in entries]
        gone |= {str(e.get("id")) for e, is_lost in zip(entries, lost, strict=True) if is_lost}
        alive = [e for e, is_lost in zip(entries, lost, strict=True) if not is_lost]
        losses[DANGLING] += len(entries) - len(alive)
        current[name] = tuple(alive)
    return with_roundtrip_metadata(document, KEY, current)


def render(documents: Iterable[Document], losses: Losses) -> Iterator[str]:
    """Yield a list of documents, one per line, closed even if the documents raise an error."""
    yield "["
    records = (dump_line(_make_record(document, losses), losses) for document in documents)
    yield from with_trailer(write_elements(records), "\n]\n")


def _make_record(document: Document, losses: Losses) -> dict[str, Any]:
    stored = get_roundtrip_metadata(document, KEY, Stored, losses)
    text = replace_surrogate_pairs(document.text, losses)
    ids = _assign_ids(document, stored)
    denotations, attributes = list[dict[str, Any]](), list[dict[str, Any]]()
    is_quoted = are_converted_without_texts(text, [span.pieces for span in document.spans])
    for id, span in zip(ids, document.spans, strict=True):
        pieces = [{"begin": start, "end": end} for start, end in span.pieces]
        location = pieces if len(pieces) > 1 else pieces[0]
        quote = {"text": " ".join(text[start:end] for start, end in span.pieces)}
        entry = {"id": id, "span": location, "obj": span.type}
        denotations.append(entry | quote if is_quoted else entry)
        names = (join_identifiers([name], losses) for name in span.identifiers)
        values: list[tuple[str, Any]] = [(IDENTIFIER, name) for name in names if name]
        values += [(SCORE, span.score)] if span.score is not None else []
        attributes += [{"subj": id, "pred": name, "obj": value} for name, value in values]
    linked = {name: list(stored.get(name, ())) for name in _LINKED}
    used = {str(entry.get("id")) for entry in linked["attributes"]}
    free = (f"A{n}" for n in range(1, len(used) + len(attributes) + 1) if f"A{n}" not in used)
    linked["attributes"] += [{"id": next(free), **attribute} for attribute in attributes]
    fields = stored.get("fields", {})
    record: dict[str, Any] = {"text": text, "denotations": denotations}
    record |= {name: entries for name, entries in linked.items() if entries}
    if document.id != "-".join(str(fields[k]) for k in ("sourceid", "divid") if k in fields):
        record["sourceid"] = document.id
        fields = {name: value for name, value in fields.items() if name != "divid"}
    return add_missing(record, fields)


def _assign_ids(document: Document, stored: Mapping[str, Any]) -> list[str]:
    """Return the stored ids of the mentions, and unused ones for other mentions."""
    known = stored.get("ids", {})
    used = {id for ids in known.values() for id in ids}
    free = (f"T{n}" for n in range(1, len(used) + len(document.spans) + 1) if f"T{n}" not in used)
    return [id or next(free) for id in recall(document.spans, known)]
