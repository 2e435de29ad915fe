"""The NCBI Taxonomy dump: names.dmp and nodes.dmp out of taxdump.tar.gz.

Layout: taxdump_readme.txt at https://ftp.ncbi.nlm.nih.gov/pub/taxonomy/. Fields are joined by
tab, bar, tab; a row ends with tab, bar.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import groupby
from pathlib import Path

from vaner.formats.source import InputFile, MalformedError, OnError, read_lines
from vaner.knowledge.concepts import Concept
from vaner.knowledge.sources.rows import beside, concept, each

# Left out: authority, type material, in-part, includes, misspelling, misnomer, blast name.
CLASSES = (
    "scientific name", "synonym", "equivalent name", "genbank synonym", "common name",
    "genbank common name", "acronym", "genbank acronym", "anamorph", "teleomorph",
)  # fmt: skip
# Nodes for sequences of organisms that have no name of their own.
_NAMELESS = ("uncultured ", "unidentified ", "unclassified ", "environmental samples")
_NAMES, _NODES = 4, 3


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
        path: ``names.dmp``, plain or gzipped; ``nodes.dmp`` lies beside it.
        type: entity type.
        source: name of the source.
        ranks: only taxa of these ranks, such as ``{"species", "genus"}``; all if None.
        classes: name classes that are kept.
        nameless: whether taxa such as "uncultured bacterium" and "Bacillus sp. X1" are kept.
        on_error: called with what is broken, which is then left out; None raises it.

    Raises:
        FormatError: with file and line, for a row with missing columns.
    """
    place = InputFile(path, on_error)
    wanted = None
    if ranks is not None:
        nodes = _rows(InputFile(beside(place, "nodes.dmp"), on_error), _NODES)
        wanted = {row[0] for _, row in nodes if row[2] in ranks}

    def taxa() -> Iterator[tuple[int, tuple[str, list[str]]]]:
        for taxon, rows in groupby(_rows(place, _NAMES), key=lambda row: row[1][0]):
            if wanted is not None and taxon not in wanted:
                continue
            named = [(number, row[1], row[3]) for number, row in rows if row[3] in classes]
            named.sort(key=lambda row: row[2] != "scientific name")
            if named and (nameless or not _is_nameless(named[0][1])):
                yield named[0][0], (taxon, [name for _, name, _ in named])

    return each(
        place, taxa(), lambda taxon: [concept(f"NCBITaxon:{taxon[0]}", taxon[1], type, source)]
    )


def _rows(place: InputFile, columns: int) -> Iterator[tuple[int, list[str]]]:
    for number, line in read_lines(place):
        if not line:
            continue
        with place.guard(number):
            row = line.removesuffix("\t|").split("\t|\t")
            if len(row) < columns:
                raise MalformedError(f"{len(row)} columns where {place.path.name} has {columns}")
            if not row[0].isdigit():
                raise MalformedError(f"{row[0]!r} is no taxon number")
            yield number, row


def _is_nameless(name: str) -> bool:
    return name.startswith(_NAMELESS) or " sp. " in name or name.endswith(" sp.")
