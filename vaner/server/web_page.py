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
from vaner.text.documents import Document, Span
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
    documents = list(documents)
    names = {*types, *(span.type for document in documents for span in document.spans)}
    answer = {
        "html": [article(document, f"d{n}") for n, document in enumerate(documents, first)],
        "order": [_order(document.spans) for document in documents],
        "looks": {name: find_look(name) for name in names},
    }
    return json.dumps(answer).encode()


def _order(spans: Sequence[Span]) -> list[int]:
    return sorted(range(len(spans)), key=lambda number: text_order(spans[number]))
