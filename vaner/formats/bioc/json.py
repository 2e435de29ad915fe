"""BioC as JSON: a collection read document by document, or single documents."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from vaner.documents import Document
from vaner.formats.bioc.infons import Record
from vaner.formats.bioc.reading import to_document
from vaner.formats.bioc.writing import collection, to_record
from vaner.formats.closing import closed
from vaner.formats.json_stream import (
    SEPARATORS,
    Buffer,
    broken,
    dump,
    elements,
    follows,
    items,
)
from vaner.formats.json_values import frozen
from vaner.formats.source import MalformedError, OnError, Place, read_chunks
from vaner.formats.spans import Lost

# In a string the quotation marks would be escaped, so this is the key and nothing else.
_DOCUMENTS = re.compile(r'(?<!\\)"(?:documents|PubTator3)"\s*:\s*\[')
_FILLED = re.compile(f"[^{re.escape(SEPARATORS)}]")
_HEAD = '{"documents": []'
_SHARED = ("source", "date", "key", "infons", "version")


def read(
    path: str | Path, *, encoding: str = "utf-8", on_error: OnError | None = None
) -> Iterator[Document]:
    """Documents of BioC JSON collections; memory is bounded by one document.

    A file may hold several collections, in a list or one behind another. One of documents without
    a collection, in a list or one behind another, is read too, as a whole.
    """
    place = Place(path, on_error)
    records = _records(Buffer(read_chunks(place, encoding)), place)
    for number, (record, line, shared) in enumerate(records, 1):
        with place.guard(line):
            if not isinstance(record, dict):
                raise MalformedError("a document is not a JSON object")
            yield to_document(record, f"{place.stem}-{number}", shared, place, line)


def _records(buffer: Buffer, place: Place) -> Iterator[tuple[Any, int, Record]]:
    """The documents, each with its line and with what its collection says."""
    found = _documents(buffer)
    if found is None:
        yield from ((record, line, {}) for record, line in _whole(buffer.text, place))
        return
    while found is not None:
        shared = _shared(buffer.text[: found.start()], buffer.line, place)
        buffer.drop(found.end())
        yield from ((record, line, shared) for record, line in items(buffer, place))
        _drop_rest(buffer, place)
        if not follows(buffer, SEPARATORS + "]"):
            return
        found = _documents(buffer)
    raise place.error("broken JSON: more stands behind the end of the collection", buffer.line)


def _documents(buffer: Buffer) -> re.Match[str] | None:
    """Where the documents of the next collection begin; None where there is no other."""
    while True:
        found = _DOCUMENTS.search(buffer.text)
        if found or buffer.ended:
            return found
        buffer.more()


def _shared(head: str, line: int, place: Place) -> Record:
    """What stands before the documents of a collection."""
    try:
        record = json.loads(head.lstrip(SEPARATORS + "[").rstrip(SEPARATORS) + "}")
        shared = {k: frozen(record[k]) for k in _SHARED if record.get(k)}
    except (ValueError, RecursionError, MalformedError) as problem:
        raise place.error(f"broken JSON before the documents: {problem}", line) from None
    if not isinstance(shared.get("infons", {}), dict):
        raise place.error("infons is no object", line)
    return shared


def _drop_rest(buffer: Buffer, place: Place) -> None:
    """Leave out what stands behind the documents of a collection, up to its end."""
    while True:
        try:
            _, end = json.JSONDecoder().raw_decode(_HEAD + buffer.text)
        except (ValueError, RecursionError) as problem:
            if buffer.ended:
                raise broken(problem, buffer.line, place) from None
            buffer.more()
        else:
            buffer.drop(end - len(_HEAD))
            return


def _whole(text: str, place: Place) -> Iterator[tuple[Any, int]]:
    """Documents that stand in no collection: one, a list of them, or one behind another."""
    for record, line in _each(text, place):
        for one in record if isinstance(record, list) else [record]:
            if not isinstance(one, dict) or "passages" not in one:
                raise place.error("neither a BioC collection nor a BioC document", line)
            yield one, line


def _each(text: str, place: Place) -> Iterator[tuple[Any, int]]:
    decoder, start, line = json.JSONDecoder(), 0, 1
    while begin := _FILLED.search(text, start):
        line += text.count("\n", start, begin.start())
        try:
            record, end = decoder.raw_decode(text, begin.start())
        except (ValueError, RecursionError) as problem:
            raise broken(problem, 1, place) from None
        yield record, line
        line += text.count("\n", begin.start(), end)
        start = end


def render(documents: Iterable[Document], lost: Lost) -> Iterator[str]:
    """A collection, one document a line; closed properly where the documents end in an error."""
    shared, documents = collection(documents)
    head = {"source": "", "date": "", "key": "", "infons": {}, **shared}
    yield dump(head, lost)[:-1] + ', "documents": ['
    records = (dump(to_record(document, lost), lost) for document in documents)
    yield from closed(elements(records), "\n]}\n")
