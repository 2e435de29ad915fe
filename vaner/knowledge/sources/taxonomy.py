"""Read the NCBI Taxonomy: names.dmp and nodes.dmp from taxdump.tar.gz.

Layout: taxdump_readme.txt at https://ftp.ncbi.nlm.nih.gov/pub/taxonomy/. Tab, bar, tab separate
fields; a row ends with tab, bar.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import groupby
from pathlib import Path

from vaner.formats.source import MalformedError, OnError
from vaner.knowledge.concepts import Concept
from vaner.knowledge.sources.source_file import SourceFile

# Excluded: authority, type material, in-part, includes, misspelling, misnomer, blast name.
CLASSES = (
    "scientific name", "synonym", "equivalent name", "genbank synonym", "common name",
    "genbank common name", "acronym", "genbank acronym", "anamorph", "teleomorph",
)  # fmt: skip
# Prefixes of nodes for sequences of organisms without a name.
_NAMELESS = ("uncultured ", "unidentified ", "unclassified ", "environmental samples")
_NAME_COLUMNS, _NODE_COLUMNS = 4, 3

Taxon = tuple[str, list[str]]
"""A taxon number and the names of the taxon."""


def read(
    path: str | Path,
    *,
    type: str = "Species",
    source: str = "",
    ranks: Collection[str] | None = None,
    classes: Collection[str] = CLASSES,
    nameless: bool = False,
    on_error: OnError | None = None,
) -> Iterator[Concept]:
    """Read taxa with their names.

    Args:
        path: ``names.dmp``, plain or gzipped, with ``nodes.dmp`` in the same folder.
        type: entity type.
        source: name of the source.
        ranks: only taxa of these ranks, such as ``{"species", "genus"}``; all if None.
        classes: classes of names to read.
        nameless: whether to read taxa such as "uncultured bacterium" and "Bacillus sp. X1".
        on_error: see `SourceFile`.

    Raises:
        FormatError: with file and line, for a row with missing columns.
    """
    file = SourceFile(path, source, on_error)
    included = None
    if ranks is not None:
        nodes = _read_rows(file.open_companion("nodes.dmp"), _NODE_COLUMNS)
        included = {row[0] for _, row in nodes if row[2] in ranks}

    def read_taxa() -> Iterator[tuple[int, Taxon]]:
        rows = _read_rows(file, _NAME_COLUMNS)
        for number, group in groupby(rows, key=lambda row: row[1][0]):
            if included is not None and number not in included:
                continue
            names = [(line, row[1], row[3]) for line, row in group if row[3] in classes]
            names.sort(key=lambda name: name[2] != "scientific name")
            if names and (nameless or not _is_nameless(names[0][1])):
                yield names[0][0], (number, [name for _, name, _ in names])

    def convert(taxon: Taxon) -> Iterator[Concept]:
        yield file.make_concept(f"NCBITaxon:{taxon[0]}", taxon[1], type)

    return file.make_concepts(read_taxa(), convert)


def _read_rows(file: SourceFile, columns: int) -> Iterator[tuple[int, list[str]]]:
    def parse(line: str) -> list[str]:
        row = line.removesuffix("\t|").split("\t|\t")
        if len(row) < columns:
            raise MalformedError(f"expected {columns} columns, got {len(row)}")
        if not row[0].isdigit():
            raise MalformedError(f"{row[0]!r} is not a taxon number")
        return row

    return file.parse_lines(parse)


def _is_nameless(name: str) -> bool:
    return name.startswith(_NAMELESS) or " sp. " in name or name.endswith(" sp.")
