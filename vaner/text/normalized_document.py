"""Functions over documents that compare names, applied to texts as they are read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from vaner.text.documents import Document, Span
from vaner.text.normalize import normalize_with_offsets


def apply_normalized(function: Callable[[Document], Document], document: Document) -> Document:
    """Return a document with the mentions that a function gives its normalized form.

    Args:
        function: returns a document of the same text with other mentions.
        document: a document; a mention that is empty in the normalized text remains as it is.

    Returns:
        The document with the mentions of the result, in offsets of the original text.
    """
    normalized = normalize_with_offsets(document.text)
    if normalized.text is document.text:
        return function(document)
    originals: dict[tuple[int, int], tuple[int, int]] = {}
    spans, empty = [], []
    for span in document.spans:
        pieces = tuple((normalized.find(start), normalized.find(end)) for start, end in span.pieces)
        if any(start >= end for start, end in pieces):
            empty.append(span)
            continue
        originals.update(zip(pieces, span.pieces, strict=True))
        spans.append(_replace_pieces(span, pieces))
    result = function(replace(document, text=normalized.text, spans=tuple(spans)))

    def restore(start: int, end: int) -> tuple[int, int]:
        extent = normalized.starts[start], normalized.ends[end - 1]
        return originals.get((start, end), extent)

    restored = [
        _replace_pieces(span, tuple(restore(start, end) for start, end in span.pieces))
        for span in result.spans
    ]
    return document.with_spans(sorted([*restored, *empty]) if empty else restored)


def _replace_pieces(span: Span, pieces: tuple[tuple[int, int], ...]) -> Span:
    fragments = pieces if span.fragments else ()
    return replace(span, start=pieces[0][0], end=pieces[-1][1], fragments=fragments)
