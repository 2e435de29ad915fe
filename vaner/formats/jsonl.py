"""JSON Lines: one document a line, the one format that holds all that a document holds.

``{"id": "d1", "text": "Asthma.", "spans": [{"start": 0, "end": 6, "type": "Disease",
"text": "Asthma", "score": 0.9, "identifiers": ["MESH:D001249"]}], "metadata": {}}``

Three dialects in which corpora are handed round are read too: ``text`` with ``entities`` in
characters, ``tokens`` with ``entities`` in tokens, and ``tokens`` with ``ner_tags``, where a
surplus first token is an instruction, and ``text`` may stand beside them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from vaner.documents import Document, Span
from vaner.formats.json_stream import unpaired
from vaner.formats.json_values import frozen, integer, pair, parsed, probability, reaching, typed
from vaner.formats.source import MalformedError, OnError, Place, read_filled_lines
from vaner.formats.spans import METADATA, SCORE, Lost, check_span
from vaner.tagging import decode

_KNOWN = {"id", "text", "spans", "entities", "tokens", "ner_tags", "metadata"}
_INTEGER_TAGS = {0: "O", 1: "B", 2: "I"}


def read(
    path: str | Path, *, encoding: str = "utf-8", on_error: OnError | None = None
) -> Iterator[Document]:
    """Documents of a JSON Lines file; keys that are not ours go to the metadata.

    A record without ``id`` is named after the file and the number of the line.
    """
    place = Place(path, on_error)
    for number, line in read_filled_lines(place, encoding):
        with place.guard(number):
            yield _document(parsed(line), f"{place.stem}-{number}", place, number)


def _document(record: Mapping[str, Any], name: str, place: Place, line: int) -> Document:
    metadata = {k: frozen(v) for k, v in record.items() if k not in _KNOWN}
    metadata |= frozen(typed(record.get("metadata") or {}, dict, "metadata"))
    if "text" in record:
        text = typed(record["text"], str, "text")
        tokens = _placed(_words(record)[0], text) if _tagged(record) else None
    elif "tokens" in record:
        words, instruction = _words(record)
        metadata |= {"instruction": instruction} if instruction is not None else {}
        text, tokens = _joined(words, metadata)
    else:
        raise MalformedError("the record has neither text nor tokens")
    spans = []
    for entry in _entries(record):
        with place.guard(line):
            spans.append(_span(text, entry, tokens))
    return Document(_name(record, name), text, tuple(spans), metadata)


def _name(record: Mapping[str, Any], name: str) -> str:
    given = record.get("id")
    return name if given is None else str(given)


def _tagged(record: Mapping[str, Any]) -> bool:
    return record.get("ner_tags") is not None


def _words(record: Mapping[str, Any]) -> tuple[list[str], str | None]:
    """Tokens of a record without the instruction, and the instruction if there is one."""
    words = [typed(token, str, "a token") for token in typed(record.get("tokens"), list, "tokens")]
    tags = record.get("ner_tags")
    if tags is None or len(typed(tags, list, "ner_tags")) == len(words):
        return words, None
    if len(tags) != len(words) - 1:
        raise MalformedError(f"{len(words)} tokens but {len(tags)} ner_tags")
    return words[1:], words[0]


def _placed(words: Sequence[str], text: str) -> list[tuple[int, int]]:
    """Offsets of the tokens of a text, between which there is nothing but white space."""
    tokens, end = [], 0
    for word in words:
        start = text.find(word, end)
        if start < 0 or text[end:start].strip():
            raise MalformedError(f"token {word!r} does not stand in the text where it should")
        end = start + len(word)
        tokens.append((start, end))
    return tokens


def _joined(words: Sequence[str], metadata: dict[str, Any]) -> tuple[str, list[tuple[int, int]]]:
    """Text of the tokens, joined by spaces, and their offsets."""
    tokens, start = [], 0
    for token in words:
        tokens.append((start, start + len(token)))
        start += len(token) + 1
    text = " ".join(words)
    metadata |= {"pretokenized": True, "sentences": ((0, len(text)),)}
    if text.split() != list(words):
        metadata["tokens"] = tuple(tokens)
    return text, tokens


def _entries(record: Mapping[str, Any]) -> list[Any]:
    """Mentions of a record as it gives them, tags turned into token offsets."""
    if not _tagged(record):
        given = record.get("spans") or record.get("entities") or []
        return list(typed(given, list, "spans"))
    tags = [_INTEGER_TAGS.get(t, str(t)) if integer(t) else str(t) for t in record["ner_tags"]]
    try:
        return [{"start": c.start, "end": c.end, "type": c.type} for c in decode(tags)]
    except ValueError as problem:
        raise MalformedError(str(problem)) from None


def _span(text: str, entry: Any, tokens: Sequence[tuple[int, int]] | None) -> Span:
    entry = typed(entry, dict, "a span")
    type = typed(entry.get("type", entry.get("label", "")), str, "type")
    given = entry.get("fragments") or [(entry.get("start"), entry.get("end"))]
    pieces = [pair(piece) for piece in typed(given, list, "fragments")]
    if tokens is not None:
        pieces = [_characters(tokens, start, end, type) for start, end in pieces]
    quoted = entry.get("text")
    span = check_span(
        text,
        pieces,
        type,
        quoted=None if quoted is None else typed(quoted, str, "text of a span"),
        score=probability(entry.get("score")),
        identifiers=[str(i) for i in typed(entry.get("identifiers") or [], list, "identifiers")],
    )
    return span if tokens is not None else reaching(span, entry)


def _characters(
    tokens: Sequence[tuple[int, int]], start: int, end: int, type: str
) -> tuple[int, int]:
    if not 0 <= start < end <= len(tokens):
        raise MalformedError(
            f"mention {start}:{end} ({type}) does not lie in the {len(tokens)} tokens"
        )
    return tokens[start][0], tokens[end - 1][1]


def render(documents: Iterable[Document], lost: Lost) -> Iterator[str]:
    """One line a document."""
    for document in documents:
        text = unpaired(document.text, lost)
        spans = [_entry(text, span, lost) for span in document.spans]
        record: dict[str, Any] = {"id": document.id, "text": text, "spans": spans}
        if document.metadata:
            record["metadata"] = dict(document.metadata)
        try:
            yield _dump(record) + "\n"
        except (TypeError, ValueError):
            lost[METADATA] += 1
            yield _dump({k: v for k, v in record.items() if k != "metadata"}) + "\n"


def _entry(text: str, span: Span, lost: Lost) -> dict[str, Any]:
    entry: dict[str, Any] = {"start": span.start, "end": span.end, "type": span.type}
    entry["text"] = " ".join(text[start:end] for start, end in span.pieces)
    if span.score is not None and math.isfinite(span.score):
        entry["score"] = span.score
    lost[SCORE] += span.score is not None and "score" not in entry
    if span.identifiers:
        entry["identifiers"] = list(span.identifiers)
    if span.fragments:
        entry["fragments"] = [list(piece) for piece in span.fragments]
    return entry


def _dump(record: Mapping[str, Any]) -> str:
    line = json.dumps(record, ensure_ascii=False, allow_nan=False)
    try:
        line.encode()
    except UnicodeEncodeError:  # a lone surrogate, which JSON can escape and UTF-8 cannot hold
        return json.dumps(record, allow_nan=False)
    return line
