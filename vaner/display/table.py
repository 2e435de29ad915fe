"""Renders the mentions of each document as a table: with lines on a terminal, plain when piped.

Rows are in the order of the text, outer mentions before inner ones, which are indented. If mentions
overlap, a column names the mention that each one is inside of or crosses. Of a document with very
many pairs that include a discontinuous mention, only the first are compared; see
`vaner.text.overlaps`.
"""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from vaner.display.text import align_columns, printable
from vaner.text.documents import Document, Span
from vaner.text.overlaps import Overlaps, summarize_overlaps, text_order

_MAX_LENGTH = 60
MAX_INDENT = 8  # levels of nesting that are indented
HEAD = ("start", "end", "type", "mention", "score", "identifiers", "context", "overlaps")


class Row(NamedTuple):
    """A mention, the number of mentions that it is inside of, and its overlaps in words."""

    span: Span
    depth: int
    overlaps: str


def shortened(text: str, max_length: int = _MAX_LENGTH) -> str:
    """Return text on one line, without the middle if it is long."""
    # Truncate very long text first, because the substitutions are slow.
    if len(text) > 4 * max_length:
        text = text[: 2 * max_length] + text[-2 * max_length :]
    text = printable(re.sub(r"\s+", " ", text))
    half = (max_length - 3) // 2
    return text if len(text) <= max_length else f"{text[:half]} … {text[-half:]}"


def rows(spans: Iterable[Span]) -> list[Row]:
    """Return mentions in the order of the text, outer before inner, with their overlaps.

    >>> for row in rows([Span(7, 11, "Anatomy"), Span(0, 18, "Disease"), Span(12, 28, "Disease")]):
    ...     print(row.span.start, row.depth, row.overlaps or "-")
    0 0 -
    7 1 in 0:18
    12 0 crosses 0:18
    """
    ordered = sorted(spans, key=text_order)
    overlaps = summarize_overlaps(ordered)
    return [Row(span, overlaps[span].depth, _overlaps(overlaps[span])) for span in ordered]


def _overlaps(overlaps: Overlaps) -> str:
    relations = []
    if overlaps.depth:
        length, start = overlaps.nearest
        relations.append(f"in {start}:{start + length}")
    if overlaps.has_same:
        relations.append("same place")
    if overlaps.crossings:
        start, end = overlaps.crossed
        relations.append(f"crosses {start}:{end}" + " …" * (overlaps.crossings > 1))
    return ", ".join(relations)


def cells(document: Document, row: Row) -> tuple[str, ...]:
    """Return the cells of a mention, in the order of the columns."""
    span = row.span
    score = "" if span.score is None else f"{span.score:.3f}"
    mention = shortened(" … ".join(document.text[start:end] for start, end in span.pieces))
    identifiers = shortened(" ".join(span.identifiers))
    type = shortened(span.type)
    context = ", ".join(dict.fromkeys(cue.attribute for cue in span.context))
    start, end = str(span.start), str(span.end)
    return (start, end, type, mention, score, identifiers, context, row.overlaps)


def render(documents: Iterable[Document], lost: Counter[str]) -> Iterator[str]:
    """Yield a plain table for each document. A view loses nothing: it is not a file format."""
    return _tables(documents, _plain)


def draw(documents: Iterable[Document], lost: Counter[str]) -> Iterator[str]:
    """Yield a table with lines and colors for each document, as wide as the terminal."""
    return _tables(documents, _drawn)


def _tables(
    documents: Iterable[Document], layout: Callable[[str, list[tuple[str, ...]]], str]
) -> Iterator[str]:
    for document in documents:
        name = shortened(document.id)
        lines = [_indented(cells(document, row), row.depth) for row in rows(document.spans)]
        yield layout(name, lines) if lines else f"{name}: no mentions\n\n"


def _indented(cells: tuple[str, ...], depth: int) -> tuple[str, ...]:
    mention = HEAD.index("mention")
    moved = "  " * min(depth, MAX_INDENT) + cells[mention]
    return (*cells[:mention], moved, *cells[mention + 1 :])


def _plain(name: str, rows: list[tuple[str, ...]]) -> str:
    shown = _without_empty(rows)
    numbers = [i for i, cell in enumerate(shown[0]) if cell in ("start", "end", "score")]
    return f"{name}\n{align_columns(shown, right=numbers)}\n\n"


def _drawn(name: str, rows: list[tuple[str, ...]]) -> str:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    head, *body = _without_empty(rows)
    table = Table(title=Text(name), title_justify="left")
    for column in head:
        number = column in ("start", "end", "score")
        table.add_column(column, justify="right" if number else "left")
    for row in body:
        table.add_row(*map(Text, row))  # Text: a bracket in a mention is not markup
    console = Console(force_terminal=True, width=shutil.get_terminal_size().columns)
    with console.capture() as captured:
        console.print(table)
    return captured.get() + "\n"


def find_filled_columns(lines: Iterable[tuple[str, ...]]) -> list[int]:
    """Return the indices of the columns that are not empty."""
    return [i for i, column in enumerate(zip(*lines, strict=True)) if any(column)]


def _without_empty(lines: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Return the header and the lines without empty columns."""
    columns = find_filled_columns(lines)
    return [tuple(line[i] for i in columns) for line in (HEAD, *lines)]
