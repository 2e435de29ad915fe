"""doccano JSON Lines for sequence labeling: a text and ``[start, end, label]`` per mention.

Offsets are UTF-16 units, as on doccano's page, unless a project counts grapheme clusters (doccano
issue 2290). In an export, a text that has not been annotated looks like a text without mentions;
use doccano's option "export only approved documents" to exclude the former.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from vaner.formats.dialects.mentions import count_other_fields
from vaner.formats.json_records import read_json_records
from vaner.formats.json_stream import dump_line
from vaner.formats.json_values import (
    add_missing,
    check_pair,
    check_type,
    freeze,
    get_list,
)
from vaner.formats.losses import FRAGMENTS, IDENTIFIER, Losses, count_scores
from vaner.formats.roundtrip_metadata import get_roundtrip_metadata
from vaner.formats.skipped_records import SkipCounts, warn_skipped_records
from vaner.formats.source import InputFile, MalformedError, OnError
from vaner.formats.spans import make_span
from vaner.formats.utf16 import get_unit_offsets, to_code_point
from vaner.text.documents import Document, Span

_TEXT_FIELDS = ("text", "data")
_MENTION_FIELDS = ("label", "labels", "entities", "annotations")
_OTHERS = {"relations": "a relation", "Comments": "a comment", "comments": "a comment"}
# doccano assigns a new ``id`` to each text, but preserves other fields.
_ID_FIELD = "doc_id"
_KNOWN_FIELDS = {
    *_TEXT_FIELDS, *_MENTION_FIELDS, _ID_FIELD, "id", "relations", "Comments", "comments",
}  # fmt: skip


def read(
    path: str | Path, *, encoding: str = "utf-8", on_error: OnError | None = None
) -> Iterator[Document]:
    """Read the documents of an export, or of a file to import, of any version of doccano.

    A document is named by ``doc_id``, which vaner writes, else by doccano's ``id``, else after the
    file and the line number.

    Args:
        path: the file.
        encoding: encoding of the file.
        on_error: see `vaner.formats.read`.
    """
    file, skipped = InputFile(path, on_error), SkipCounts()
    for value, line, number, _ in read_json_records(file, encoding):
        with file.guard(line):
            record = check_type(value, dict, "a record")
            yield _to_document(record, f"{file.stem}-{number}", file, line)
            skipped.update(_count_others(record))
    warn_skipped_records(file, skipped)


def _count_others(record: Mapping[str, Any]) -> Counter[str]:
    """Return what a record contains in addition to its mentions, and its number."""
    used = next((field for field in _MENTION_FIELDS if record.get(field)), None)
    unused = {field: f"an entry of {field}" for field in _MENTION_FIELDS if field != used}
    counts = Counter[str]()
    for field, name in {**_OTHERS, **unused}.items():
        if isinstance(value := record.get(field), list):
            counts[name] += len(value)
    for entry in get_list(record, used) if used else ():
        count_other_fields(entry, counts, ("user", "created_at", "updated_at"))
    return +counts


def _to_document(
    record: Mapping[str, Any], default_id: str, file: InputFile, line: int
) -> Document:
    text = next((record[field] for field in _TEXT_FIELDS if field in record), None)
    text = check_type(text, str, "text")
    entries = next((record[field] for field in _MENTION_FIELDS if record.get(field)), None)
    given = record.get(_ID_FIELD, record.get("id"))
    id = default_id if given is None else str(given)
    unit_offsets, spans = get_unit_offsets(text), list[Span]()
    for entry in check_type(entries or [], list, "label"):
        with file.guard(line, given):
            spans.append(_make_span(text, unit_offsets, entry))
    stored = {k: freeze(v) for k, v in record.items() if k not in _KNOWN_FIELDS}
    metadata = {"doccano": stored} if stored else {}
    return Document(id, text, tuple(spans), metadata)


def _make_span(text: str, unit_offsets: Sequence[int], entry: Any) -> Span:
    if isinstance(entry, dict):
        entry = [entry.get(key) for key in ("start_offset", "end_offset", "label")]
    if not isinstance(entry, list) or len(entry) != 3:
        raise MalformedError(f"{entry!r} is not [start, end, label]")
    start, end = (to_code_point(unit_offsets, unit) for unit in check_pair(entry[:2]))
    return make_span(text, [(start, end)], check_type(entry[2], str, "label"))


def render(documents: Iterable[Document], losses: Losses) -> Iterator[str]:
    """Yield a line per document, to be imported into doccano as JSONL."""
    for document in documents:
        offsets = get_unit_offsets(document.text)
        count_scores(document.spans, losses)
        losses[FRAGMENTS] += sum(span.is_discontinuous for span in document.spans)
        losses[IDENTIFIER] += sum(len(span.identifiers) for span in document.spans)
        label = [[offsets[s.start], offsets[s.end], s.type] for s in document.spans]
        record = {"text": document.text, "label": label, _ID_FIELD: document.id}
        stored = get_roundtrip_metadata(document, "doccano", dict, losses)
        yield dump_line(add_missing(record, stored), losses) + "\n"
