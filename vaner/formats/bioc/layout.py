"""The text of a BioC document, from passages and sentences at the offsets of the file.

Offsets are code points of the document, as in real files. A gap between passages is filled with a
line break and spaces, and a gap between sentences with spaces, so that the offsets of the file are
those of the document.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from vaner.formats.bioc.fields import (
    get_infons,
    get_integer,
    get_list,
    get_relations,
    get_string,
    read_span,
    try_pieces,
)
from vaner.formats.bioc.infons import Record
from vaner.formats.offset_conventions import all_keep_words, find_conversion
from vaner.formats.quotes import Corrections, collect_corrections, report_conversion
from vaner.formats.source import MalformedError
from vaner.formats.utf16 import has_wide_characters
from vaner.text.documents import SpanError

Layout = tuple[str, tuple[Record, ...], tuple[tuple[int, int], ...]]
"""Text, passages without text and mentions, and offsets of the sentences."""

# Larger gaps are wrong offsets. Filling them would exhaust the memory.
_MAX_GAP_LENGTH = 1_000_000


class _OverlapError(MalformedError):
    """A passage or sentence begins before the end of the text before it."""


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
            kind = _OverlapError if gap < 0 else MalformedError
            raise kind(
                f"a passage or sentence has the offset {offset}, but the text before it "
                f"ends at {self.length}"
            )
        if gap:
            self.parts.append(fill_gap(self.length, offset, line_break=line_break))
            self.gap_length += gap
        self.parts.append(text)
        self.length = offset + len(text)
        return offset


def fill_gap(start: int, end: int, *, line_break: bool = True) -> str:
    r"""Return the white space for a gap before a passage or sentence.

    Args:
        start: end of the text before the gap.
        end: offset of the passage or sentence.
        line_break: whether it begins with a line break, as between passages, if there is text
            before it.

    >>> fill_gap(5, 7), fill_gap(0, 2), fill_gap(5, 5)
    ('\n ', '  ', '')
    """
    first = "\n" if line_break and start and end > start else ""
    return first + " " * (end - start - len(first))


def select_layout(record: Record, id: str) -> tuple[Layout, Sequence[Record]]:
    """Return the text and the annotations, with those offsets that fit best.

    Some converters count ``&apos;`` in a title as six characters when they compute the offset of
    the abstract, but not when they compute the offsets of its mentions. Others count bytes, or from
    the start of a passage.
    """
    # 1. Place the passages at their offsets. If all mentions agree with the text, this is right.
    annotations = list(_get_annotations(record))
    try:
        layout = _make_layout(record, close_gaps=False)
    except _OverlapError:
        if (separated := _separate_passages(record, annotations)) is None:
            raise
        report_conversion("put a passage before the end of the previous one", id)
        return separated
    misplaced = _count_misplaced(layout[0], annotations)
    if not misplaced and not _may_count_utf16(layout[0], annotations):
        return layout, annotations
    # 2. Otherwise the offsets may count something else, in a text without gaps.
    closed = _make_layout(record, close_gaps=True)
    remaining = _count_misplaced(closed[0], annotations)
    quoted = [(try_pieces(a), get_string(a, "text")) for a in annotations]
    if (remaining or not misplaced) and (conversion := find_conversion(closed[0], quoted)):
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


def _may_count_utf16(text: str, annotations: Sequence[Record]) -> bool:
    """Return whether annotations without their texts cut words of a text with wide characters."""
    if not has_wide_characters(text) or any(get_string(a, "text") for a in annotations):
        return False
    return not all_keep_words(text, filter(None, map(try_pieces, annotations)))


def _separate_passages(
    record: Record, annotations: Sequence[Record]
) -> tuple[Layout, Sequence[Record]] | None:
    """Return the text and the annotations of a document whose passages have wrong offsets.

    Some programs write the offset 0 for all passages. The mentions count from the start of the
    document or of their passage; their stored texts show which.

    Returns:
        None if some mentions have no text, or do not agree with the text of the document.
    """
    try:
        closed = _make_layout(record, close_gaps=True)
    except _OverlapError:  # of sentences
        return None
    if not all(get_string(annotation, "text") for annotation in annotations):
        return None
    moved = list(get_list(record, "annotations"))
    for passage, placed in zip(get_list(record, "passages"), closed[1], strict=True):
        shift = placed["offset"] - (get_integer(passage, "offset") if "offset" in passage else 0)
        moved += [_shift(annotation, shift) for annotation in _get_annotations(passage)]
    candidates = (c for c in (annotations, moved) if not _count_misplaced(closed[0], c))
    return next(((closed, candidate) for candidate in candidates), None)


def _shift(annotation: Record, shift: int) -> Record:
    """Return an annotation that begins later by a number of characters."""
    moved = [(start + shift, end + shift) for start, end in try_pieces(annotation)]
    return _move(annotation, moved) if moved and shift else annotation


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
    for passage in get_list(record, "passages"):
        passages.append(_add_unit(passage, builder, sentences, line_break=True))
    return "".join(builder.parts), tuple(passages), tuple(sentences)


def _count_misplaced(text: str, annotations: Sequence[Record]) -> int:
    """Count the mentions whose offsets do not agree with the text."""
    count = 0
    for annotation in annotations:
        try:
            with collect_corrections(Corrections()):  # counted when the mention is read
                if get_list(annotation, "locations"):
                    read_span(text, annotation)
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
    file_offset = get_integer(unit, "offset") if "offset" in unit else next_offset
    text = get_string(unit, "text")
    stored: dict[str, Any] = {"offset": file_offset}
    inner, relations = get_list(unit, "sentences"), get_relations(unit)
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
        relations += tuple(r for sentence in inner for r in get_relations(sentence))
    stored |= {"offset": offset, "length": builder.length - offset}  # offset in the document
    optional = {"infons": get_infons(unit), "relations": relations}
    return stored | {name: value for name, value in optional.items() if value}


def _find_sentence(sentence: Record, passage: str, offset: int) -> tuple[int, int] | None:
    """Return the extent of a sentence in the text of a passage, or None if it does not match."""
    text = get_string(sentence, "text")
    start = get_integer(sentence, "offset") - offset
    matches = bool(text) and start >= 0 and passage.startswith(text, start)
    return (start, start + len(text)) if matches else None


def _get_annotations(record: Record, *, is_relative: bool = False) -> Iterator[Record]:
    """Yield the annotations of a document, its passages and their sentences, in order.

    Args:
        record: a document, or a part of it.
        is_relative: whether offsets count from the start of the passage or sentence.
    """
    shift = get_integer(record, "offset") if is_relative and "offset" in record else 0
    for annotation in get_list(record, "annotations"):
        yield _shift(annotation, shift)
    for unit in (*get_list(record, "passages"), *get_list(record, "sentences")):
        yield from _get_annotations(unit, is_relative=is_relative)
