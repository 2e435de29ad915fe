"""Mentions as rows of a table: one for each, for spreadsheets, statistics and data frames.

A table of mentions has no texts, so it can be written, but not read as documents.
"""

from __future__ import annotations

from collections.abc import Iterator

from vaner.formats.losses import FRAGMENTS, Losses
from vaner.formats.row_tables import Row, RowTable, round_score
from vaner.text.documents import Document


def list_rows(document: Document, losses: Losses) -> Iterator[Row]:
    """Yield the mentions of a document, in the order of the text.

    Args:
        document: the document.
        losses: counts discontinuous mentions, whose gaps have no column.

    >>> from vaner.text.documents import Span
    >>> document = Document("7", "Gout hurts.", (Span(0, 4, "Disease", 0.75),))
    >>> list(list_rows(document, Losses()))
    [('7', 0, 4, 'Disease', 'Gout', 0.75, (), ())]
    """
    for span in sorted(document.spans, key=lambda span: (span.start, -span.end, span.type)):
        losses[FRAGMENTS] += span.is_discontinuous
        text, score = document.mention(span), round_score(span.score)
        context = tuple(cue.attribute for cue in span.context)
        yield document.id, span.start, span.end, span.type, text, score, span.identifiers, context


_COLUMNS = {
    "document": str, "start": int, "end": int, "type": str, "text": str, "score": float,
    "identifiers": tuple, "context": tuple,
}  # fmt: skip
MENTIONS = RowTable("mentions", _COLUMNS, list_rows)
"""The table of mentions."""
