"""BioC JSON: collections, read document by document, or documents without a collection."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from vaner.formats.bioc.infons import Record
from vaner.formats.bioc.reader import to_document
from vaner.formats.bioc.unread_fields import UnreadFields, warn_unread_fields
from vaner.formats.bioc.writer import split_collection, to_record
from vaner.formats.json_stream import (
    SEPARATORS,
    Buffer,
    dump_line,
    has_more,
    make_json_error,
    read_list,
    read_record,
    write_elements,
)
from vaner.formats.json_values import freeze
from vaner.formats.losses import Losses
from vaner.formats.source import InputFile, MalformedError, OnError, read_chunks
from vaner.formats.trailer import with_trailer
from vaner.text.documents import Document

# Quotation marks inside a string are escaped, so this only matches keys.
_LIST_START = re.compile(r'(?<!\\)"(documents|PubTator3|passages)"\s*:\s*\[')
_COLLECTION_START = '{"documents": []'
_COLLECTION_FIELDS = ("source", "date", "key", "infons", "version")


def read(
    path: str | Path, *, encoding: str = "utf-8", on_error: OnError | None = None
) -> Iterator[Document]:
    """Read the documents of BioC JSON collections, one document in memory at a time.

    A file may contain several collections, in a list or one after the other, or documents without a
    collection in the same ways.

    Args:
        path: the file.
        encoding: encoding of the file.
        on_error: see `vaner.formats.read`.

    Raises:
        FormatError: if a document or a collection is not valid.
    """
    file, unread = InputFile(path, on_error), UnreadFields()
    records = _read_records(Buffer(read_chunks(file, encoding)), file)
    for number, (record, line, collection) in enumerate(records, 1):
        id = record.get("id") if isinstance(record, dict) else None
        with file.guard(line, id):
            if not isinstance(record, dict):
                raise MalformedError("a document is not a JSON object")
            yield to_document(record, f"{file.stem}-{number}", collection, file, line, unread)
    warn_unread_fields(file, unread)


def _read_records(buffer: Buffer, file: InputFile) -> Iterator[tuple[Any, int, Record]]:
    """Yield each document with its line and the fields of its collection."""
    match = _find_list(buffer)
    if match is None or match[1] == "passages":
        yield from ((record, line, {}) for record, line in _read_bare_records(buffer, file))
        return
    while match is not None:
        collection = _parse_collection(buffer.text[: match.start()], buffer.line, file)
        buffer.drop(match.end())
        yield from ((record, line, collection) for record, line in read_list(buffer, file))
        _drop_collection_end(buffer, file)
        if not has_more(buffer, SEPARATORS + "]"):
            return
        match = _find_list(buffer)
    raise file.error("broken JSON: there is more text after the end of the collection", buffer.line)


def _find_list(buffer: Buffer) -> re.Match[str] | None:
    """Find the start of the next list of documents, or of the passages of a bare document."""
    while True:
        match = _LIST_START.search(buffer.text)
        if match or buffer.is_at_end:
            return match
        buffer.read_more()


def _read_bare_records(buffer: Buffer, file: InputFile) -> Iterator[tuple[Any, int]]:
    """Yield documents without a collection, each with its line: single ones, or lists of them."""
    while has_more(buffer):
        if buffer.text.startswith("["):
            buffer.drop(1)
            records = read_list(buffer, file)
        else:
            records = iter([read_record(buffer, file)])
        for record, line in records:
            if not isinstance(record, dict) or "passages" not in record:
                raise file.error("neither a BioC collection nor a BioC document", line)
            yield record, line


def _parse_collection(head: str, line: int, file: InputFile) -> Record:
    """Parse the fields of a collection that precede its documents."""
    try:
        fields = json.loads(head.lstrip(SEPARATORS + "[").rstrip(SEPARATORS) + "}")
        collection = {k: freeze(fields[k]) for k in _COLLECTION_FIELDS if fields.get(k)}
    except (ValueError, RecursionError, MalformedError) as error:
        raise file.error(f"broken JSON before the documents: {error}", line) from None
    if not isinstance(collection.get("infons", {}), dict):
        raise file.error("infons is not an object", line)
    return collection


def _drop_collection_end(buffer: Buffer, file: InputFile) -> None:
    """Drop what follows the documents of a collection, up to its end."""
    while True:
        try:
            _, end = json.JSONDecoder().raw_decode(_COLLECTION_START + buffer.text)
        except (ValueError, RecursionError) as error:
            if buffer.is_at_end:
                raise make_json_error(error, buffer.line, file) from None
            buffer.read_more()
        else:
            buffer.drop(end - len(_COLLECTION_START))
            return


def render(documents: Iterable[Document], losses: Losses) -> Iterator[str]:
    """Yield a collection, one document per line. It is closed after an error too."""
    collection, documents = split_collection(documents)
    head = {"source": "", "date": "", "key": "", "infons": {}, **collection}
    yield dump_line(head, losses)[:-1] + ', "documents": ['
    records = (dump_line(to_record(document, losses), losses) for document in documents)
    yield from with_trailer(write_elements(records), "\n]}\n")
