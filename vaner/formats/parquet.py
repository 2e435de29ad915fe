"""Parquet: a table with a row per document, and its mentions in a column of lists.

The columns are ``id``, ``text``, ``spans`` (with the fields of JSON Lines) and ``metadata`` as
JSON, as in `vaner.integrations.datasets` and ``load_dataset("parquet", …)``. Other tables need a
column ``text``, or ``tokens`` with tags, or the columns of another program. Numeric tags have names
in tables written by Hugging Face datasets: see `vaner.formats.records`.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vaner.errors import VanerError, summarize_error
from vaner.formats.class_names import find_classes, get_item_feature
from vaner.formats.dialects.fields import IDS, MENTIONS, SOURCES, TAG_FIELDS
from vaner.formats.json_values import check_type, parse_object
from vaner.formats.losses import METADATA, Losses, replace_surrogates
from vaner.formats.mention_details import write_details
from vaner.formats.records import KNOWN_FIELDS, RecordReader
from vaner.formats.skipped_records import warn_skipped_records
from vaner.formats.source import InputFile, MalformedError, OnError
from vaner.text.documents import Document

if TYPE_CHECKING:
    import pyarrow as pa

_OTHER_PROGRAMS = {*SOURCES, *IDS, *MENTIONS, "title", "relations", "events", "coreferences"}
_COLUMNS = {*KNOWN_FIELDS, *TAG_FIELDS, *_OTHER_PROGRAMS}
_BATCH_SIZE = 256
"""Documents in a row group, which is what is held in memory."""


def read(
    path: str | Path, *, encoding: str = "utf-8", on_error: OnError | None = None
) -> Iterator[Document]:
    """Read the documents of a table, a few hundred at a time.

    A row without an id is named after the file and the row number. Errors name the row. Columns
    with unknown names are skipped, with a warning.

    Args:
        path: the file. Standard input is not supported: the index of a table is at its end.
        encoding: ignored, the text of a table is UTF-8.
        on_error: see `vaner.formats.read`.

    Raises:
        FormatError: if the table is broken or has no text, or if a row is not valid.
    """
    file, reader = InputFile(path, on_error), RecordReader()
    for number, (row, classes) in enumerate(_read_rows(file), 1):
        guard = partial(file.guard, location=f"row {number}")
        with guard():
            if row is None:
                raise MalformedError("a text is not UTF-8")
            yield from reader.read(_to_record(row), f"{file.stem}-", number, guard, classes)
    reader.warn(file)


def _read_rows(
    file: InputFile,
) -> Iterator[tuple[dict[str, Any] | None, Mapping[str, Sequence[str]]]]:
    """Yield the rows, each with the class names of its table; None for one that is not UTF-8.

    Raises:
        FormatError: for a damaged table, with the last row that could be read.
    """
    import pyarrow.parquet as pq

    if file.is_stdin:
        raise file.error("a Parquet table cannot be read from standard input; give a file")
    number = 0
    try:
        with pq.ParquetFile(file.path if file.data is None else io.BytesIO(file.data)) as table:
            names = table.schema_arrow.names
            if not set(SOURCES) & set(names):
                raise file.error(f"there is no column text; there are {', '.join(names) or 'none'}")
            known = [name for name in names if name in _COLUMNS]
            if unknown := [name for name in names if name not in known]:
                warn_skipped_records(file, {f"columns {', '.join(unknown)}": len(unknown)})
            classes = _get_classes(table.schema_arrow.metadata or {}) or find_classes(file)
            for batch in table.iter_batches(batch_size=_BATCH_SIZE, columns=known):
                for row in _to_rows(batch):
                    number += 1
                    yield row, classes
    except VanerError:
        raise
    except Exception as error:  # pyarrow raises errors of many types, also UnicodeDecodeError
        location = f" after row {number}" if number else ""
        message = f"cannot be read as Parquet{location}: {summarize_error(error)}"
        raise file.error(message) from None


def _to_rows(batch: pa.RecordBatch) -> list[dict[str, Any] | None]:
    """Return the rows of a batch; None for a row with a text that is not UTF-8."""
    try:
        return list(batch.to_pylist())
    except UnicodeDecodeError:
        if batch.num_rows == 1:
            return [None]
    return [row for number in range(batch.num_rows) for row in _to_rows(batch.slice(number, 1))]


def _get_classes(metadata: Mapping[bytes, bytes]) -> dict[str, Sequence[str]]:
    """Return column -> class names, as `datasets` stores them in a table."""
    try:
        features = json.loads(metadata.get(b"huggingface", b"{}"))["info"]["features"]
        elements = {name: get_item_feature(value) for name, value in features.items()}
        classes = {name: value["names"] for name, value in elements.items() if "names" in value}
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}
    return {
        column: names
        for column, names in classes.items()
        if all(isinstance(name, str) for name in names)
    }


def _to_record(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row without empty cells, as a record of JSON Lines."""
    record = {name: value for name, value in row.items() if value is not None}
    if "text" in row and "tokens" not in record:
        record.setdefault("text", "")
    if "metadata" in record:
        record["metadata"] = parse_object(check_type(record["metadata"], str, "metadata"))
    return record


def write_file(documents: Iterable[Document], path: Path, losses: Losses) -> Iterator[Document]:
    """Write a table, and yield each document after adding it.

    The table is closed properly if the documents end in an error. It cannot be read before it is
    closed, so a killed process leaves no readable table.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema, rows = _make_schema(), list[dict[str, Any]]()
    with pq.ParquetWriter(path, schema, compression="zstd") as table:
        try:
            for document in documents:
                rows.append(_make_row(document, losses))
                if len(rows) == _BATCH_SIZE:
                    table.write_table(pa.Table.from_pylist(rows, schema))
                    rows.clear()
                yield document
        finally:
            if rows:
                table.write_table(pa.Table.from_pylist(rows, schema))


def _make_schema() -> pa.Schema:
    import pyarrow as pa

    span = {
        "start": pa.int64(),
        "end": pa.int64(),
        "type": pa.string(),
        "text": pa.string(),
        "score": pa.float64(),
        "identifiers": pa.list_(pa.string()),
        "fragments": pa.list_(pa.list_(pa.int64())),
        "candidates": pa.list_(pa.struct({
            "id": pa.string(), "name": pa.string(), "score": pa.float64(),
        })),
        "context": pa.list_(pa.struct({
            "attribute": pa.string(), "start": pa.int64(), "end": pa.int64(), "text": pa.string(),
        })),
    }  # fmt: skip
    columns = {"id": pa.string(), "text": pa.string(), "spans": pa.list_(pa.struct(span))}
    return pa.schema({**columns, "metadata": pa.string()})


def _make_row(document: Document, losses: Losses) -> dict[str, Any]:
    text = replace_surrogates(document.text, losses)
    try:
        metadata = json.dumps(dict(document.metadata)) if document.metadata else None
    except (TypeError, ValueError):
        losses[METADATA] += 1
        metadata = None
    spans = [
        {
            "start": span.start,
            "end": span.end,
            "type": replace_surrogates(span.type, losses),
            "text": " ".join(text[start:end] for start, end in span.pieces),
            "score": span.score,
            "identifiers": [replace_surrogates(i, losses) for i in span.identifiers],
            "fragments": [list(piece) for piece in span.fragments],
            **write_details(text, span),
        }
        for span in document.spans
    ]
    id = replace_surrogates(document.id, losses)
    return {"id": id, "text": text, "spans": spans, "metadata": metadata}
