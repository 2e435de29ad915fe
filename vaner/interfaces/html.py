"""Mentions as one HTML page that needs nothing else: no script, no font, no server.

Written document by document. The legend is known only at the end and stands there in the file;
a style puts it on top. A mention is a line under its text in the colour of its type: nested and
crossing mentions have lines at different depths, so all of them can be seen and read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from itertools import pairwise
from typing import NamedTuple

from vaner.documents import Document, Span
from vaner.interfaces.table import cells, printable

# Okabe and Ito's colours, told apart by colour-blind readers (jfly.uni-koeln.de/color, 2008);
# black is text, and yellow cannot be seen on white. Line styles go on where they end.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
STYLES = ("solid", "double", "dashed", "dotted")
_LANES = 8  # a mention nested deeper shares the last line

_LINES = "\n".join(
    f".t{i} {{ --c: {COLOURS[i % len(COLOURS)]}; --s: {STYLES[i // len(COLOURS)]}; }}"
    for i in range(len(COLOURS) * len(STYLES))
)
_DEPTHS = "\n".join(
    f".l{i} {{ padding-bottom: {5 * i + 1}px; }} .d{i} {{ line-height: {2 + 0.3125 * i}; }}"
    for i in range(_LANES)
)  # a line of text is as high as its lines below need: 5px are 0.3125 of 1rem

_HEAD = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>vaner: entities</title>
<style>
body {{ display: flex; flex-direction: column; max-width: 54rem; margin: 0 auto; padding: 1rem;
  font: 1rem/1.5 system-ui, sans-serif; color: #1a1a1a; background: #fff; }}
.legend {{ order: -1; position: sticky; top: 0; padding: .6rem 0; background: #fff;
  border-bottom: 1px solid #ccc; z-index: 1; }}
.legend span {{ margin-right: 1.2rem; white-space: nowrap; }}
article {{ margin: 1rem 0; }}
h2 {{ font-size: 1rem; margin: 0 0 .3rem; overflow-wrap: anywhere; }}
.text {{ white-space: pre-wrap; overflow-wrap: anywhere; margin: 0; }}
.m {{ border-bottom: 3px var(--s) var(--c); }}
.a {{ background: color-mix(in srgb, var(--c) 13%, transparent); }}
.b[data-t]::after {{ content: attr(data-t); font-size: .62em; font-weight: 600; color: var(--c);
  filter: brightness(.72); vertical-align: super; line-height: 0; margin-left: .25em; }}
table {{ border-collapse: collapse; font-size: .85rem; }}
th, td {{ text-align: left; padding: .15rem .7rem .15rem 0; border-bottom: 1px solid #eee;
  overflow-wrap: anywhere; }}
details {{ margin-top: .4rem; }}
summary, .none {{ font-size: .85rem; color: #555; margin: .4rem 0 0; }}
summary {{ cursor: pointer; }}
{_LINES}
{_DEPTHS}
</style>
</head>
<body>
"""
_FOOT = "</body>\n</html>\n"


class Piece(NamedTuple):
    """A contiguous part of a mention, and how deep its line lies: 0 is nearest to the text."""

    start: int
    end: int
    span: Span
    lane: int


def render(documents: Iterable[Document], lost: Counter[str]) -> Iterator[str]:
    """The page in pieces: its head, each document, the legend."""
    order: dict[str, int] = {}
    counts = Counter[str]()
    yield _HEAD
    for document in documents:
        for span in document.spans:
            order.setdefault(span.type, len(order))
        counts.update(span.type for span in document.spans)
        yield _article(document, order)
    yield _legend(order, counts) + _FOOT


def pieces(spans: Iterable[Span]) -> list[Piece]:
    """Parts of mentions with the depth of their lines; inner mentions lie nearer to the text.

    >>> [p.lane for p in pieces([Span(0, 9, "Disease"), Span(0, 4, "Anatomy")])]
    [1, 0]
    """
    found = [
        Piece(start, end, span, lane)
        for group in _touching(spans)
        for span, lane in _lanes(group)
        for start, end in span.pieces
    ]
    return sorted(found, key=lambda p: (p.start, -p.end, -p.lane))


