"""From the record of a document to a `Document`.

Offsets are code points of the document, as files have them in practice. A gap between passages is
filled with a line break and spaces, a gap between sentences with spaces, so that the file's offsets
are the document's.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from typing import Any

from vaner.formats.bioc.infons import Record, identifiers, score, told
from vaner.formats.json_values import frozen
from vaner.formats.source import FormatWarning, InputFile, MalformedError
from vaner.formats.spans import make_span, remember
from vaner.text.documents import Document, Span, SpanError
from vaner.text.words import split_sentences, split_words

Layout = tuple[str, tuple[Record, ...], tuple[tuple[int, int], ...]]
"""Text, passages without text and mentions, offsets of the sentences."""

# Larger gaps are broken offsets, and filling them would take the memory of the machine.
_MAX_GAPS = 1_000_000


class _Text:
    """The text of a document as it grows by passages and sentences at given offsets."""

    def __init__(self, closed: bool) -> None:
        self.parts, self.length = list[str](), 0
        self.closed, self.shift, self.filled = closed, 0, 0

    def add(self, offset: int, text: str, *, line_break: bool) -> int:
        """Put a text at an offset, or behind one character where gaps are closed up."""
        if self.closed and line_break:
            self.shift = self.length + min(self.length, 1) - offset
        offset += self.shift
        gap = offset - self.length
        if gap < 0 or self.filled + gap > _MAX_GAPS:
            raise MalformedError(
                f"a passage or sentence is said to begin at {offset}, but the text before it "
                f"ends at {self.length}"
            )
        if gap:
            first = "\n" if line_break and self.length else " "
            self.parts.append(first + " " * (gap - 1))
            self.filled += gap
        self.parts.append(text)
        self.length = offset + len(text)
        return offset


def to_document(
    record: Record, name: str, shared: Record, place: InputFile, line: int | None
) -> Document:
    """The document of a record.

    Args:
        record: document in the shape of BioC JSON.
        name: id for a record without one.
        shared: what the collection says for all of its documents.
        place: the file, for errors in single annotations.
        line: line for these errors.

    Raises:
        MalformedError: for a record whose text cannot be put together.
    """
    whole, passages, sentences = _best_layout(record, place, line)
    spans, entries, loose = list[Span](), list[Any](), list[Any]()
    for annotation in _annotations(record):
        with place.guard(line):
            if not _list(annotation, "locations"):
                loose.append(_without(annotation))
                continue
            spans.append(_span(whole, annotation))
            entries.append({"id": _string(annotation, "id"), "infons": _infons(annotation)})
    kept: dict[str, Any] = {"collection": shared, "infons": _infons(record)}
    kept |= {"passages": passages, "relations": _relations(record)}
    kept |= {"annotations": remember(spans, entries), "unlocated": tuple(loose)}
    metadata: dict[str, Any] = {"bioc": {k: v for k, v in kept.items() if v}}
    if sentences:
        metadata["sentences"] = tuple(_completed(sentences, whole))
    return Document(_string(record, "id") or name, whole, tuple(spans), metadata)


def _completed(sentences: Sequence[tuple[int, int]], text: str) -> Iterator[tuple[int, int]]:
    """The sentences that the file has, and those of the passages for which it has none."""
    position = 0
    for start, end in (*sentences, (len(text), len(text))):
        part = text[position:start]
        words = split_words(part)
        for first, last in split_sentences(part, words):
            yield position + words[first].start, position + words[last - 1].end
        if start < end:
            yield start, end
        position = end


def _best_layout(record: Record, place: InputFile, line: int | None) -> Layout:
    """The text as the passages' offsets have it, or closed up where only that fits the mentions.

    Some converters count ``&apos;`` in a title as six characters when they place the abstract,
    but not when they place its mentions.
    """
    stated = _layout(record, closed=False)
    wrong = _misplaced(stated[0], record)
    if not wrong:
        return stated
    closed = _layout(record, closed=True)
    if _misplaced(closed[0], record) >= wrong:
        return stated
    warnings.warn(
        f"{place.name}:{line}: the offsets of the passages do not fit the mentions; "
        "read as if one character divided the passages",
        FormatWarning,
        stacklevel=2,
    )
    return closed


def _layout(record: Record, *, closed: bool) -> Layout:
    text, passages, sentences = _Text(closed), list[Record](), list[tuple[int, int]]()
    for passage in _list(record, "passages"):
        passages.append(_unit(passage, text, sentences, line_break=True))
    return "".join(text.parts), tuple(passages), tuple(sentences)


def _misplaced(text: str, record: Record) -> int:
    """Number of mentions that the text does not hold where they say."""
    count = 0
    for annotation in _annotations(record):
        try:
            if _list(annotation, "locations"):
                _span(text, annotation)
        except (MalformedError, SpanError):
            count += 1
    return count


def _unit(
    unit: Record, text: _Text, sentences: list[tuple[int, int]], *, line_break: bool
) -> Record:
    """Add the text of a passage or sentence; what is left of it when text and mentions are gone."""
    offset = _integer(unit, "offset")
    own = _string(unit, "text")
    kept: dict[str, Any] = {"offset": offset}
    inner, relations = _list(unit, "sentences"), _relations(unit)
    if inner and not own:
        offset = text.add(offset, "", line_break=line_break)
        parts = [_unit(sentence, text, [], line_break=False) for sentence in inner]
        sentences += [(p["offset"], p["offset"] + p["length"]) for p in parts if p["length"]]
        kept["sentences"] = tuple(parts)
    else:
        stated, offset = offset, text.add(offset, own, line_break=line_break)
        found = [_extent(sentence, own, stated) for sentence in inner]
        if None not in found:
            sentences += [(offset + start, offset + end) for start, end in filter(None, found)]
        relations += tuple(one for sentence in inner for one in _relations(sentence))
    kept["offset"] = offset
    kept["length"] = text.length - offset
    kept |= {k: v for k, v in (("infons", _infons(unit)), ("relations", relations)) if v}
    return kept


def _extent(sentence: Record, text: str, offset: int) -> tuple[int, int] | None:
    """Where a sentence lies in the text of a passage at an offset; None where it does not."""
    own = _string(sentence, "text")
    start = _integer(sentence, "offset") - offset
    there = bool(own) and start >= 0 and text.startswith(own, start)
    return (start, start + len(own)) if there else None


def _annotations(record: Record) -> Iterator[Record]:
    """Annotations of a document, its passages and their sentences, in order."""
    yield from _list(record, "annotations")
    for unit in (*_list(record, "passages"), *_list(record, "sentences")):
        yield from _annotations(unit)


def _span(text: str, annotation: Record) -> Span:
    pieces = []
    for location in _list(annotation, "locations"):
        start = _integer(location, "offset")
        pieces.append((start, start + _integer(location, "length")))
    infons = _infons(annotation)
    return make_span(
        text,
        pieces,
        told(infons.get("type")),
        quoted=_string(annotation, "text") or None,
        score=score(infons),
        identifiers=identifiers(infons),
    )


def _list(record: Record, name: str) -> Sequence[Any]:
    value = record.get(name) or []
    if not isinstance(value, list | tuple) or not all(isinstance(v, dict) for v in value):
        raise MalformedError(f"{name} is no list of objects")
    return value


def _string(record: Record, name: str) -> str:
    value = record.get(name)
    return "" if value is None else str(value)


def _integer(record: Record, name: str) -> int:
    value = _string(record, name).strip()
    if not value.isascii() or not value.removeprefix("-").isdigit() or len(value) > 18:
        raise MalformedError(f"{name} {value!r} is no integer")
    return int(value)


def _infons(record: Record) -> dict[str, Any]:
    """Infons are strings; in JSON some, as PubTator's, are values of other kinds, and stay so."""
    infons = record.get("infons") or {}
    if not isinstance(infons, dict):
        raise MalformedError("infons is no object")
    return {str(k): frozen(v) for k, v in infons.items()}


def _relations(record: Record) -> tuple[Record, ...]:
    return tuple(
        {
            "id": _string(relation, "id"),
            "infons": _infons(relation),
            "nodes": tuple(
                {"refid": _string(node, "refid"), "role": _string(node, "role")}
                for node in _list(relation, "nodes")
            ),
        }
        for relation in _list(record, "relations")
    )


def _without(annotation: Record) -> Record:
    """An annotation of the document as a whole: it has no place in the text."""
    kept = {"id": _string(annotation, "id"), "infons": _infons(annotation)}
    kept |= {"text": _string(annotation, "text")}
    return {k: v for k, v in kept.items() if v}
