"""The output formats: file formats, and views for people and programs that are not read again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path

from vaner.display import html, label_studio_config, table
from vaner.display.concepts import CONCEPTS
from vaner.errors import VanerError
from vaner.formats import FORMATS, list_formats, resolve_format_name, suggest_format
from vaner.formats.declaration import PathWriter
from vaner.formats.mention_rows import MENTIONS
from vaner.formats.source import STDIN, get_suffix
from vaner.text.documents import Document

View = Callable[[Iterable[Document], Counter[str]], Iterator[str]]

VIEWS: dict[str, View] = {
    "table": table.render,
    "html": html.render,
    "concepts": CONCEPTS.render_tsv,
    "concepts.csv": CONCEPTS.render_csv,
    "csv": MENTIONS.render_csv,
    "tsv": MENTIONS.render_tsv,
    "label_studio_config": label_studio_config.render,
}
"""Text for people, spreadsheets and annotation tools, which is not read again."""

FILE_VIEWS: dict[str, PathWriter] = {
    "concepts.parquet": CONCEPTS.write_parquet,
    "concepts.xlsx": CONCEPTS.write_xlsx,
    "xlsx": MENTIONS.write_xlsx,
}
"""The same as binary files, which need a name."""

_VARIANTS = {name for name in (*VIEWS, *FILE_VIEWS) if "." in name}  # by the suffix of the file

WRITABLE = (*(name for name in VIEWS if name not in _VARIANTS), *list_formats(writable=True))
"""Formats that can be written to a stream or a file."""

OUTPUTS = (*WRITABLE, *(name for name in FILE_VIEWS if name not in _VARIANTS))
"""Formats that can be written to a file."""

_VIEW_SUFFIXES = {".html": "html", ".htm": "html", ".csv": "csv", ".xlsx": "xlsx"}


def output_format(given: str | None, target: str, outputs: Collection[str] = OUTPUTS) -> str:
    """Return the format to write: the given one, or the one of the file's suffix.

    The suffix also chooses the kind of a table of concepts: CSV, Parquet or Excel.

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
    name = resolve_format_name(given, (*VIEWS, *FILE_VIEWS), outputs)
    if (variant := f"{name}{get_suffix(Path(target))}") in _VARIANTS:
        name = variant
    if name in FILE_VIEWS and target == STDIN:
        raise VanerError(f"{name} cannot be written to standard output; give a file with -o FILE")
    if name not in (*VIEWS, *FILE_VIEWS) and not FORMATS[name].is_writable:
        raise VanerError(f"{name} can only be read; the output formats are {', '.join(outputs)}")
    return name
