"""Conversion of a BioC record to a `Document`.

Offsets are code points of the document, as in real files. A gap between passages is filled with a
line break and spaces, and a gap between sentences with spaces, so that the offsets of the file are
those of the document.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from vaner.formats.bioc.infons import Record, get_score, to_string
from vaner.formats.bioc.unread_fields import UnreadFields, count_unread_fields
from vaner.formats.identifiers import read_identifiers
from vaner.formats.json_values import freeze
from vaner.formats.offset_conventions import find_conversion
from vaner.formats.quotes import Corrections, collect_corrections, report_conversion
from vaner.formats.source import InputFile, MalformedError
from vaner.formats.spans import make_span, remember
from vaner.text.documents import Document, Span, SpanError
from vaner.text.words import split_sentences, split_words

Layout = tuple[str, tuple[Record, ...], tuple[tuple[int, int], ...]]
"""Text, passages without text and mentions, and offsets of the sentences."""

# Larger gaps are wrong offsets. Filling them would exhaust the memory.
_MAX_GAP_LENGTH = 1_000_000

_TYPES = ("type", "Type", "semantic_type", "entity_type", "concept_type", "category", "label")
"""Names of the infon with the type of a mention."""


class _TextBuilder:
    """The text of a document, built from passages and sentences at given offsets.

    Args:
        close_gaps: whether to ignore the offsets of passages and separate passages by a single
            character.
    """

    def __init__(self, close_gaps: bool) -> None:
        self.parts, self.length = list[str](), 0
        self.close_gaps, self.shift, self.gap_length = close_gaps, 0, 0

    def add(self, offset: int, text: str, *, line_break: bool) -> int:
        """Add a text at an offset, and return the offset that it has in the document.

        Args:
            offset: offset in the file.
            text: the text.
            line_break: whether a gap begins with a line break, as between passages.

        Raises:
            MalformedError: if the offset is inside the text so far, or the gap is too large.
        """
        if self.close_gaps and line_break:
            self.shift = self.length + min(self.length, 1) - offset
        offset += self.shift
        gap = offset - self.length
        if gap < 0 or self.gap_length + gap > _MAX_GAP_LENGTH:
            raise MalformedError(
                f"a passage or sentence has the offset {offset}, but the text before it "
                f"ends at {self.length}"
            )
        if gap:
            first = "\n" if line_break and self.length else " "
            self.parts.append(first + " " * (gap - 1))
            self.gap_length += gap
        self.parts.append(text)
        self.length = offset + len(text)
        return offset


def to_document(
    record: Record,
    default_id: str,
    collection: Record,
    file: InputFile,
    line: int | None,
    unread: UnreadFields,
) -> Document:
    """Convert a record to a document.

    Args:
        record: a document in the shape of BioC JSON.
        default_id: id of the document if the record has none.
        collection: fields of the collection, which apply to all of its documents.
        file: the file, for errors in single annotations.
        line: line for these errors.
        unread: counts the fields that BioC does not have.

    Raises:
        MalformedError: if the text of the record cannot be assembled.
    """
    id = _get_string(record, "id") or default_id
    (text, passages, sentences), annotations = _select_layout(record, id)
    count_unread_fields(record, unread)
    spans, entries, unlocated = list[Span](), list[Any](), list[Any]()
    for annotation in annotations:
        with file.guard(line, record.get("id")):
            if not _get_list(annotation, "locations"):
                unlocated.append(_make_unlocated(annotation))
                continue
            spans.append(_make_span(text, annotation))
            entries.append({"id": _get_string(annotation, "id"), "infons": _get_infons(annotation)})
    stored: dict[str, Any] = {
        "collection": collection,
        "infons": _get_infons(record),
        "passages": passages,
        "relations": _get_relations(record),
        "annotations": remember(spans, entries),
        "unlocated": tuple(unlocated),
    }
    metadata: dict[str, Any] = {"bioc": {k: v for k, v in stored.items() if v}}
    if sentences:
        metadata["sentences"] = tuple(_complete_sentences(sentences, text))
    return Document(id, text, tuple(spans), metadata)


def _complete_sentences(
    sentences: Sequence[tuple[int, int]], text: str
) -> Iterator[tuple[int, int]]:
    """Yield the sentences of the file, and split the passages for which it has none."""
    position = 0
    for start, end in (*sentences, (len(text), len(text))):
        part = text[position:start]
        words = split_words(part)
        for first, last in split_sentences(part, words):
            yield position + words[first].start, position + words[last - 1].end
        if start < end:
            yield start, end
        position = end


def _select_layout(record: Record, id: str) -> tuple[Layout, Sequence[Record]]:
    """Return the text and the annotations, with those offsets that fit best.

    Some converters count ``&apos;`` in a title as six characters when they compute the offset of
    the abstract, but not when they compute the offsets of its mentions. Others count bytes, or from
    the start of a passage.
    """
    # 1. Place the passages at their offsets. If all mentions agree with the text, this is right.
    layout, annotations = _make_layout(record, close_gaps=False), list(_get_annotations(record))
    misplaced = _count_misplaced(layout[0], annotations)
    if not misplaced:
        return layout, annotations
    # 2. Otherwise the offsets may count something else, in a text without gaps.
    closed = _make_layout(record, close_gaps=True)
    remaining = _count_misplaced(closed[0], annotations)
    quoted = [(_try_pieces(a), _get_string(a, "text")) for a in annotations]
    if remaining and (conversion := find_conversion(closed[0], quoted)):
        report_conversion(conversion.description, id)
        pieces = [conversion.apply(located) for located, _ in quoted]
        moved = [_move(a, p) if p else a for a, p in zip(annotations, pieces, strict=True)]
        return closed, moved
    relative = list(_get_annotations(record, is_relative=True))
    if remaining and not _count_misplaced(layout[0], relative):
        report_conversion("count from the start of the passage", id)
        return layout, relative
    # 3. Use the text without gaps if more mentions agree with it.
    if remaining >= misplaced:
        return layout, annotations
    report_conversion("assume that one character separates the passages", id)
    return closed, annotations


def _move(annotation: Record, pieces: Sequence[tuple[int, int]]) -> Record:
    """Return an annotation with other locations."""
    locations = [{"offset": start, "length": end - start} for start, end in pieces]
    return {**annotation, "locations": locations}


def _make_layout(record: Record, *, close_gaps: bool) -> Layout:
    builder, passages, sentences = (
        _TextBuilder(close_gaps),
        list[Record](),
        list[tuple[int, int]](),
    )
    for passage in _get_list(record, "passages"):
        passages.append(_add_unit(passage, builder, sentences, line_break=True))
    return "".join(builder.parts), tuple(passages), tuple(sentences)


def _count_misplaced(text: str, annotations: Sequence[Record]) -> int:
    """Count the mentions whose offsets do not agree with the text."""
    count = 0
    for annotation in annotations:
        try:
            with collect_corrections(Corrections()):  # counted when the mention is read
                if _get_list(annotation, "locations"):
                    _make_span(text, annotation)
        except (MalformedError, SpanError):
            count += 1
    return count


def _add_unit(
    unit: Record, builder: _TextBuilder, sentences: list[tuple[int, int]], *, line_break: bool
) -> Record:
    """Add the text of a passage or sentence, and return the unit without text and mentions.

    Args:
        unit: passage or sentence.
        builder: the text so far.
        sentences: offsets of the sentences so far; those of the unit are added.
        line_break: whether a gap before the unit begins with a line break.
    """
    next_offset = builder.length + bool(builder.length)
    file_offset = _get_integer(unit, "offset") if "offset" in unit else next_offset
    text = _get_string(unit, "text")
    stored: dict[str, Any] = {"offset": file_offset}
    inner, relations = _get_list(unit, "sentences"), _get_relations(unit)
    if inner and not text:
        offset = builder.add(file_offset, "", line_break=line_break)
        parts = [_add_unit(sentence, builder, [], line_break=False) for sentence in inner]
        sentences += [(p["offset"], p["offset"] + p["length"]) for p in parts if p["length"]]
        stored["sentences"] = tuple(parts)
    else:
        offset = builder.add(file_offset, text, line_break=line_break)
        extents = [_find_sentence(sentence, text, file_offset) for sentence in inner]
        if None not in extents:
            sentences += [(offset + start, offset + end) for start, end in filter(None, extents)]
        relations += tuple(r for sentence in inner for r in _get_relations(sentence))
    stored |= {"offset": offset, "length": builder.length - offset}  # offset in the document
    optional = {"infons": _get_infons(unit), "relations": relations}
    return stored | {name: value for name, value in optional.items() if value}


def _find_sentence(sentence: Record, passage: str, offset: int) -> tuple[int, int] | None:
    """Return the extent of a sentence in the text of a passage, or None if it does not match."""
    text = _get_string(sentence, "text")
    start = _get_integer(sentence, "offset") - offset
    matches = bool(text) and start >= 0 and passage.startswith(text, start)
    return (start, start + len(text)) if matches else None


def _get_annotations(record: Record, *, is_relative: bool = False) -> Iterator[Record]:
    """Yield the annotations of a document, its passages and their sentences, in order.

    Args:
        record: a document, or a part of it.
        is_relative: whether offsets count from the start of the passage or sentence.
    """
    shift = _get_integer(record, "offset") if is_relative and "offset" in record else 0
    for annotation in _get_list(record, "annotations"):
        pieces = _try_pieces(annotation) if shift else []
        moved = [(start + shift, end + shift) for start, end in pieces]
        yield _move(annotation, moved) if moved else annotation
    for unit in (*_get_list(record, "passages"), *_get_list(record, "sentences")):
        yield from _get_annotations(unit, is_relative=is_relative)


def _get_pieces(annotation: Record) -> list[tuple[int, int]]:
    """Return the pieces of a mention; none for an annotation of the document."""
    pieces = []
    for location in _get_list(annotation, "locations"):
        start = _get_integer(location, "offset")
        pieces.append((start, start + _get_integer(location, "length")))
    return pieces


def _try_pieces(annotation: Record) -> list[tuple[int, int]]:
    """Return the pieces of a mention; none if it is malformed, which is reported later."""
    try:
        return _get_pieces(annotation)
    except MalformedError:
        return []


def _make_span(text: str, annotation: Record) -> Span:
    infons = _get_infons(annotation)
    type = next((infons[name] for name in _TYPES if infons.get(name)), "")
    return make_span(
        text,
        _get_pieces(annotation),
        to_string(type),
        quoted=_get_string(annotation, "text") or None,
        score=get_score(infons),
        identifiers=read_identifiers(infons),
    )


def _get_list(record: Record, name: str) -> Sequence[Any]:
    value = record.get(name) or []
    value = [value] if isinstance(value, dict) else value  # a list of one, in JSON made from XML
    if not isinstance(value, list | tuple) or not all(isinstance(v, dict) for v in value):
        raise MalformedError(f"{name} is not a list of objects")
    return value


def _get_string(record: Record, name: str) -> str:
    value = record.get(name)
    return "" if value is None else str(value)


def _get_integer(record: Record, name: str) -> int:
    value = _get_string(record, name).strip()
    if not value.isascii() or not value.removeprefix("-").isdigit() or len(value) > 18:
        raise MalformedError(f"{name} {value!r} is not an integer")
    return int(value)


def _get_infons(record: Record) -> dict[str, Any]:
    """Return the infons. They are strings, but e.g. PubTator's JSON also has other values."""
    infons = record.get("infons") or {}
    if not isinstance(infons, dict):
        raise MalformedError("infons is not an object")
    return {str(k): freeze(v) for k, v in infons.items()}


def _get_relations(record: Record) -> tuple[Record, ...]:
    return tuple(
        {
            "id": _get_string(relation, "id"),
            "infons": _get_infons(relation),
            "nodes": tuple(
                {"refid": _get_string(node, "refid"), "role": _get_string(node, "role")}
                for node in _get_list(relation, "nodes")
            ),
        }
        for relation in _get_list(record, "relations")
    )


def _make_unlocated(annotation: Record) -> Record:
    """Return an annotation of the document, which has no location in the text."""
    stored = {
        "id": _get_string(annotation, "id"),
        "infons": _get_infons(annotation),
        "text": _get_string(annotation, "text"),
    }
    return {name: value for name, value in stored.items() if value}
