"""Mentions as a table a document: drawn on a terminal, plain aligned text when piped.

The rows are in the order of the text, outer mentions before those inside them, which stand further
to the right. A column that is only there where mentions overlap says what each one lies in, or
crosses.
"""

from __future__ import annotations

import re
import shutil
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from vaner.display.text import aligned
from vaner.text.documents import Document, Span
from vaner.text.span_relations import SpanRelation, find_overlapping_pairs

_LONGEST = 60
_CONTROL = {code: 0x2400 + code for code in range(32)} | {127: 0x2421}
_CONTROL |= dict.fromkeys((*range(128, 160), *range(0xD800, 0xE000)), 0xFFFD)
DEEPEST = 8  # a mention nested deeper is not moved further to the right
HEAD = ("start", "end", "type", "mention", "score", "identifiers", "overlaps")


class Row(NamedTuple):
    """A mention, the number of mentions it lies inside, and in words how it lies to others."""

    span: Span
    depth: int
    overlaps: str


def printable(text: str) -> str:
    r"""Text that a terminal shows and does not obey: control characters as their pictures.

    >>> printable("a\x1b[2Jb")
    'a␛[2Jb'
    """
    return text.translate(_CONTROL)


def shortened(text: str, longest: int = _LONGEST) -> str:
    """Text on one line, the middle of a long one left out."""
    # A megabyte without a space is cut before it is looked at.
    if len(text) > 4 * longest:
        text = text[: 2 * longest] + text[-2 * longest :]
    text = printable(re.sub(r"\s+", " ", text))
    half = (longest - 3) // 2
    return text if len(text) <= longest else f"{text[:half]} … {text[-half:]}"


def rows(spans: Iterable[Span]) -> list[Row]:
    """Mentions in the order of the text, outer before inner, with what each one lies in.

    >>> for row in rows([Span(7, 11, "Anatomy"), Span(0, 18, "Disease"), Span(12, 28, "Disease")]):
    ...     print(row.span.start, row.depth, row.overlaps or "-")
    0 0 -
    7 1 in 0:18
    12 0 crosses 0:18
    """
    ordered = sorted(spans, key=lambda s: (s.start, -s.end, s.type))
    others = defaultdict[Span, dict[SpanRelation, list[Span]]](lambda: defaultdict(list))
    for one, other, way in find_overlapping_pairs(ordered):
        inner, outer = (one, other) if way is SpanRelation.INSIDE else (other, one)
        if way in (SpanRelation.INSIDE, SpanRelation.AROUND):
            others[inner][SpanRelation.INSIDE].append(outer)
        else:  # told of the one that comes later
            later = max(one, other, key=lambda s: (s.start, -s.end, s.type, s.fragments))
            others[later][way].append(one if later is other else other)
    return [
        Row(span, len(others[span][SpanRelation.INSIDE]), _overlaps(others[span]))
        for span in ordered
    ]


def _overlaps(others: dict[SpanRelation, list[Span]]) -> str:
    told = []
    if around := others[SpanRelation.INSIDE]:
        nearest = min(around, key=lambda s: s.length)
        told.append(f"in {nearest.start}:{nearest.end}")
    if others[SpanRelation.SAME]:
        told.append("same place")
    if crossed := others[SpanRelation.CROSSING]:
        told.append(f"crosses {crossed[0].start}:{crossed[0].end}" + " …" * (len(crossed) > 1))
    return ", ".join(told)


def cells(document: Document, row: Row) -> tuple[str, ...]:
    """One mention as the cells of a row, in the order of the columns."""
    span = row.span
    score = "" if span.score is None else f"{span.score:.3f}"
    mention = shortened(" … ".join(document.text[start:end] for start, end in span.pieces))
    identifiers = shortened(" ".join(span.identifiers))
    type = shortened(span.type)
    return (str(span.start), str(span.end), type, mention, score, identifiers, row.overlaps)


def render(documents: Iterable[Document], lost: Counter[str]) -> Iterator[str]:
    """One plain table a document. Nothing counts as lost: this is a view, not a format to keep."""
    return _tables(documents, _plain)


def draw(documents: Iterable[Document], lost: Counter[str]) -> Iterator[str]:
    """The same with lines and colours, as wide as the terminal."""
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
    moved = "  " * min(depth, DEEPEST) + cells[mention]
    return (*cells[:mention], moved, *cells[mention + 1 :])


def _plain(name: str, rows: list[tuple[str, ...]]) -> str:
    shown = _without_empty(rows)
    numbers = [i for i, cell in enumerate(shown[0]) if cell in ("start", "end", "score")]
    return f"{name}\n{aligned(shown, right=numbers)}\n\n"


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
        table.add_row(*map(Text, row))  # Text: a bracket in a mention is no markup
    console = Console(force_terminal=True, width=shutil.get_terminal_size().columns)
    with console.capture() as captured:
        console.print(table)
    return captured.get() + "\n"


def filled(lines: Iterable[tuple[str, ...]]) -> list[int]:
    """Indices of the columns that say something in any line."""
    return [i for i, column in enumerate(zip(*lines, strict=True)) if any(column)]


def _without_empty(lines: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Heading and lines without the columns that say nothing."""
    kept = filled(lines)
    return [tuple(line[i] for i in kept) for line in (HEAD, *lines)]
