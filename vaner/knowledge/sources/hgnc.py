"""The HGNC complete set of human gene names (hgnc_complete_set.txt).

Layout: https://www.genenames.org/help/statistics-and-files/, tab-separated; several values in a
field are joined by bars and the field then stands in double quotes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from vaner.formats.source import InputFile, OnError
from vaner.knowledge.concepts import Concept
from vaner.knowledge.sources.rows import columns, concept, each, fields, separated

NAMES = ("symbol", "name", "alias_symbol", "alias_name", "prev_symbol", "prev_name")


def read(
    path: str | Path,
    *,
    type: str = "Gene",
    source: str = "",
    names: Sequence[str] = NAMES,
    on_error: OnError | None = None,
) -> Iterator[Concept]:
    """Read the approved genes.

    Args:
        path: the file, plain or gzipped.
        type: entity type.
        source: name of the source.
        names: columns with names, the preferred one first.
        on_error: called with what is broken, which is then left out; None raises it.

    Raises:
        FormatError: with the line, for a missing column or a short row.
    """
    place = InputFile(path, on_error)
    rows = separated(place)
    line, header = next(rows, (1, [""]))
    at, status, *naming = columns(place, line, header, ("hgnc_id", "status", *names))

    def convert(row: list[str]) -> Iterator[Concept]:
        whole = fields(row, max(at, status, *naming) + 1)
        if whole[status] == "Approved":
            found = (name for column in naming for name in whole[column].strip('"').split("|"))
            yield concept(whole[at], found, type, source)

    return each(place, rows, convert)
