"""Read the HGNC complete set of human gene names (hgnc_complete_set.txt).

Layout: https://www.genenames.org/help/statistics-and-files/, tab-separated. Bars separate several
values in a field, which is then in double quotes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from vaner.formats.source import OnError
from vaner.knowledge.concepts import Concept
from vaner.knowledge.sources.source_file import SourceFile

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
        names: columns of names, starting with the preferred name.
        on_error: see `SourceFile`.

    Raises:
        FormatError: with the line, for a missing column or a short row.
    """
    file = SourceFile(path, source, on_error)

    def convert(row: Mapping[str, str]) -> Iterator[Concept]:
        if row["status"] == "Approved":
            spellings = [n for column in names for n in row[column].strip('"').split("|")]
            yield file.make_concept(row["hgnc_id"], spellings, type)

    table = file.read_table(("hgnc_id", "status", *names), file.read_rows())
    return file.make_concepts(table, convert)
