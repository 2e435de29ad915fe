"""Read namespaces of the Biological Expression Language (.belns), version 1.

The file has sections such as [Namespace] with Key=value lines, followed by [Values] with
``name|codes`` lines. There are no identifiers, so the percent-encoded name is the identifier.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from vaner.formats.source import MalformedError, OnError
from vaner.knowledge.concepts import Concept
from vaner.knowledge.sources.name_cleanup import with_natural_order
from vaner.knowledge.sources.source_file import SourceFile


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
        prefix: prefix of the identifiers, e.g. ``"hgnc.symbol"``; the namespace's keyword if
            empty.
        inverted: whether names are in index order, so that the natural order is added.
        on_error: see `SourceFile`.

    Raises:
        FormatError: with the line, for a value without codes, and for a file without values.
    """
    file = SourceFile(path, source, on_error)
    keyword, values = _read_values(file)

    def convert(line: str) -> Iterator[Concept]:
        name, bar, _ = line.rpartition("|")
        if not bar or not name:
            raise MalformedError(f"{line!r} is not name|codes")
        names = with_natural_order([name]) if inverted else [name]
        yield file.make_concept(f"{prefix or keyword}:{quote(name)}", names, type)

    return file.make_concepts(values, convert)


def _read_values(file: SourceFile) -> tuple[str, Iterator[tuple[int, str]]]:
    """Return the keyword of the namespace, and the lines of its values."""
    lines, keyword = file.read_lines(), ""
    for _, line in lines:
        if line.startswith("Keyword="):
            keyword = line.partition("=")[2].strip()
        if line.strip() == "[Values]":
            return keyword, lines
    raise file.error("no [Values] section: not a BEL namespace")
