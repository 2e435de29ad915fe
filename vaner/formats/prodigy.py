"""Prodigy's tasks and answers as JSON Lines: a text and spans with start, end and label.

Offsets are code points. Of an export only what was accepted is a document. A binary answer judges
the mention that was shown and says nothing of the others in its text, so it is none either.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from typing_extensions import TypedDict

from vaner.formats.json_stream import dump
from vaner.formats.json_values import beside, frozen, pair, parsed, probability, typed
from vaner.formats.roundtrip_metadata import get_roundtrip_metadata
from vaner.formats.skipped_records import SkipCounts, warn_skipped_records
from vaner.formats.source import InputFile, MalformedError, OnError, read_nonempty_lines
from vaner.formats.spans import FRAGMENTS, Losses, make_span
from vaner.text.documents import Document, Span

_UNUSED = {"reject": "rejected", "ignore": "ignored"}
_BINARY = "a binary answer, which judges one mention and not its text"
# What is written is a task of its own: Prodigy makes hashes, tokens and answers anew.
_KNOWN = {"text", "spans", "tokens", "answer"}


class Kept(TypedDict, total=False):
    """What is kept of a record, besides fields of any name."""

    meta: Mapping[str, Any] | None


def read(
    path: str | Path, *, encoding: str = "utf-8", on_error: OnError | None = None
) -> Iterator[Document]:
    """Documents of a file of tasks or answers.

    A record is named by the ``id`` in its ``meta``, else by its own, else after the file and the
    number of its line.
    """
    place, unused = InputFile(path, on_error), SkipCounts()
    for number, line in read_nonempty_lines(place, encoding):
        with place.guard(number):
            record = parsed(line)
            if reason := _reason(record):
                unused[reason] += 1
            else:
                yield _document(record, f"{place.stem}-{number}", place, number)
    warn_skipped_records(place, unused)


def _reason(record: Mapping[str, Any]) -> str | None:
    """Why a record is not to be used; None where it is."""
    answer = typed(record.get("answer", "accept"), str, "answer")
    if answer in _UNUSED:
        return _UNUSED[answer]
    if answer != "accept":
        raise MalformedError(f"answer is {answer!r}, expected accept, reject or ignore")
    return _BINARY if record.get("_is_binary") else None


def _document(record: Mapping[str, Any], name: str, place: InputFile, line: int) -> Document:
    text = typed(record.get("text"), str, "text")
    spans = []
    for entry in typed(record.get("spans") or [], list, "spans"):
        with place.guard(line):
            spans.append(_span(text, typed(entry, dict, "a span")))
    meta = typed(record.get("meta") or {}, dict, "meta")
    id = meta.get("id", record.get("id"))
    kept = {k: frozen(v) for k, v in record.items() if k not in _KNOWN and k[:1] != "_"}
    metadata = {"prodigy": kept} if kept else {}
    return Document(name if id is None else str(id), text, tuple(spans), metadata)


def _span(text: str, entry: Mapping[str, Any]) -> Span:
    quoted = entry.get("text")
    return make_span(
        text,
        [pair((entry.get("start"), entry.get("end")))],
        typed(entry.get("label", ""), str, "label"),
        quoted=None if quoted is None else typed(quoted, str, "text of a span"),
        score=probability(entry.get("score")),
        identifiers=[str(i) for i in typed(entry.get("identifiers") or [], list, "identifiers")],
    )


def render(documents: Iterable[Document], lost: Losses) -> Iterator[str]:
    """One task a line, to be corrected; scores and identifiers stand in its spans."""
    for document in documents:
        spans = [_entry(span, lost) for span in document.spans]
        kept = get_roundtrip_metadata(document, "prodigy", Kept, lost)
        meta = {**(kept.get("meta") or {}), "id": document.id}
        own = {"text": document.text, "spans": spans, "meta": meta}
        yield dump(beside(own, kept), lost) + "\n"


def _entry(span: Span, lost: Losses) -> dict[str, Any]:
    lost[FRAGMENTS] += span.is_discontinuous
    entry: dict[str, Any] = {"start": span.start, "end": span.end, "label": span.type}
    if span.score is not None:
        entry["score"] = span.score
    if span.identifiers:
        entry["identifiers"] = list(span.identifiers)
    return entry
