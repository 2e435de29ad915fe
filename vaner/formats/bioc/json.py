"""BioC as JSON: a collection read document by document, or single documents."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from vaner.formats.bioc.infons import Record
from vaner.formats.bioc.reader import to_document
from vaner.formats.bioc.writer import collection, to_record
from vaner.formats.json_stream import (
    SEPARATORS,
    Buffer,
    broken,
    dump,
    elements,
    follows,
    items,
    record,
)
from vaner.formats.json_values import frozen
from vaner.formats.source import InputFile, MalformedError, OnError, read_chunks
from vaner.formats.spans import Losses
from vaner.formats.trailer import with_trailer
from vaner.text.documents import Document

# In a string the quotation marks would be escaped, so these are keys and nothing else.
_LIST = re.compile(r'(?<!\\)"(documents|PubTator3|passages)"\s*:\s*\[')
_HEAD = '{"documents": []'
_SHARED = ("source", "date", "key", "infons", "version")


def read(
    path: str | Path, *, encoding: str = "utf-8", on_error: OnError | None = None
) -> Iterator[Document]:
    """Documents of BioC JSON collections; memory is bounded by one document.

    A file may hold several collections, in a list or one behind another, or documents without a
    collection in the same ways.
    """
    place = InputFile(path, on_error)
    records = _records(Buffer(read_chunks(place, encoding)), place)
    for number, (found, line, shared) in enumerate(records, 1):
        with place.guard(line):
            if not isinstance(found, dict):
                raise MalformedError("a document is not a JSON object")
            yield to_document(found, f"{place.stem}-{number}", shared, place, line)


def _records(buffer: Buffer, place: InputFile) -> Iterator[tuple[Any, int, Record]]:
    """The documents, each with its line and with what its collection says."""
    found = _first_list(buffer)
    if found is None or found[1] == "passages":
        yield from ((one, line, {}) for one, line in _bare(buffer, place))
        return
    while found is not None:
        shared = _shared(buffer.text[: found.start()], buffer.line, place)
        buffer.drop(found.end())
        yield from ((one, line, shared) for one, line in items(buffer, place))
        _drop_rest(buffer, place)
        if not follows(buffer, SEPARATORS + "]"):
            return
        found = _first_list(buffer)
    raise place.error("broken JSON: more stands behind the end of the collection", buffer.line)


def _first_list(buffer: Buffer) -> re.Match[str] | None:
    """Where the next documents begin, or passages of one without a collection; None if nowhere."""
    while True:
        found = _LIST.search(buffer.text)
        if found or buffer.ended:
            return found
        buffer.more()


def _bare(buffer: Buffer, place: InputFile) -> Iterator[tuple[Any, int]]:
    """Documents that stand in no collection, each with its line: one, several, or lists of them."""
    while follows(buffer):
        if buffer.text.startswith("["):
            buffer.drop(1)
            found = items(buffer, place)
        else:
            found = iter([record(buffer, place)])
        for one, line in found:
            if not isinstance(one, dict) or "passages" not in one:
                raise place.error("neither a BioC collection nor a BioC document", line)
            yield one, line


def _shared(head: str, line: int, place: InputFile) -> Record:
    """What stands before the documents of a collection."""
    try:
        told = json.loads(head.lstrip(SEPARATORS + "[").rstrip(SEPARATORS) + "}")
        shared = {k: frozen(told[k]) for k in _SHARED if told.get(k)}
    except (ValueError, RecursionError, MalformedError) as problem:
        raise place.error(f"broken JSON before the documents: {problem}", line) from None
    if not isinstance(shared.get("infons", {}), dict):
        raise place.error("infons is no object", line)
    return shared


def _drop_rest(buffer: Buffer, place: InputFile) -> None:
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


def render(documents: Iterable[Document], lost: Losses) -> Iterator[str]:
    """A collection, one document a line; closed properly where the documents end in an error."""
    shared, documents = collection(documents)
    head = {"source": "", "date": "", "key": "", "infons": {}, **shared}
    yield dump(head, lost)[:-1] + ', "documents": ['
    records = (dump(to_record(document, lost), lost) for document in documents)
    yield from with_trailer(elements(records), "\n]}\n")
