"""Spans in files: check them against the text, and remember how a file wrote them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import takewhile
from typing import Any

from vaner.formats.quotes import accept_spelling, report_moved_piece
from vaner.formats.spellings import drop_gap_marks
from vaner.text.documents import Document, Span, SpanError

Pieces = Sequence[tuple[int, int]]

OFFSET = "[0-9]{1,18}"
"""Pattern of an offset. The limit exists because Python does not parse thousands of digits."""

_SPACE = re.compile(r"\s+")


def make_span(
    text: str,
    pieces: Pieces,
    type: str,
    *,
    quoted: str | None = None,
    score: float | None = None,
    identifiers: Iterable[str] = (),
) -> Span:
    """Create a span after checking that it is inside the text and agrees with the file.

    Pieces with only white space between them are one contiguous span. A repeated piece counts once.

    If the file repeats the mention, its pieces may be in another order, and white space is compared
    loosely: files write a line break as a space, and a gap as a space or ``[...]``. A quote that
    differs only in spelling, such as ``TNF-a`` or ``TNF-alpha`` for ``TNF-α``, is accepted and
    counted, see `vaner.formats.quotes`. If a discontinuous mention does not agree, but moving one
    of its pieces by one character makes it agree, that piece is moved, with a warning: annotation
    tools often miscount gaps.

    Args:
        text: text of the document.
        pieces: ``(start, end)`` pairs in code points; a single pair for a contiguous mention.
        type: entity type.
        quoted: the mention as repeated in the file, or None if the file does not repeat it.
        score: probability in [0, 1], or None.
        identifiers: concept identifiers.

    Raises:
        SpanError: if the span is outside the text, blank, or disagrees with `quoted`.
    """
    given = list(dict.fromkeys((int(start), int(end)) for start, end in pieces))
    pieces = sorted(given)
    for start, end in pieces:
        if start >= end:
            problem = "is empty" if start == end else "ends before it starts"
            raise SpanError(f"mention {start}:{end} ({type}) {problem}")
        if start < 0 or end > len(text):
            raise SpanError(
                f"mention {start}:{end} ({type}) is outside the text, "
                f"which has {len(text)} characters"
            )
        if not text[start:end].strip():
            raise SpanError(f"mention {start}:{end} ({type}) is blank")
    is_reordered = given != pieces and _join_pieces(text, given) == quoted
    if quoted is not None and not is_reordered and not _agrees(text, pieces, quoted):
        quoted = drop_gap_marks(quoted, [text[start:end] for start, end in pieces])
        if not _agrees(text, pieces, quoted):
            pieces = _reconcile(text, pieces, type, quoted)
    pieces = merge_pieces(text, pieces)
    fragments = tuple(pieces) if len(pieces) > 1 else ()
    return Span(pieces[0][0], pieces[-1][1], type, score, tuple(identifiers), fragments)


def merge_pieces(text: str, pieces: Pieces) -> list[tuple[int, int]]:
    r"""Return pieces in order, with those merged that only white space separates.

    brat writes a mention over a line break in two pieces, but it is contiguous.

    >>> merge_pieces("renal\nfailure", [(0, 5), (6, 13)])
    [(0, 13)]
    """
    merged: list[tuple[int, int]] = []
    for start, end in pieces:
        # Pieces that touch are merged too, but not pieces that overlap.
        if merged and merged[-1][1] <= start and not text[merged[-1][1] : start].strip():
            merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return merged


def _join_pieces(text: str, pieces: Pieces) -> str:
    return " ".join(text[max(0, start) : end] for start, end in pieces)


def _agrees(text: str, pieces: Pieces, quoted: str) -> bool:
    mention = _join_pieces(text, pieces)
    if quoted == mention or _is_blanked(mention, quoted):
        return True
    # A discontinuous mention is repeated with or without the text of its gaps.
    hull = text[pieces[0][0] : pieces[-1][1]]
    gap = "" if len(pieces) > 1 else " "
    return _SPACE.sub(gap, quoted) in {_SPACE.sub(gap, t) for t in (mention, hull)}


def _is_blanked(mention: str, quoted: str) -> bool:
    """Return whether a tool wrote spaces for characters, as for quotation marks in NCBI-disease."""
    return (
        len(mention) == len(quoted)
        and not quoted.isspace()
        and all(q in (m, " ") for m, q in zip(mention, quoted, strict=True))
    )


def _count_equal(first: Iterable[str], second: Iterable[str]) -> int:
    """Return the number of equal characters at the start of two strings."""
    pairs = zip(first, second, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _reconcile(text: str, pieces: Pieces, type: str, quoted: str) -> Pieces:
    """Return pieces that agree loosely with `quoted`, one of them perhaps moved by one character.

    Raises:
        SpanError: if the spelling differs, and no move, or more than one, makes the mention agree.
    """
    candidates = []
    target, mention = " ".join(quoted.split()), _join_pieces(text, pieces)
    # Only one piece changes, so what is before and after it must agree already. Comparing the
    # complete mention for each piece would be quadratic in the number of pieces.
    same_start = _count_equal(mention, target)
    same_end = _count_equal(reversed(mention), reversed(target))
    before = 0
    for i, (start, end) in enumerate(pieces if len(pieces) > 1 else ()):
        after = len(mention) - before - (end - start)
        for offset in (-1, 1):
            piece = (start + offset, end + offset)
            string = text[max(0, piece[0]) : piece[1]]
            is_same_length = before + len(string) + after == len(target)
            is_same_around = before <= same_start and after <= same_end
            if is_same_length and is_same_around and target.startswith(string, before):
                candidates.append([*pieces[:i], piece, *pieces[i + 1 :]])
                if len(candidates) > 1:
                    break
        if len(candidates) > 1:
            break
        before += end - start + 1
    if len(candidates) == 1:
        report_moved_piece(quoted, type)
        return candidates[0]
    if accept_spelling(mention, quoted):
        return pieces
    raise SpanError(
        f"mention {pieces[0][0]}:{pieces[-1][1]} ({type}) is {mention!r} in the "
        f"text but {quoted!r} in the annotation"
    )


def make_key(span: Span) -> str:
    """Return a metadata key for a span: its offsets, type and identifiers."""
    pieces = ",".join(f"{start}-{end}" for start, end in span.pieces)
    return " ".join((pieces, span.type, *span.identifiers))


def remember(spans: Iterable[Span], values: Iterable[Any]) -> dict[str, tuple[Any, ...]]:
    """Store a value per span, e.g. its id in the file, as metadata.

    Args:
        spans: the spans.
        values: a value for each span.

    Returns:
        Key of the span -> values. Duplicate spans share a key.
    """
    stored: dict[str, tuple[Any, ...]] = {}
    for span, value in zip(spans, values, strict=True):
        stored[make_key(span)] = (*stored.get(make_key(span), ()), value)
    return stored


def recall(spans: Sequence[Span], stored: Mapping[str, Sequence[Any]]) -> list[Any | None]:
    """Return the values that `remember` stored, or None for spans that were not in the file.

    A span whose identifiers have changed is still the same mention. Time: linear in the number of
    spans, if few of them have the same offsets.

    Args:
        spans: the spans of the document as it is now.
        stored: result of `remember` for the spans of the file.
    """
    return _match(spans, stored)[0]


def separate_removed(
    spans: Sequence[Span], stored: Mapping[str, Sequence[Any]]
) -> tuple[Mapping[str, Sequence[Any]], list[Any]]:
    """Return what `remember` stored of spans that still exist, and the values of removed spans.

    >>> stored = remember([Span(0, 4, "A"), Span(5, 9, "B")], ["T1", "T2"])
    >>> separate_removed([Span(5, 9, "B")], stored)
    ({'5-9 B': ('T2',)}, ['T1'])
    """
    recalled, remaining = _match(spans, stored)
    removed = [value for values in remaining.values() for value in values]
    if not removed:
        return stored, []
    present = [(s, value) for s, value in zip(spans, recalled, strict=True) if value is not None]
    return remember((span for span, _ in present), (value for _, value in present)), removed


def _match(
    spans: Sequence[Span], stored: Mapping[str, Sequence[Any]]
) -> tuple[list[Any | None], dict[str, list[Any]]]:
    """Return the stored value of each span, or None, and the values of no span."""
    # 1. Give each span a value with exactly its key. Duplicates take the values in order.
    remaining = {key: list(values) for key, values in stored.items()}
    recalled = [
        remaining[make_key(s)].pop(0) if remaining.get(make_key(s)) else None for s in spans
    ]
    # 2. Give the other spans a value with the same offsets and type, but other identifiers. The
    #    index by offsets avoids comparing each span with each key.
    keys_by_offsets: dict[str, list[str]] = {}
    for key in remaining:
        keys_by_offsets.setdefault(key.partition(" ")[0], []).append(key)
    for i, span in enumerate(spans):
        if recalled[i] is None:
            bare_key = make_key(replace(span, identifiers=()))
            keys = keys_by_offsets.get(bare_key.partition(" ")[0], ())
            same = (key for key in keys if remaining[key] and f"{key} ".startswith(f"{bare_key} "))
            recalled[i] = next((remaining[key].pop(0) for key in same), None)
    return recalled, remaining


def rename_types(document: Document, names: Mapping[str, str]) -> Document:
    """Return a document with other type names, and with the stored metadata of its mentions.

    Args:
        document: the document.
        names: old type -> new type.
    """
    keys = {
        make_key(span): make_key(replace(span, type=names.get(span.type, span.type)))
        for span in document.spans
    }
    metadata = {
        format: {name: _rename_keys(value, keys) for name, value in stored.items()}
        if isinstance(stored, Mapping)
        else stored
        for format, stored in document.metadata.items()
    }
    return replace(document.rename_types(names), metadata=metadata)


def _rename_keys(stored: Any, keys: Mapping[str, str]) -> Any:
    """Rename the keys of a mapping from `remember`. Values of merged keys are concatenated."""
    if not isinstance(stored, Mapping) or keys.keys().isdisjoint(stored):
        return stored
    renamed: dict[str, tuple[Any, ...]] = {}
    for key, values in stored.items():
        new_key = keys.get(key, key)
        renamed[new_key] = (*renamed.get(new_key, ()), *values)
    return renamed
