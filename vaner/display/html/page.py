"""The page, written document by document.

The legend is known only at the end and stands there in the file; a style puts it on top. A label
is a link to the row of its mention in the table under the text, so that the keyboard reaches every
mention and a screen reader names it; it is no part of the text that is searched or copied.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from itertools import islice, pairwise

from vaner.display.html.span_layout import Piece, pieces
from vaner.display.html.style import KINDS, STYLE
from vaner.display.table import DEEPEST, HEAD, Row, cells, filled, printable, rows
from vaner.text.documents import Document, Span

_HEAD = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>vaner: entities</title>
<style>{STYLE}</style>
</head>
<body>
"""
_FOOT = "</body>\n</html>\n"
_TOLD = 7  # mentions around one that its title tells of, the nearest


def render(documents: Iterable[Document], lost: Counter[str]) -> Iterator[str]:
    """The page in pieces: its head, each document, the legend."""
    kinds: dict[str, int] = {}
    counts = Counter[str]()
    yield _HEAD
    for number, document in enumerate(documents, 1):
        for span in document.spans:
            kinds.setdefault(span.type, len(kinds) % KINDS)
        counts.update(span.type for span in document.spans)
        yield article(document, f"d{number}", kinds)
    yield legend(kinds, counts) + _FOOT


def article(document: Document, name: str, kinds: dict[str, int]) -> str:
    """A document with its mentions marked, and a table of them.

    Args:
        document: the document.
        name: what the ids on the page begin with that are its own.
        kinds: how each type looks, in ``range(KINDS)``.
    """
    listed = rows(document.spans)
    parts = pieces(document.text, [row.span for row in listed])
    marks = _Marks([row.span for row in listed], name, kinds)
    depth = max((piece.lane for piece in parts), default=0)
    text = "".join(_marked(document.text, parts, marks))
    return (
        f'<article>\n<h2 dir="auto" lang="">{_escaped(document.id)}</h2>\n'
        f'<p class="text d{depth}" dir="auto" lang="">{text}</p>\n'
        f"{_details(document, listed, name)}</article>\n"
    )


class _Marks:
    """The tags of one document's mentions.

    Args:
        spans: the mentions, by their numbers.
        name: what the ids of the document's mentions begin with.
        kinds: how each type looks.
    """

    def __init__(self, spans: Sequence[Span], name: str, kinds: dict[str, int]) -> None:
        self._spans, self._name, self._kinds = spans, name, kinds

    def opening(self, piece: Piece, around: Iterable[Piece]) -> str:
        """A browser shows one title at a time, so that of a mention tells of those around it."""
        if piece.gap:
            return f'<span class="line {self._look(piece)}">'
        there = [piece, *islice((p for p in around if not p.gap), _TOLD)]
        title = "\n".join(_told(self._spans[p.number]) for p in there)
        return f'<mark class="line {self._look(piece)}" title="{_escaped(title)}">'

    def closing(self, piece: Piece) -> str:
        return "</span>" if piece.gap else "</mark>"

    def label(self, piece: Piece, crossing: Iterable[Piece] = ()) -> str:
        """The label of a mention; the lines of those that cross its end go on below it."""
        span = self._spans[piece.number]
        lines = [f'<span class="line {self._look(other)}">' for other in crossing]
        told = _escaped(_told(span))
        link = (
            f'<a class="t{self._kinds[span.type]}" href="#{self._name}m{piece.number + 1}"'
            f' data-t="{_escaped(span.type)}" title="{told}" aria-label="{told}"></a>'
        )
        return "".join(lines) + link + "</span>" * len(lines)

    def _look(self, piece: Piece) -> str:
        kind = self._kinds[self._spans[piece.number].type]
        return f"t{kind} l{piece.lane}{' gap' * piece.gap}"


def _marked(text: str, parts: Sequence[Piece], marks: _Marks) -> Iterator[str]:
    """The text with its marks: one element a mention, cut only where mentions cross."""
    begins, labels = defaultdict[int, list[Piece]](list), defaultdict[int, list[Piece]](list)
    for piece in parts:
        begins[piece.start].append(piece)
        if piece.label is not None and piece.label > piece.end:
            labels[piece.label].append(piece)
    open_: list[Piece] = []
    edges = {0, len(text), *begins, *labels, *(piece.end for piece in parts)}
    for place, following in pairwise([*sorted(edges), len(text)]):
        yield from (marks.label(piece) for piece in reversed(labels[place]))
        crossed = list[Piece]()
        while any(piece.end == place for piece in open_):
            piece = open_.pop()
            if piece.end != place:
                crossed.append(piece)
            elif piece.label == place:
                yield marks.label(piece, crossed)
            yield marks.closing(piece)
        for piece in sorted([*crossed, *begins[place]], key=lambda p: (-p.end, -p.lane)):
            yield marks.opening(piece, reversed(open_))
            open_.append(piece)
        yield _escaped(text[place:following])


def _told(span: Span) -> str:
    score = () if span.score is None else (f"{span.score:.3f}",)
    return " · ".join((span.type, *score, *span.identifiers, f"{span.start}:{span.end}"))


def _details(document: Document, listed: Sequence[Row], name: str) -> str:
    """The mentions once more as a table, folded away: for screen readers and for copying."""
    if not listed:
        return '<p class="none">no mentions</p>\n'
    lines = [cells(document, row) for row in listed]
    kept = filled(lines)
    head = "".join(f'<th scope="col">{HEAD[column]}' for column in kept)
    body = "".join(
        f'<tr id="{name}m{number}">' + "".join(_cell(line[i], HEAD[i], row.depth) for i in kept)
        for number, (row, line) in enumerate(zip(listed, lines, strict=True), 1)
    )
    noun = "mention" if len(listed) == 1 else "mentions"
    return (
        f"<details><summary>{len(listed):,} {noun}</summary><table>"
        f'<thead><tr>{head}</thead><tbody lang="">{body}</tbody></table></details>\n'
    )


def _cell(text: str, column: str, depth: int) -> str:
    indent = min(depth, DEEPEST) if column == "mention" else 0
    moved = f' style="padding-inline-start: {indent}em"' if indent else ""
    return f'<td dir="auto"{moved}>{escape(text)}'


def legend(kinds: dict[str, int], counts: Counter[str]) -> str:
    """The types, each as its mentions look, with their numbers."""
    entries = "".join(
        f'<li><mark class="line t{kind}" lang="">{_escaped(name)}</mark> {counts[name]:,}</li>'
        for name, kind in kinds.items()
    )
    return f'<ul class="legend" aria-label="types">{entries or "<li>no mentions</li>"}</ul>\n'


def _escaped(text: str) -> str:
    """Text as HTML. Characters that a page cannot hold are shown as pictures, line ends kept."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join("\t".join(map(printable, line.split("\t"))) for line in map(escape, lines))
