"""Protein variants in the notation of the HGVS: "p.(Leu858Arg)" is one mention.

The brackets say that the change of the protein was predicted, not observed
(https://hgvs-nomenclature.org, protein variants). Training corpora hardly have this form, and a
tagger finds "p." and "Leu858Arg" in it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

import regex

from vaner.text.documents import Document, Span

_TYPE = "Variant"
_PROTEIN_VARIANT = regex.compile(r"\bp\.\((?:\p{Lu}\p{Ll}{2}|[\p{Lu}*])\p{Nd}+[\w*>=?]*\)")
# All up to the last character that does not separate two variants. The minus may be a dash.
_BEFORE_SEPARATORS = regex.compile(r"[\s\S]*[^\s\p{Cc}\p{Cf}\p{Pd}\u2212,;:(/]")


def join_protein_variants(document: Document) -> Document:
    """Return a document in which "p.(Leu858Arg)" is one Variant if a part of it is.

    A mention that begins before it, as in "c.2573T>G p.(Leu858Arg)", ends before it.

    Args:
        document: with predicted mentions.

    >>> text = "the variant p.(Leu858Arg)"
    >>> spans = (Span(12, 14, "Variant", 0.6), Span(15, 24, "Variant", 0.9))
    >>> [(span.start, span.end, span.score) for span in
    ...  join_protein_variants(Document("1", text, spans)).spans]
    [(12, 25, 0.9)]
    """
    if "p.(" not in document.text:
        return document
    variants = [match.span() for match in _PROTEIN_VARIANT.finditer(document.text)]
    ends = [end for _, end in variants]
    spans, parts = list[Span](), defaultdict[int, list[Span]](list)
    for span in document.spans:
        first = bisect_right(ends, span.start)  # the first variant that ends after its start
        is_part = span.type == _TYPE and first < len(ends) and variants[first][0] < span.end
        (parts[first] if is_part else spans).append(span)
    for number, of_variant in parts.items():
        start, end = variants[number]
        score = max((span.score for span in of_variant if span.score is not None), default=None)
        spans.append(Span(start, end, _TYPE, score))
        spans += _cut(document.text, of_variant, start)
    by_score = sorted(
        spans, key=lambda span: span.score or 0.0
    )  # of equal mentions, the last stays
    return document.with_spans(sorted({span: span for span in by_score}.values()))


def _cut(text: str, spans: list[Span], end: int) -> Iterator[Span]:
    """Yield the parts of mentions before an offset, without separators at their ends."""
    for span in spans:
        if before := _BEFORE_SEPARATORS.match(text, span.start, end):
            yield replace(span, end=before.end(), fragments=())
