"""doccano's JSON Lines of sequence labelling: a text and ``[start, end, label]`` for each mention.

doccano counts UTF-16 units, as its page does, unless a project counts grapheme clusters
(doccano issue 2290). A text without mentions may be one that nobody has read: doccano exports both
alike, and "export only approved documents" tells them apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from vaner.formats.json_stream import dump
from vaner.formats.json_values import beside, frozen, pair, parsed, typed
from vaner.formats.roundtrip_metadata import get_roundtrip_metadata
from vaner.formats.source import InputFile, MalformedError, OnError, read_nonempty_lines
from vaner.formats.spans import (
    FRAGMENTS,
    IDENTIFIER,
    Losses,
    count_scores,
    make_span,
)
from vaner.formats.utf16 import code_point, units
from vaner.text.documents import Document, Span

_TEXTS = ("text", "data")
_MENTIONS = ("label", "labels", "entities", "annotations")
_NAME = "doc_id"  # doccano gives an ``id`` of its own to every text, and keeps other fields
_KNOWN = {*_TEXTS, *_MENTIONS, _NAME, "id", "relations", "Comments", "comments"}


def read(
    path: str | Path, *, encoding: str = "utf-8", on_error: OnError | None = None
) -> Iterator[Document]:
    """Documents of an export, or of a file to import, of any version of doccano.

    A record is named by its ``doc_id``, which vaner writes, else by doccano's ``id``, else after
    the file and the number of its line.
    """
    place = InputFile(path, on_error)
    for number, line in read_nonempty_lines(place, encoding):
        with place.guard(number):
            yield _document(parsed(line), f"{place.stem}-{number}", place, number)


def _document(record: Mapping[str, Any], name: str, place: InputFile, line: int) -> Document:
    text = typed(next((record[k] for k in _TEXTS if k in record), None), str, "text")
    given = next((record[k] for k in _MENTIONS if record.get(k)), None)
    offsets, spans = units(text), list[Span]()
    for entry in typed(given or [], list, "label"):
        with place.guard(line):
            spans.append(_span(text, offsets, entry))
    id = record.get(_NAME, record.get("id"))
    kept = {k: frozen(v) for k, v in record.items() if k not in _KNOWN}
    metadata = {"doccano": kept} if kept else {}
    return Document(name if id is None else str(id), text, tuple(spans), metadata)


def _span(text: str, offsets: Sequence[int], entry: Any) -> Span:
    if isinstance(entry, dict):
        entry = [entry.get(key) for key in ("start_offset", "end_offset", "label")]
    if not isinstance(entry, list) or len(entry) != 3:
        raise MalformedError(f"{entry!r} is not [start, end, label]")
    start, end = (code_point(offsets, unit) for unit in pair(entry[:2]))
    return make_span(text, [(start, end)], typed(entry[2], str, "label"))


def render(documents: Iterable[Document], lost: Losses) -> Iterator[str]:
    """One text a line, to be imported as JSONL."""
    for document in documents:
        offsets = units(document.text)
        count_scores(document.spans, lost)
        lost[FRAGMENTS] += sum(span.is_discontinuous for span in document.spans)
        lost[IDENTIFIER] += sum(len(span.identifiers) for span in document.spans)
        label = [[offsets[s.start], offsets[s.end], s.type] for s in document.spans]
        own = {"text": document.text, "label": label, _NAME: document.id}
        kept = get_roundtrip_metadata(document, "doccano", dict, lost)
        yield dump(beside(own, kept), lost) + "\n"
