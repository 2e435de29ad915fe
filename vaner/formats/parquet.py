"""Parquet: a table with a row for each document, and its mentions as a list in it.

The columns are ``id``, ``text``, ``spans`` (with the fields that they have in JSON Lines) and
``metadata`` as JSON. `vaner.integrations.datasets` and ``load_dataset("parquet", …)`` have the same
fields. Of a table from elsewhere ``text`` must be there, or ``tokens`` with their tags, whose
numbers are named where Hugging Face wrote the table: see `vaner.formats.records`.
"""

from __future__ import annotations

import io
import json
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vaner.formats.json_values import parsed, typed
from vaner.formats.records import KNOWN, TAGS, to_document, warn_unread_fields
from vaner.formats.skipped_records import SkippedRecordsWarning
from vaner.formats.source import InputFile, MalformedError, OnError
from vaner.formats.spans import METADATA, Losses, replace_surrogates
from vaner.text.documents import Document, SpanError

if TYPE_CHECKING:
    import pyarrow as pa

_COLUMNS = {*KNOWN, *TAGS}
_BATCH = 256
"""Documents in a row group, which is what is held in memory."""


def read(
    path: str | Path, *, encoding: str = "utf-8", on_error: OnError | None = None
) -> Iterator[Document]:
    """Documents of a table, a few hundred in memory at a time.

    A row without an id is named after the file and its number. Errors name the row. Columns of
    other names are left out, and told.

    Args:
        path: the file; standard input cannot be read, since a table's plan stands at its end.
        encoding: of no meaning here: a table's text is UTF-8.
        on_error: see `vaner.formats.read`.
    """
    import pyarrow as pa

    place, unread = InputFile(path, on_error), Counter[str]()
    try:
        for number, (row, classes) in enumerate(_rows(place), 1):
            guard = partial(_in_row, number, place)
            with guard():
                yield to_document(_record(row), f"{place.stem}-{number}", guard, unread, classes)
    except (pa.ArrowException, OSError) as problem:
        raise place.error(f"cannot be read as Parquet: {problem}") from None
    warn_unread_fields(place, unread)


def _rows(place: InputFile) -> Iterator[tuple[dict[str, Any], Mapping[str, Sequence[str]]]]:
    """The rows, each with the names of the classes in its table."""
    import pyarrow.parquet as pq

    if place.is_stdin:
        raise place.error("a Parquet table cannot be read from standard input; give a file")
    table = pq.ParquetFile(place.path if place.data is None else io.BytesIO(place.data))
    with table:
        names = table.schema_arrow.names
        if not {"text", "tokens"} & set(names):
            raise place.error(f"there is no column text; there are {', '.join(names) or 'none'}")
        known = [name for name in names if name in _COLUMNS]
        if others := [name for name in names if name not in known]:
            told = f"{place.name}: columns that are not read: {', '.join(others)}"
            warnings.warn(told, SkippedRecordsWarning, stacklevel=2)
        classes = _classes(table.schema_arrow.metadata or {})
        for batch in table.iter_batches(batch_size=_BATCH, columns=known):
            yield from ((row, classes) for row in batch.to_pylist())


def _classes(metadata: Mapping[bytes, bytes]) -> dict[str, Sequence[str]]:
    """Names of the numbers in each column of classes, as `datasets` writes them into a table."""
    try:
        features = json.loads(metadata.get(b"huggingface", b"{}"))["info"]["features"]
        lists = {name: one.get("feature", one) for name, one in features.items()}
        found = {name: one["names"] for name, one in lists.items() if "names" in one}
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}
    return {name: names for name, names in found.items() if all(isinstance(n, str) for n in names)}


def _record(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row without what it leaves empty, as a record of JSON Lines."""
    record = {name: value for name, value in row.items() if value is not None}
    if "text" in row and "tokens" not in record:
        record.setdefault("text", "")
    if "metadata" in record:
        record["metadata"] = parsed(typed(record["metadata"], str, "metadata"))
    return record


@contextmanager
def _in_row(number: int, place: InputFile) -> Iterator[None]:
    """Report what is wrong in the block with the number of its row: a table has no lines."""
    try:
        yield
    except (MalformedError, SpanError) as problem:
        place.report(f"row {number}: {problem}")


def write_file(documents: Iterable[Document], path: Path, lost: Losses) -> Iterator[Document]:
    """Write a table and hand each document on; it is closed properly where they end in an error.

    A table cannot be read before it is closed: a program that is killed leaves none.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema, rows = _schema(), list[dict[str, Any]]()
    with pq.ParquetWriter(path, schema, compression="zstd") as table:
        try:
            for document in documents:
                rows.append(_row(document, lost))
                if len(rows) == _BATCH:
                    table.write_table(pa.Table.from_pylist(rows, schema))
                    rows.clear()
                yield document
        finally:
            if rows:
                table.write_table(pa.Table.from_pylist(rows, schema))


def _schema() -> pa.Schema:
    import pyarrow as pa

    span = pa.struct({
        "start": pa.int64(),
        "end": pa.int64(),
        "type": pa.string(),
        "text": pa.string(),
        "score": pa.float64(),
        "identifiers": pa.list_(pa.string()),
        "fragments": pa.list_(pa.list_(pa.int64())),
    })  # fmt: skip
    columns = {"id": pa.string(), "text": pa.string(), "spans": pa.list_(span)}
    return pa.schema({**columns, "metadata": pa.string()})


def _row(document: Document, lost: Losses) -> dict[str, Any]:
    text = replace_surrogates(document.text, lost)
    try:
        metadata = json.dumps(dict(document.metadata)) if document.metadata else None
    except (TypeError, ValueError):
        lost[METADATA] += 1
        metadata = None
    spans = [
        {
            "start": span.start,
            "end": span.end,
            "type": replace_surrogates(span.type, lost),
            "text": " ".join(text[start:end] for start, end in span.pieces),
            "score": span.score,
            "identifiers": [replace_surrogates(one, lost) for one in span.identifiers],
            "fragments": [list(piece) for piece in span.fragments],
        }
        for span in document.spans
    ]
    return {
        "id": replace_surrogates(document.id, lost),
        "text": text,
        "spans": spans,
        "metadata": metadata,
    }
