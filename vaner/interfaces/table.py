"""Mentions as a table a document: drawn on a terminal, plain aligned text when piped."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from vaner.documents import Document, Span
from vaner.interfaces.text import aligned

_LONGEST = 60
_CONTROL = {code: 0x2400 + code for code in range(32)} | {127: 0x2421}
_CONTROL |= dict.fromkeys((*range(128, 160), *range(0xD800, 0xE000)), 0xFFFD)
_HEAD = ("start", "end", "type", "mention", "score", "identifiers")


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


def cells(document: Document, span: Span) -> tuple[str, ...]:
    """One mention as the cells of a row, in the order of the columns."""
    score = "" if span.score is None else f"{span.score:.3f}"
    mention = shortened(document.mention(span))
    identifiers = shortened(" ".join(span.identifiers))
    return (str(span.start), str(span.end), shortened(span.type), mention, score, identifiers)


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
        rows = [cells(document, span) for span in document.spans]
        yield layout(name, rows) if rows else f"{name}: no mentions\n\n"


def _plain(name: str, rows: list[tuple[str, ...]]) -> str:
    shown = _without_empty([_HEAD, *rows])
    numbers = [i for i, cell in enumerate(shown[0]) if cell in ("start", "end", "score")]
    return f"{name}\n{aligned(shown, right=numbers)}\n\n"


def _drawn(name: str, rows: list[tuple[str, ...]]) -> str:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    head, *body = _without_empty([_HEAD, *rows])
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


def _without_empty(rows: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Rows without the columns that say nothing below their heading."""
    kept = [i for i in range(len(_HEAD)) if any(row[i] for row in rows[1:])]
    return [tuple(row[i] for i in kept) for row in rows]
