"""The web page: its files, and documents rendered as in the HTML format."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from typing import NamedTuple

from vaner.display.html.page import article
from vaner.display.html.style import KINDS, STYLE
from vaner.display.table import rows
from vaner.server.response import JSON, build_body
from vaner.text.documents import Document


class PageFile(NamedTuple):
    """A file of the page, with its media type."""

    media_type: str
    content: str


def page_files() -> Mapping[str, PageFile]:
    """Return all files of the page by their URL paths."""

    def read(name: str) -> str:
        return (files(__package__) / "page" / name).read_text("utf-8")

    return {
        "/": PageFile("text/html", read("index.html")),
        "/page.css": PageFile("text/css", STYLE + read("page.css")),
        "/page.js": PageFile("text/javascript", read("page.js")),
        "/api_key.js": PageFile("text/javascript", read("api_key.js")),
        "/offsets.js": PageFile("text/javascript", read("offsets.js")),
    }


def draw(documents: Iterable[Document], types: Sequence[str], first: int) -> bytes:
    """Return documents as JSON for the page: their HTML, and mentions in the order of the links.

    Args:
        documents: the documents.
        types: see `render_documents`.
        first: number of the first document on the page.
    """
    rendered = render_documents(documents, types, first)
    body = build_body([item.document for item in rendered], JSON).content.decode()
    return (
        f'{{"html": {json.dumps([item.html for item in rendered])}, "documents": {body}}}'.encode()
    )


class RenderedDocument(NamedTuple):
    """A document and its HTML. The mentions are in the order of their links in the HTML."""

    document: Document
    html: str


def render_documents(
    documents: Iterable[Document], types: Sequence[str], first: int
) -> list[RenderedDocument]:
    """Return documents as the page shows them.

    Args:
        documents: the documents.
        types: entity types in the order of their colors; other types get the next colors.
        first: number of the first document on the page.
    """
    colors = {type: number % KINDS for number, type in enumerate(types)}
    rendered = []
    for number, document in enumerate(documents, first):
        ordered = document.with_spans(row.span for row in rows(document.spans))
        for span in ordered.spans:
            colors.setdefault(span.type, len(colors) % KINDS)
        rendered.append(RenderedDocument(ordered, article(ordered, f"d{number}", colors)))
    return rendered
