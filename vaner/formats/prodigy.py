"""Prodigy tasks and answers as JSON Lines: a text and spans with start, end and label.

Offsets are code points; UTF-16 units are detected and converted. Only accepted answers of an export
become documents. If several annotators answered a text, only the latest answer does. Binary answers
are left out: they judge the mention that was shown and say nothing about others in the text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from typing_extensions import TypedDict

from vaner.formats.dialects.mentions import count_other_fields
from vaner.formats.json_records import JsonRecord, read_json_records
from vaner.formats.json_stream import dump_line
from vaner.formats.json_values import (
    add_missing,
    check_pair,
    check_probability,
    check_quoted,
    check_type,
    freeze,
    get_list,
)
from vaner.formats.losses import FRAGMENTS, Losses
from vaner.formats.offset_conventions import (
    Conversion,
    Quoted,
    are_converted_without_texts,
    find_conversion,
)
from vaner.formats.quotes import report_conversion
from vaner.formats.roundtrip_metadata import get_roundtrip_metadata
from vaner.formats.skipped_records import SkipCounts, warn_skipped_records
from vaner.formats.source import InputFile, MalformedError, OnError
from vaner.formats.spans import make_span
from vaner.text.documents import Document, Span

_SKIPPED_ANSWERS = {"reject": "rejected", "ignore": "ignored"}
_BINARY = "a binary answer, which judges one mention and not its text"
# The written record is a new task: Prodigy computes hashes, tokens and answers again.
_KNOWN_FIELDS = {"text", "spans", "tokens", "answer", "relations"}
_RELATION = "a relation"
SUPERSEDED = "an answer to a text with answers of several sessions"


class Stored(TypedDict, total=False):
    """What is stored of a record, in addition to fields with any other name."""

    meta: Mapping[str, Any] | None


def read(
    path: str | Path, *, encoding: str = "utf-8", on_error: OnError | None = None
) -> Iterator[Document]:
    """Read the documents of a file of tasks or answers.

    A document is named by ``id`` in the ``meta`` of its record, else by ``id`` of the record, else
    after the file and the line number.

    Args:
        path: the file.
        encoding: encoding of the file.
        on_error: see `vaner.formats.read`.
    """
    file, skipped = InputFile(path, on_error), SkipCounts()
    for record, line, number, _ in _select_answers(file, encoding, skipped):
        with file.guard(line):
            yield _to_document(record, f"{file.stem}-{number}", file, line)
            for span in get_list(record, "spans"):
                count_other_fields(span, skipped, ("identifiers",))
            relations = check_type(record.get("relations") or [], list, "relations")
            skipped.update({_RELATION: len(relations)} if relations else {})
    warn_skipped_records(file, skipped)


def _select_answers(file: InputFile, encoding: str, skipped: SkipCounts) -> Iterator[JsonRecord]:
    """Yield the accepted answers; of those of several sessions to one text, those of the latest.

    Each annotator has a session. Answers of a session are yielded when the file was read to its
    end, because later ones may replace them.
    """
    groups: dict[str, list[JsonRecord]] = {}
    for record in read_json_records(file, encoding):
        with file.guard(record.line):
            value = check_type(record.value, dict, "a record")
            if reason := _get_skip_reason(value):
                skipped[reason] += 1
            elif None in (value.get("_input_hash"), value.get("_session_id")):
                yield record
            else:
                groups.setdefault(str(value["_input_hash"]), []).append(record)
    for group in groups.values():
        # reversed: of answers given at the same time, the last one of the file is the latest
        session = max(reversed(group), key=_get_time).value["_session_id"]
        selected = [record for record in group if record.value["_session_id"] == session]
        yield from selected
        others = len(group) - len(selected)
        skipped.update({SUPERSEDED: others} if others else {})


def _get_time(record: JsonRecord) -> float:
    time = record.value.get("_timestamp")
    return time if isinstance(time, int | float) else 0


def _get_skip_reason(record: Mapping[str, Any]) -> str | None:
    """Return why a record must not be used, or None."""
    answer = check_type(record.get("answer", "accept"), str, "answer")
    if answer in _SKIPPED_ANSWERS:
        return _SKIPPED_ANSWERS[answer]
    if answer != "accept":
        raise MalformedError(f"answer is {answer!r}, expected accept, reject or ignore")
    return _BINARY if record.get("_is_binary") else None


def _to_document(
    record: Mapping[str, Any], default_id: str, file: InputFile, line: int
) -> Document:
    text = check_type(record.get("text"), str, "text")
    meta = check_type(record.get("meta") or {}, dict, "meta")
    given = meta.get("id", record.get("id"))
    id, spans = default_id if given is None else str(given), []
    entries = check_type(record.get("spans") or [], list, "spans")
    conversion = find_conversion(text, list(_get_mentions(entries)))
    if conversion:
        report_conversion(conversion.description, id)
    for entry in entries:
        with file.guard(line, given):
            spans.append(_make_span(text, check_type(entry, dict, "a span"), conversion))
    stored = {k: freeze(v) for k, v in record.items() if k not in _KNOWN_FIELDS and k[:1] != "_"}
    metadata = {"prodigy": stored} if stored else {}
    return Document(id, text, tuple(spans), metadata)


def _get_mentions(entries: Iterable[Any]) -> Iterator[Quoted]:
    """Yield piece and text of the spans; malformed ones are reported later."""
    for entry in entries:
        with suppress(MalformedError):
            entry = check_type(entry, dict, "a span")
            yield [_get_piece(entry)], _get_quote(entry)


def _get_piece(entry: Mapping[str, Any]) -> tuple[int, int]:
    return check_pair((entry.get("start"), entry.get("end")))


def _get_quote(entry: Mapping[str, Any]) -> str | None:
    return check_quoted(entry, "text of a span")


def _make_span(text: str, entry: Mapping[str, Any], conversion: Conversion | None) -> Span:
    pieces = [_get_piece(entry)]
    identifiers = check_type(entry.get("identifiers") or [], list, "identifiers")
    return make_span(
        text,
        conversion.apply(pieces) if conversion else pieces,
        check_type(entry.get("label", ""), str, "label"),
        quoted=_get_quote(entry),
        score=check_probability(entry.get("score")),
        identifiers=map(str, identifiers),
    )


def render(documents: Iterable[Document], losses: Losses) -> Iterator[str]:
    """Yield a task per document. Scores and identifiers are fields of its spans."""
    for document in documents:
        text, spans = document.text, [_make_entry(span, losses) for span in document.spans]
        if are_converted_without_texts(text, [[(s["start"], s["end"])] for s in spans]):
            spans = [{**span, "text": text[span["start"] : span["end"]]} for span in spans]
        stored = get_roundtrip_metadata(document, "prodigy", Stored, losses)
        meta = {**(stored.get("meta") or {}), "id": document.id}
        record = {"text": text, "spans": spans, "meta": meta}
        yield dump_line(add_missing(record, stored), losses) + "\n"


def _make_entry(span: Span, losses: Losses) -> dict[str, Any]:
    losses[FRAGMENTS] += span.is_discontinuous
    entry: dict[str, Any] = {"start": span.start, "end": span.end, "label": span.type}
    if span.score is not None:
        entry["score"] = span.score
    if span.identifiers:
        entry["identifiers"] = list(span.identifiers)
    return entry
