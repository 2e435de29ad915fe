"""What results can be written as: a format, or a view of them for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from vaner.display import html, table
from vaner.errors import VanerError
from vaner.formats import FORMATS, list_formats, resolve_format_name, suggest_format
from vaner.formats.source import STDIN
from vaner.text.documents import Document

View = Callable[[Iterable[Document], Counter[str]], Iterator[str]]

VIEWS: dict[str, View] = {"table": table.render, "html": html.render}
WRITABLE = (*VIEWS, *list_formats(writable=True))


def output_format(given: str | None, target: str) -> str:
    """Name of the format to write in: the one given, else the one the file's suffix names.

    Raises:
        VanerError: for a name that no format has, or one that is only read.
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
