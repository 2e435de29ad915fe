"""The web page: its files, and documents rendered as in the HTML format."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from typing import NamedTuple

from vaner.display.html.page import article
from vaner.display.html.style import STYLE
from vaner.display.identifier_links import list_link_rules
from vaner.display.type_looks import find_look
from vaner.text.documents import Document
from vaner.text.overlaps import text_order

_MEDIA_TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript"}


class PageFile(NamedTuple):
    """A file of the page, with its media type."""

    media_type: str
    content: str


def page_files() -> Mapping[str, PageFile]:
    """Return all files of the page by their URL paths."""
    pages = {}
    for file in (files(__package__) / "page").iterdir():
        name, _, suffix = file.name.rpartition(".")
        if suffix in _MEDIA_TYPES:
            content = (STYLE if file.name == "page.css" else "") + file.read_text("utf-8")
            path = "/" if name == "index" else f"/{file.name}"
            pages[path] = PageFile(_MEDIA_TYPES[suffix], content)
    pages["/links.json"] = PageFile("application/json", json.dumps(list_link_rules()))
    return pages


def draw(documents: Iterable[Document], types: Sequence[str], first: int) -> bytes:
    """Return documents as JSON for the page.

    ``html`` has the HTML of each document; ``order`` the numbers of its mentions in the order of
    their links; ``looks`` the look of each type.

    Args:
        documents: the documents.
        types: further types whose looks the page needs.
        first: number of the first document on the page.
    """
    rendered = render_documents(documents, first)
    looks = {type: find_look(type) for type in types}
    looks |= {s.type: find_look(s.type) for item in rendered for s in item.document.spans}
    answer = {
        "html": [item.html for item in rendered],
        "order": [item.order for item in rendered],
        "looks": looks,
    }
    return json.dumps(answer).encode()


class RenderedDocument(NamedTuple):
    """A document, its HTML, and its mentions' numbers in the order of their links in the HTML."""

    document: Document
    html: str
    order: list[int]


def render_documents(documents: Iterable[Document], first: int) -> list[RenderedDocument]:
    """Return documents as the page shows them.

    Args:
        documents: the documents.
        first: number of the first document on the page.
    """
    return [
        RenderedDocument(document, article(document, f"d{number}"), _order(document))
        for number, document in enumerate(documents, first)
    ]


def _order(document: Document) -> list[int]:
    spans = document.spans
    return sorted(range(len(spans)), key=lambda number: text_order(spans[number]))