def _touching(spans: Iterable[Span]) -> Iterator[list[Span]]:
    """Mentions that overlap, directly or through others, in groups: lanes are found in each."""
    group, end = list[Span](), 0
    for span in sorted(spans, key=lambda s: (s.start, s.end)):
        if group and span.start >= end:
            yield group
            group = []
        group.append(span)
        end = max(end, span.end)
    if group:
        yield group


def _lanes(group: Iterable[Span]) -> Iterator[tuple[Span, int]]:
    """Short mentions first, each above all those it overlaps: lines nest as mentions do."""
    placed: list[tuple[Span, int]] = []
    for span in sorted(group, key=lambda s: (s.length, s.start)):
        lane = max((below + 1 for other, below in placed if span.overlaps(other)), default=0)
        placed.append((span, lane))
        yield span, lane


def _article(document: Document, order: dict[str, int]) -> str:
    parts = pieces(document.spans)
    body = "".join(_segments(document, parts, order))
    depth = min(max((piece.lane for piece in parts), default=0), _LANES - 1)
    name = _escaped(document.id)
    return (
        f'<article>\n<h2 dir="auto">{name}</h2>\n<p class="text d{depth}" dir="auto">{body}</p>\n'
        f"{_details(document)}</article>\n"
    )


def _segments(document: Document, parts: Sequence[Piece], order: dict[str, int]) -> Iterator[str]:
    """The text cut wherever a mention begins or ends, each segment under all its lines."""
    edges = sorted({0, len(document.text), *(e for p in parts for e in (p.start, p.end))})
    begun, covering = 0, list[Piece]()
    for start, end in pairwise(edges):
        while begun < len(parts) and parts[begun].start <= start:
            covering.append(parts[begun])
            begun += 1
        covering = [piece for piece in covering if piece.end > start]
        text = _escaped(document.text[start:end])
        yield _lined(text, covering, end, order) if covering else text


def _lined(text: str, covering: Sequence[Piece], end: int, order: dict[str, int]) -> str:
    """A segment in one element a mention, the nearest line innermost."""
    inner = sorted(covering, key=lambda piece: piece.lane)
    for number, piece in enumerate(inner):
        kind = order[piece.span.type] % (len(COLOURS) * len(STYLES))
        classes = f"m t{kind} l{min(piece.lane, _LANES - 1)}"
        label = ""
        if number == 0:
            classes += " a"
        if piece.end == end:
            classes += " b"
            label = f' data-t="{_escaped(piece.span.type)}"'
        title = ""
        if number == len(inner) - 1:  # a browser shows one title: it tells of all mentions here
            title = f' title="{_escaped(chr(10).join(_told(p.span) for p in inner))}"'
        text = f'<span class="{classes}"{label}{title}>{text}</span>'
    return text


def _told(span: Span) -> str:
    score = () if span.score is None else (f"{span.score:.3f}",)
    return " · ".join((span.type, *score, *span.identifiers, f"{span.start}:{span.end}"))


def _details(document: Document) -> str:
    """The mentions once more as a table, folded away: for screen readers and for copying."""
    number = len(document.spans)
    if not number:
        return '<p class="none">no mentions</p>\n'
    rows = "".join(
        "<tr>" + "".join(f'<td dir="auto">{escape(cell)}</td>' for cell in cells(document, span))
        for span in document.spans
    )
    head = "<tr><th>start<th>end<th>type<th>mention<th>score<th>identifiers"
    noun = "mention" if number == 1 else "mentions"
    return f"<details><summary>{number} {noun}</summary><table>{head}{rows}</table></details>\n"


def _legend(order: dict[str, int], counts: Counter[str]) -> str:
    kinds = len(COLOURS) * len(STYLES)
    entries = "".join(
        f'<span><span class="m a t{i % kinds}" style="margin:0">{_escaped(name)}</span> '
        f"{counts[name]:,}</span>"
        for name, i in order.items()
    )
    return f'<div class="legend">{entries or "no mentions"}</div>\n'


def _escaped(text: str) -> str:
    """Text as HTML. Characters that a page cannot hold are shown as pictures, line ends kept."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join("\t".join(map(printable, line.split("\t"))) for line in map(escape, lines))
