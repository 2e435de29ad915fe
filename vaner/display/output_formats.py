"""The output formats: file formats, and views for people (table, HTML and concepts)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from vaner.display import concepts, html, table
from vaner.errors import VanerError
from vaner.formats import FORMATS, list_formats, resolve_format_name, suggest_format
from vaner.formats.source import STDIN
from vaner.text.documents import Document

View = Callable[[Iterable[Document], Counter[str]], Iterator[str]]

VIEWS: dict[str, View] = {
    "table": table.render,
    "html": html.render,
    "concepts": concepts.render,
}
WRITABLE = (*VIEWS, *list_formats(writable=True))


def output_format(given: str | None, target: str) -> str:
    """Return the format to write: the given one, or the one of the file's suffix.

    Args:
        given: name of a format, or None.
        target: path of the output, or ``-`` for standard output.

    Raises:
        VanerError: if the format is unknown or read only.
    """
    if given is None:
        if target == STDIN:
            return "table"
        if Path(target).suffix.lower() in {".html", ".htm"}:
            return "html"
        return suggest_format(target)
    name = resolve_format_name(given, VIEWS)
    if name in FORMATS and not FORMATS[name].is_writable:
        raise VanerError(f"{name} can only be read; the output formats are {', '.join(WRITABLE)}")
    return name
