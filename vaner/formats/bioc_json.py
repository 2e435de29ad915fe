"""BioC as JSON: a collection read document by document, or single documents."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from vaner.documents import Document
from vaner.errors import FormatError
from vaner.formats.bioc import collection, to_document, to_record
from vaner.formats.source import MalformedError, OnError, Place, read_chunks
from vaner.formats.spans import CHARACTER, Lost

# In a string the quotation marks would be escaped, so this is the key and nothing else.
_DOCUMENTS = re.compile(r'(?<!\\)"(?:documents|PubTator3)"\s*:\s*\[')
_SPLIT_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_SHARED = ("source", "date", "key", "infons", "version")
_SEPARATORS = " \t\r\n,"


class _Buffer:
    """Text read so far and not yet used, and the line it begins on."""

    def __init__(self, chunks: Iterator[str]) -> None:
        self.chunks, self.text, self.line, self.ended = chunks, "", 1, False

    def more(self) -> None:
        """Read on, at least as much as is held, so that retries stay linear in sum."""
        parts, wanted = [self.text], max(len(self.text), 1)
        while wanted > 0 and not self.ended:
            part = next(self.chunks, None)
            self.ended = part is None
            parts.append(part or "")
            wanted -= len(part or "")
        self.text = "".join(parts)

    def drop(self, count: int) -> None:
        self.line += self.text.count("\n", 0, count)
        self.text = self.text[count:]


def read(
    path: str | Path, *, encoding: str = "utf-8", on_error: OnError | None = None
) -> Iterator[Document]:
    """Documents of a BioC JSON collection; memory is bounded by one document.

    A file that is one document, or a list of them, is read too, as a whole.
    """
    place = Place(path, on_error)
    buffer = _Buffer(read_chunks(place, encoding))
    found = None
    while found is None and not buffer.ended:
        buffer.more()
        found = _DOCUMENTS.search(buffer.text)
    if found:
        shared = _shared(buffer.text[: found.start()], place)
        buffer.drop(found.end())
        records = _stream(buffer, place)
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
        record = json.loads(head.rstrip(_SEPARATORS) + "}")
    except (ValueError, RecursionError) as problem:
        raise place.error(f"broken JSON before the documents: {problem}", 1) from None
    return {k: record[k] for k in _SHARED if record.get(k)} if isinstance(record, dict) else {}


def _stream(buffer: _Buffer, place: Place) -> Iterator[tuple[Any, int]]:
    decoder = json.JSONDecoder()
    while True:
        buffer.drop(len(buffer.text) - len(buffer.text.lstrip(_SEPARATORS)))
        if buffer.text.startswith("]"):
            return
        try:
            record, end = decoder.raw_decode(buffer.text)
        except RecursionError:
            raise place.error("JSON nested too deeply", buffer.line) from None
        except ValueError as problem:
            if buffer.ended:
                raise _broken(problem, buffer.line, place) from None
            buffer.more()
            continue
        yield record, buffer.line
        buffer.drop(end)


def _whole(text: str, place: Place) -> Iterator[tuple[Any, int]]:
    try:
        record = json.loads(text)
    except (ValueError, RecursionError) as problem:
        raise _broken(problem, 1, place) from None
    records = record if isinstance(record, list) else [record]
    for one in records:
        if not isinstance(one, dict) or "passages" not in one:
            raise place.error("neither a BioC collection nor a BioC document", 1)
        yield one, 1


def _broken(problem: Exception, line: int, place: Place) -> FormatError:
    if isinstance(problem, json.JSONDecodeError):
        return place.error(f"broken JSON: {problem.msg}", line + problem.lineno - 1)
    return place.error(f"broken JSON: {problem}", line)


def render(documents: Iterable[Document], lost: Lost) -> Iterator[str]:
    """A collection, one document a line; closed properly where the documents end in an error."""
    shared, documents = collection(documents)
    head = {"source": "", "date": "", "key": "", "infons": {}, **shared}
    yield _dump(head, lost)[:-1] + ', "documents": ['
    comma = "\n"
    try:
        for document in documents:
            yield comma + _dump(to_record(document, lost), lost)
            comma = ",\n"
    except Exception:
        yield "\n]}\n"
        raise
    yield "\n]}\n"


def _dump(record: Mapping[str, Any], lost: Lost) -> str:
    line = json.dumps(record, ensure_ascii=False)
    # An escaped surrogate pair would come back as one character and move the offsets behind it.
    line, count = _SPLIT_PAIR.subn("\ufffd\ufffd", line)
    lost[CHARACTER] += 2 * count
    try:
        line.encode()
    except UnicodeEncodeError:  # a lone surrogate, which JSON can escape and UTF-8 cannot hold
        return json.dumps(json.loads(line))
    return line
