"""JSON Lines: one document a line, the one format that holds all that a document holds.

``{"id": "d1", "text": "Asthma.", "spans": [{"start": 0, "end": 6, "type": "Disease",
"text": "Asthma", "score": 0.9, "identifiers": ["MESH:D001249"]}], "metadata": {}}``

The dialects in which corpora are handed round are read too: see `vaner.formats.records`.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from vaner.formats.json_stream import unpaired
from vaner.formats.json_values import parsed
from vaner.formats.records import to_document, warn_unread_fields
from vaner.formats.source import InputFile, OnError, read_nonempty_lines
from vaner.formats.spans import METADATA, SCORE, Losses
from vaner.text.documents import Document, Span


def read(
    path: str | Path, *, encoding: str = "utf-8", on_error: OnError | None = None
) -> Iterator[Document]:
    """Documents of a JSON Lines file; keys that are not ours go to the metadata.

    A record without ``id`` is named after the file and the number of the line.

    Warns:
        FormatWarning: once a file, of keys that look like mentions and are not read.
    """
    place, unread = InputFile(path, on_error), Counter[str]()
    for number, line in read_nonempty_lines(place, encoding):
        guard = partial(place.guard, number)
        with guard():
            yield to_document(parsed(line), f"{place.stem}-{number}", guard, unread)
    warn_unread_fields(place, unread)


def render(documents: Iterable[Document], lost: Losses) -> Iterator[str]:
    """One line a document."""
    for document in documents:
        text = unpaired(document.text, lost)
        spans = [_entry(text, span, lost) for span in document.spans]
        record: dict[str, Any] = {"id": document.id, "text": text, "spans": spans}
        if document.metadata:
            record["metadata"] = dict(document.metadata)
        try:
            yield _dump(record) + "\n"
        except (TypeError, ValueError):
            lost[METADATA] += 1
            yield _dump({k: v for k, v in record.items() if k != "metadata"}) + "\n"


def _entry(text: str, span: Span, lost: Losses) -> dict[str, Any]:
    entry: dict[str, Any] = {"start": span.start, "end": span.end, "type": span.type}
    entry["text"] = " ".join(text[start:end] for start, end in span.pieces)
    if span.score is not None and math.isfinite(span.score):
        entry["score"] = span.score
    lost[SCORE] += span.score is not None and "score" not in entry
    if span.identifiers:
        entry["identifiers"] = list(span.identifiers)
    if span.fragments:
        entry["fragments"] = [list(piece) for piece in span.fragments]
    return entry


def _dump(record: Mapping[str, Any]) -> str:
    line = json.dumps(record, ensure_ascii=False, allow_nan=False)
    try:
        line.encode()
    except UnicodeEncodeError:  # a lone surrogate, which JSON can escape and UTF-8 cannot hold
        return json.dumps(record, allow_nan=False)
    return line
