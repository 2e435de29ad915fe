"""Mentions as rows of a table: one for each, for spreadsheets, statistics and data frames.

A table of mentions has no texts, so it can be written, but not read as documents. If the documents
come from a table, its further columns follow those of the mentions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from vaner.formats.losses import FRAGMENTS, Losses
from vaner.formats.metadata_fields import TABLE, count_fields
from vaner.formats.row_tables import Row, RowTable, round_score
from vaner.formats.unsupported_annotations import METADATA_FIELD, METADATA_KEYS
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


def _fit_columns(document: Document) -> RowTable:
    """Return the table of mentions with the further columns of the table of a document.

    A column whose name the table of mentions has gets another one, such as `input_type`.
    """
    names, columns = [*_get_cells(document)], dict[str, type](_COLUMNS)
    for name in names:
        while name in columns:
            name = f"input_{name}"
        columns[name] = str

    def list_long_rows(document: Document, losses: Losses) -> Iterator[Row]:
        cells = _get_cells(document)
        further = tuple(cells.get(name) for name in names)
        yield from ((*row, *further) for row in list_rows(document, losses))
        losses[METADATA_FIELD] += count_fields(_without_cells(document, names), {*METADATA_KEYS})

    return RowTable(MENTIONS.name, columns, list_long_rows)


def _get_cells(document: Document) -> Mapping[str, str]:
    cells = document.metadata.get(TABLE)
    if not isinstance(cells, Mapping):
        return {}
    return {str(name): "" if cell is None else str(cell) for name, cell in cells.items()}


def _without_cells(document: Document, names: list[str]) -> Document:
    """Return a document without the cells of some columns of its table."""
    if not names:
        return document
    cells = {name: cell for name, cell in _get_cells(document).items() if name not in names}
    return replace(document, metadata={**document.metadata, TABLE: cells})


MENTIONS = RowTable("mentions", _COLUMNS, list_rows, _fit_columns)
"""The table of mentions."""
