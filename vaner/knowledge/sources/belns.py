"""Namespaces of the Biological Expression Language (.belns), version 1.

Layout: sections such as [Namespace] with Key=value, then [Values] with ``name|codes``. There are
names only, so a name is its own identifier, percent-encoded.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from vaner.formats.source import InputFile, MalformedError, OnError, read_lines
from vaner.knowledge.concepts import Concept
from vaner.knowledge.sources.name_cleanup import with_uninverted
from vaner.knowledge.sources.rows import concept, each


def read(
    path: str | Path,
    *,
    type: str,
    source: str = "",
    prefix: str = "",
    inverted: bool = False,
    on_error: OnError | None = None,
) -> Iterator[Concept]:
    """Read the values of a namespace.

    Args:
        path: the file, plain or gzipped.
        type: entity type.
        source: name of the source.
        prefix: of the identifiers, e.g. ``"hgnc.symbol"``; the namespace's keyword if empty.
        inverted: whether names stand in index order, so that the natural order is added.
        on_error: called with what is broken, which is then left out; None raises it.

    Raises:
        FormatError: with the line, for a value without codes, and for a file without values.
    """
    place = InputFile(path, on_error)
    keyword, rows = _values(place)

    def convert(line: str) -> Iterator[Concept]:
        name, bar, _ = line.rpartition("|")
        if not bar or not name:
            raise MalformedError(f"{line!r} is not name|codes")
        names = with_uninverted([name]) if inverted else [name]
        yield concept(f"{prefix or keyword}:{quote(name)}", names, type, source)

    return each(place, rows, convert)


def _values(place: InputFile) -> tuple[str, Iterator[tuple[int, str]]]:
    """Keyword of the namespace, and the lines of its values."""
    lines, keyword = read_lines(place), ""
    for _, line in lines:
        if line.startswith("Keyword="):
            keyword = line.partition("=")[2].strip()
        if line.strip() == "[Values]":
            return keyword, ((number, line) for number, line in lines if line.strip())
    raise place.error("no [Values] in it: not a BEL namespace")
