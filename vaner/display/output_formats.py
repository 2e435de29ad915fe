"""The output formats: file formats, and views for people (table, HTML and concepts)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path

from vaner.display import concepts, html, table
from vaner.errors import VanerError
from vaner.formats import FORMATS, list_formats, mention_rows, resolve_format_name, suggest_format
from vaner.formats.declaration import PathWriter
from vaner.formats.source import STDIN, get_suffix
from vaner.text.documents import Document

View = Callable[[Iterable[Document], Counter[str]], Iterator[str]]

VIEWS: dict[str, View] = {
    "table": table.render,
    "html": html.render,
    "concepts": concepts.render,
    "csv": mention_rows.render_csv,
    "tsv": mention_rows.render_tsv,
}
"""Text for people and spreadsheets, which is not read again."""

FILE_VIEWS: dict[str, PathWriter] = {"xlsx": mention_rows.write_xlsx}
"""The same as binary files, which need a name."""

WRITABLE = (*VIEWS, *list_formats(writable=True))
"""Formats that can be written to a stream or a file."""

OUTPUTS = (*WRITABLE, *FILE_VIEWS)
"""Formats that can be written to a file."""

_VIEW_SUFFIXES = {".html": "html", ".htm": "html", ".csv": "csv", ".xlsx": "xlsx"}


def output_format(given: str | None, target: str, outputs: Collection[str] = OUTPUTS) -> str:
    """Return the format to write: the given one, or the one of the file's suffix.

    Args:
        given: name of a format, or None.
        target: path of the output, or ``-`` for standard output.
        outputs: the formats that an error lists.

    Raises:
        VanerError: if the format is unknown or read only.
    """
    if given is None:
        if target == STDIN:
            return "table"
        view = _VIEW_SUFFIXES.get(get_suffix(Path(target)))
        return view or suggest_format(target)
    name = resolve_format_name(given, VIEWS, outputs)
    if name in FILE_VIEWS and target == STDIN:
        raise VanerError(f"{name} cannot be written to standard output; give a file with -o FILE")
    if name not in (*VIEWS, *FILE_VIEWS) and not FORMATS[name].is_writable:
        raise VanerError(f"{name} can only be read; the output formats are {', '.join(outputs)}")
    return name
