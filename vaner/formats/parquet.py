"""Parquet: a table with a row for each document, and its mentions as a list in it.

The columns are ``id``, ``text``, ``spans`` (with the fields that they have in JSON Lines) and
``metadata`` as JSON. `vaner.interfaces.datasets` and ``load_dataset("parquet", …)`` have the same
fields. Of a table from elsewhere only ``text`` must be there.
"""

from __future__ import annotations

import io
import json
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vaner.documents import Document, Span, SpanError
from vaner.formats.json_values import frozen, pair, parsed, probability, reaching, typed
from vaner.formats.left_out import LeftOutWarning
from vaner.formats.source import MalformedError, OnError, Place
from vaner.formats.spans import METADATA, Lost, check_span, plain

if TYPE_CHECKING:
    import pyarrow as pa

_COLUMNS = ("id", "text", "spans", "metadata")
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

    place = Place(path, on_error)
    try:
        number = 0
        for batch in _batches(place):
            for row in batch.to_pylist():
                number += 1
                with _in_row(number, place):
                    yield _document(row, number, place)
    except (pa.ArrowException, OSError) as problem:
        raise place.error(f"cannot be read as Parquet: {problem}") from None


def _batches(place: Place) -> Iterator[Any]:
    import pyarrow.parquet as pq

    if place.stdin:
        raise place.error("a Parquet table cannot be read from standard input; give a file")
    table = pq.ParquetFile(place.path if place.data is None else io.BytesIO(place.data))
    with table:
        names = table.schema_arrow.names
        if "text" not in names:
            raise place.error(f"there is no column text; there are {', '.join(names) or 'none'}")
        known = [name for name in _COLUMNS if name in names]
        if others := [name for name in names if name not in known]:
            told = f"{place.name}: columns that are not read: {', '.join(others)}"
            warnings.warn(told, LeftOutWarning, stacklevel=2)
        yield from table.iter_batches(batch_size=_BATCH, columns=known)


@contextmanager
def _in_row(number: int, place: Place) -> Iterator[None]:
    """Report what is wrong in the block with the number of its row: a table has no lines."""
    try:
        yield
    except (MalformedError, SpanError) as problem:
        place.report(f"row {number}: {problem}")


def _document(row: Mapping[str, Any], number: int, place: Place) -> Document:
    text = typed("" if row["text"] is None else row["text"], str, "text")
    metadata = frozen(parsed(typed(row.get("metadata") or "{}", str, "metadata")))
    name = f"{place.stem}-{number}" if row.get("id") is None else str(row["id"])
    spans = list[Span]()
    for entry in typed(row.get("spans") or [], list, "spans"):
        with _in_row(number, place):
            spans.append(_span(text, typed(entry, dict, "a span")))
    return Document(name, text, tuple(spans), metadata)


def _span(text: str, entry: Mapping[str, Any]) -> Span:
    given = entry.get("fragments") or [(entry.get("start"), entry.get("end"))]
    quoted = entry.get("text")
    span = check_span(
        text,
        [pair(piece) for piece in given],
        typed(entry.get("type"), str, "type"),
        quoted=None if quoted is None else typed(quoted, str, "text of a span"),
        score=probability(entry.get("score")),
        identifiers=[str(i) for i in entry.get("identifiers") or ()],
    )
    return reaching(span, entry)


def write_file(documents: Iterable[Document], path: Path, lost: Lost) -> Iterator[Document]:
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


def _row(document: Document, lost: Lost) -> dict[str, Any]:
    text = plain(document.text, lost)
    try:
        metadata = json.dumps(dict(document.metadata)) if document.metadata else None
    except (TypeError, ValueError):
        lost[METADATA] += 1
        metadata = None
    spans = [
        {
            "start": span.start,
            "end": span.end,
            "type": plain(span.type, lost),
            "text": " ".join(text[start:end] for start, end in span.pieces),
            "score": span.score,
            "identifiers": [plain(one, lost) for one in span.identifiers],
            "fragments": [list(piece) for piece in span.fragments],
        }
        for span in document.spans
    ]
    return {"id": plain(document.id, lost), "text": text, "spans": spans, "metadata": metadata}
