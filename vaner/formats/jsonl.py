"""JSON Lines: a document per line. The only text format that holds all of a document.

``{"id": "d1", "text": "Asthma.", "spans": [{"start": 0, "end": 6, "type": "Disease",
"text": "Asthma", "score": 0.9, "identifiers": ["MESH:D001249"]}], "metadata": {}}``

A mention also has ``fragments``, ``candidates`` and ``context``, if there are any.

A list of such records, and the records of other programs, are read as well: see
`vaner.formats.records` and `vaner.formats.dialects`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any

from vaner.formats.class_names import find_classes
from vaner.formats.json_records import read_json_records
from vaner.formats.json_stream import replace_surrogate_pairs
from vaner.formats.losses import METADATA, SCORE, Losses
from vaner.formats.mention_details import write_details
from vaner.formats.records import RecordReader
from vaner.formats.source import InputFile, OnError
from vaner.text.documents import Document, Span


def read(
    path: str | Path, *, encoding: str = "utf-8", on_error: OnError | None = None
) -> Iterator[Document]:
    """Read the documents of JSON Lines or of a JSON list. Unknown keys go to the metadata.

    A record without ``id`` is named after the file and the line number.

    Args:
        path: the file.
        encoding: encoding of the file.
        on_error: see `vaner.formats.read`.

    Warns:
        FormatWarning: once per file, if keys look like mentions and are not read.
    """
    file, reader = InputFile(path, on_error), RecordReader()
    classes = find_classes(file)
    for value, line, number, is_item in read_json_records(file, encoding):
        prefix = f"{file.stem}-"
        item = partial(guard_item, file, line, f"{prefix}{number}")
        guard = item if is_item else partial(file.guard, line)
        yield from reader.read(value, prefix, number, guard, classes)
    reader.warn(file)


def guard_item(
    file: InputFile, line: int | None, name: str, *, document: object = None
) -> AbstractContextManager[None]:
    """Guard an item of a list. Its line may hold others, so an item without an id is named, too.

    Args:
        file: the file.
        line: line of the item, if it has one.
        name: name of the document.
        document: id of the document, if it has one.
    """
    return file.guard(line, name if document is None else document)


def render(documents: Iterable[Document], losses: Losses) -> Iterator[str]:
    """Yield each document as a line."""
    for document in documents:
        text = replace_surrogate_pairs(document.text, losses)
        spans = [_make_entry(text, span, losses) for span in document.spans]
        record: dict[str, Any] = {"id": document.id, "text": text, "spans": spans}
        if document.metadata:
            record["metadata"] = dict(document.metadata)
        try:
            yield _dump(record) + "\n"
        except (TypeError, ValueError):
            losses[METADATA] += 1
            yield _dump({k: v for k, v in record.items() if k != "metadata"}) + "\n"


def _make_entry(text: str, span: Span, losses: Losses) -> dict[str, Any]:
    entry: dict[str, Any] = {"start": span.start, "end": span.end, "type": span.type}
    entry["text"] = " ".join(text[start:end] for start, end in span.pieces)
    if span.score is not None and math.isfinite(span.score):
        entry["score"] = span.score
    losses[SCORE] += span.score is not None and "score" not in entry
    if span.identifiers:
        entry["identifiers"] = list(span.identifiers)
    if span.fragments:
        entry["fragments"] = [list(piece) for piece in span.fragments]
    return {**entry, **write_details(text, span)}


def _dump(record: Mapping[str, Any]) -> str:
    line = json.dumps(record, ensure_ascii=False, allow_nan=False)
    try:
        line.encode()
    except UnicodeEncodeError:  # JSON can escape a lone surrogate, UTF-8 cannot hold it
        return json.dumps(record, allow_nan=False)
    return line
