"""The page: its files, and the drawing of documents, which is that of the HTML format."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from typing import NamedTuple

from vaner.display.html.page import article
from vaner.display.html.style import KINDS, STYLE
from vaner.display.table import rows
from vaner.text.documents import Document


class File(NamedTuple):
    """A file of the page."""

    media: str
    content: str


def page_files() -> Mapping[str, File]:
    """Path -> file: all that the page needs."""

    def own(name: str) -> str:
        return (files(__package__) / "page" / name).read_text("utf-8")

    return {
        "/": File("text/html", own("index.html")),
        "/page.css": File("text/css", STYLE + own("page.css")),
        "/page.js": File("text/javascript", own("page.js")),
        "/offsets.js": File("text/javascript", own("offsets.js")),
    }


class Drawing(NamedTuple):
    """A document with its mentions in the order of their links, and how it looks."""

    document: Document
    html: str


def drawn(documents: Iterable[Document], types: Sequence[str], first: int) -> list[Drawing]:
    """Documents as the page shows them.

    Args:
        documents: the documents.
        types: their types have colours in this order, types that are not there after them.
        first: number of the first document on the page.
    """
    kinds = {type: number % KINDS for number, type in enumerate(types)}
    found = []
    for number, document in enumerate(documents, first):
        ordered = document.with_spans(row.span for row in rows(document.spans))
        for span in ordered.spans:
            kinds.setdefault(span.type, len(kinds) % KINDS)
        found.append(Drawing(ordered, article(ordered, f"d{number}", kinds)))
    return found
