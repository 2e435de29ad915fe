"""BioC as JSON: a collection read document by document, or single documents."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from vaner.documents import Document
from vaner.formats.bioc import collection, to_document, to_record
from vaner.formats.closing import closed
from vaner.formats.json_stream import SEPARATORS, Buffer, broken, dump, elements, items
from vaner.formats.source import MalformedError, OnError, Place, read_chunks
from vaner.formats.spans import Lost

# In a string the quotation marks would be escaped, so this is the key and nothing else.
_DOCUMENTS = re.compile(r'(?<!\\)"(?:documents|PubTator3)"\s*:\s*\[')
_SHARED = ("source", "date", "key", "infons", "version")


def read(
    path: str | Path, *, encoding: str = "utf-8", on_error: OnError | None = None
) -> Iterator[Document]:
    """Documents of a BioC JSON collection; memory is bounded by one document.

    A file that is one document, or a list of them, is read too, as a whole.
    """
    place = Place(path, on_error)
    buffer = Buffer(read_chunks(place, encoding))
    found = None
    while found is None and not buffer.ended:
        buffer.more()
        found = _DOCUMENTS.search(buffer.text)
    if found:
        shared = _shared(buffer.text[: found.start()], place)
        buffer.drop(found.end())
        records = items(buffer, place)
    else:
        shared, records = {}, _whole(buffer.text, place)
    for number, (record, line) in enumerate(records, 1):
        with place.guard(line):
            if not isinstance(record, dict):
                raise MalformedError("a document is not a JSON object")
            yield to_document(record, f"{place.stem}-{number}", shared, place, line)


def _shared(head: str, place: Place) -> dict[str, Any]:
    """What stands before the documents of a collection."""
    try:
        record = json.loads(head.rstrip(SEPARATORS) + "}")
    except (ValueError, RecursionError) as problem:
        raise place.error(f"broken JSON before the documents: {problem}", 1) from None
    return {k: record[k] for k in _SHARED if record.get(k)} if isinstance(record, dict) else {}


def _whole(text: str, place: Place) -> Iterator[tuple[Any, int]]:
    try:
        record = json.loads(text)
    except (ValueError, RecursionError) as problem:
        raise broken(problem, 1, place) from None
    records = record if isinstance(record, list) else [record]
    for one in records:
        if not isinstance(one, dict) or "passages" not in one:
            raise place.error("neither a BioC collection nor a BioC document", 1)
        yield one, 1


def render(documents: Iterable[Document], lost: Lost) -> Iterator[str]:
    """A collection, one document a line; closed properly where the documents end in an error."""
    shared, documents = collection(documents)
    head = {"source": "", "date": "", "key": "", "infons": {}, **shared}
    yield dump(head, lost)[:-1] + ', "documents": ['
    records = (dump(to_record(document, lost), lost) for document in documents)
    yield from closed(elements(records), "\n]}\n")
