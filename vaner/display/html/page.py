"""Renders documents as an HTML page, one by one.

The legend is only known at the end, so it is at the end of the file; a style displays it on top.
The label of a mention links to its row in the table below the text, so that every mention is
accessible by keyboard and screen reader. Labels are not part of the text that is searched or
copied.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from itertools import islice, pairwise

from vaner.display.html.span_layout import Piece, pieces
from vaner.display.html.style import STYLE
from vaner.display.identifier_links import find_link
from vaner.display.table import HEAD, MAX_INDENT, Row, cells, find_filled_columns, rows, shortened
from vaner.display.text import printable
from vaner.display.type_looks import find_look
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
_CONTEXT_LEGEND = (
    '<li><span data-context="negated">struck through</span> negated</li>'
    '<li><span data-context="uncertain">dotted</span> uncertain, in the past, or of a relative</li>'
)
_MAX_SPLITS = 20_000  # of the mentions of a document at the ends of mentions that they cross
_MAX_LABEL_LINES = 8  # lines below a label; there are as many lanes
_MAX_TITLE_MENTIONS = 7  # surrounding mentions in the title of a mention, nearest first


def render(documents: Iterable[Document], lost: Counter[str]) -> Iterator[str]:
    """Yield the parts of the page: its head, each document, and the legend."""
    counts, has_context = Counter[str](), False
    yield _HEAD
    for number, document in enumerate(documents, 1):
        counts.update(document.count_mentions())
        has_context |= any(span.context for span in document.spans)
        yield article(document, f"d{number}")
    yield legend(counts, has_context) + _FOOT


def article(document: Document, name: str) -> str:
    """Return a document with highlighted mentions, and a table of the mentions.

    Args:
        document: the document.
        name: the prefix of the document's element ids.
    """
    listed = rows(document.spans)
    parts = pieces(document.text, [row.span for row in listed])
    marks = _Marks([row.span for row in listed], name)
    depth = max((piece.lane for piece in parts), default=0)
    text = "".join(_marked(document.text, parts, marks))
    return (
        f'<article>\n<h2 dir="auto" lang="">{_escaped(document.id)}</h2>\n'
        f'<p class="text d{depth}" dir="auto" lang="">{text}</p>\n{_note(marks.cut)}'
        f"{_details(document, listed, name)}</article>\n"
    )


def _note(cut: int) -> str:
    """Return a line about mentions whose lines are too short; nothing if there are none."""
    if not cut:
        return ""
    return (
        f'<p class="none">mentions cross more than {_MAX_SPLITS:,} times, so {cut:,} lines end '
        "early; the table has the offsets</p>\n"
    )


class _Marks:
    """Creates the HTML tags of the mentions of a document.

    Args:
        spans: the mentions, by number.
        name: the prefix of the document's element ids.
    """

    def __init__(self, spans: Sequence[Span], name: str) -> None:
        self._spans, self._name = spans, name
        self.cut = 0  # lines that end where they cross another mention

    def opening(self, piece: Piece, around: Iterable[Piece]) -> str:
        """Return the start tag; its title describes the surrounding mentions too."""
        if piece.gap:
            return f"<span {self._look(piece)}>"
        described = [piece, *islice((p for p in around if not p.gap), _MAX_TITLE_MENTIONS)]
        title = "\n".join(_describe_fully(self._spans[p.number]) for p in described)
        attributes = " ".join(cue.attribute for cue in self._spans[piece.number].context)
        context = f' data-context="{_escaped(attributes)}"' if attributes else ""
        return f'<mark {self._look(piece)}{context} title="{_escaped(title)}">'

    def closing(self, piece: Piece) -> str:
        return "</span>" if piece.gap else "</mark>"

    def label(self, piece: Piece, crossing: Iterable[Piece] = ()) -> str:
        """Return the label of a mention, underlined by mentions that cross its end."""
        span = self._spans[piece.number]
        lines = [f"<span {self._look(other)}>" for other in crossing]
        title, description = _escaped(_describe_fully(span)), _escaped(_describe(span))
        link = (
            f'<a class="t{find_look(span.type)}" href="#{self._name}m{piece.number + 1}"'
            f' data-t="{_escaped(span.type)}" title="{title}" aria-label="{description}"></a>'
        )
        return "".join(lines) + link + "</span>" * len(lines)

    def _look(self, piece: Piece) -> str:
        """Return attributes for the look of a mention, and its number."""
        look = find_look(self._spans[piece.number].type)
        gap = " gap" * piece.gap
        return f'class="line t{look} l{piece.lane}{gap}" data-m="{piece.number + 1}"'


def _marked(text: str, parts: Sequence[Piece], marks: _Marks) -> Iterator[str]:
    """Yield the text with its tags: one element per mention, split only where mentions cross.

    The number of splits can be quadratic, so it has a limit. After it, the line of a mention ends
    where it crosses another; its row in the table has its offsets.
    """
    begins, labels = defaultdict[int, list[Piece]](list), defaultdict[int, list[Piece]](list)
    for piece in parts:
        begins[piece.start].append(piece)
        if piece.label is not None and piece.label > piece.end:
            labels[piece.label].append(piece)
    open_, ends = list[Piece](), Counter[int]()  # ends: number of open pieces by their end
    splits = 0
    edges = {0, len(text), *begins, *labels, *(piece.end for piece in parts)}
    for offset, following in pairwise([*sorted(edges), len(text)]):
        yield from (marks.label(piece) for piece in reversed(labels[offset]))
        crossed = list[Piece]()
        while ends[offset]:
            piece = open_.pop()
            ends[piece.end] -= 1
            if piece.end != offset and splits < _MAX_SPLITS:
                crossed.append(piece)
                splits += 1
            elif piece.label is not None and piece.label <= piece.end:
                marks.cut += piece.end != offset
                yield marks.label(piece, crossed[:_MAX_LABEL_LINES])
            yield marks.closing(piece)
        for piece in sorted([*crossed, *begins[offset]], key=lambda p: (-p.end, -p.lane)):
            yield marks.opening(piece, reversed(open_))
            open_.append(piece)
            ends[piece.end] += 1
        yield _escaped(text[offset:following])


def _describe(span: Span) -> str:
    score = () if span.score is None else (f"{span.score:.3f}",)
    context = (cue.attribute for cue in span.context)
    extent = f"{span.start}:{span.end}"
    return " · ".join((span.type, *score, *span.identifiers, *context, extent))


def _describe_fully(span: Span) -> str:
    """Return the description of a mention, and a line for each of its candidates."""
    candidates = (f"{c.identifier} · {c.score:.3f} · {c.name}" for c in span.candidates)
    return "\n".join((_describe(span), *candidates))


def _details(document: Document, listed: Sequence[Row], name: str) -> str:
    """Return the mentions as a collapsed table, for screen readers and for copying."""
    if not listed:
        return '<p class="none">no mentions</p>\n'
    lines = [cells(document, row) for row in listed]
    columns = find_filled_columns(lines)
    head = "".join(f'<th scope="col">{HEAD[column]}' for column in columns)
    body = "".join(
        f'<tr id="{name}m{number}">'
        + "".join(_cell(line[i], HEAD[i], row.depth, row.span) for i in columns)
        for number, (row, line) in enumerate(zip(listed, lines, strict=True), 1)
    )
    noun = "mention" if len(listed) == 1 else "mentions"
    return (
        f"<details><summary>{len(listed):,} {noun}</summary><table>"
        f'<thead><tr>{head}</thead><tbody lang="">{body}</tbody></table></details>\n'
    )


def _cell(text: str, column: str, depth: int, span: Span) -> str:
    indent = min(depth, MAX_INDENT) if column == "mention" else 0
    moved = f' style="padding-inline-start: {indent}em"' if indent else ""
    content = _link(span) if column == "identifiers" else escape(text)
    return f'<td dir="auto"{moved}>{content}'


def _link(span: Span) -> str:
    """Return identifiers, with links to the descriptions of their concepts."""
    parts = []
    for identifier in span.identifiers:
        address, text = find_link(identifier, span.type), _escaped(shortened(identifier))
        attributes = f'class="id" href="{escape(address or "")}" rel="noreferrer"'
        parts.append(f"<a {attributes}>{text}</a>" if address else text)
    return " ".join(parts)


def legend(counts: Counter[str], has_context: bool = False) -> str:
    """Return a list of the types, in the look of their mentions, with their counts.

    Args:
        counts: number of mentions of each type.
        has_context: whether to explain the look of negated and other mentions.
    """
    entries = "".join(
        f'<li><mark class="line t{find_look(name)}" lang="">{_escaped(name)}</mark> {count:,}</li>'
        for name, count in counts.items()
    )
    entries += _CONTEXT_LEGEND if has_context else ""
    return f'<ul class="legend" aria-label="types">{entries or "<li>no mentions</li>"}</ul>\n'


def _escaped(text: str) -> str:
    """Return text as HTML, with symbols in place of control characters except line breaks."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join("\t".join(map(printable, line.split("\t"))) for line in map(escape, lines))
