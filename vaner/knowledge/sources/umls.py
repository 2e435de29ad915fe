"""Read the UMLS Metathesaurus in Rich Release Format: MRCONSO.RRF and MRSTY.RRF.

Layout: UMLS Reference Manual, chapter 3 (https://www.ncbi.nlm.nih.gov/books/NBK9685/). A row ends
with a bar, so the 18 columns of MRCONSO give 19 fields, and the 6 columns of MRSTY give 7.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from itertools import groupby
from pathlib import Path

from vaner.formats.source import MalformedError, OnError
from vaner.knowledge.concepts import Concept
from vaner.knowledge.sources.entity_types import umls_types
from vaner.knowledge.sources.name_cleanup import with_natural_order
from vaner.knowledge.sources.source_file import SourceFile

_CONSO_COLUMNS, _STY_COLUMNS = 18, 6
_CUI = re.compile(r"C\d{7}")
# Columns of MRCONSO.
_LAT, _TS, _STT, _ISPREF, _SAB, _STR, _SUPPRESS = 1, 2, 4, 6, 11, 14, 16

Names = tuple[str, list[str]]
"""A concept identifier (CUI) and its names, the preferred one first."""


def read(
    path: str | Path,
    *,
    source: str = "",
    types: Mapping[str, str] | None = None,
    language: str = "ENG",
    suppress: Collection[str] = ("N",),
    vocabularies: Collection[str] | None = None,
    on_error: OnError | None = None,
) -> Iterator[Concept]:
    """Read UMLS concepts, streaming the rows of MRCONSO.

    A concept whose semantic types map to several entity types is yielded once for each of them.
    Its preferred name is the one that the UMLS marks (TS P, STT PF, ISPREF Y).

    Args:
        path: ``MRCONSO.RRF``, plain or gzipped, with ``MRSTY.RRF`` in the same folder. The rows of
            a concept must be consecutive, as they are published.
        source: name of the source.
        types: semantic type (TUI) -> entity type; `umls_types` if None.
        language: LAT of the names to read.
        suppress: SUPPRESS flags to read: N is not suppressed, E by the editors, O obsolete, Y by
            the source.
        vocabularies: only names of these SABs, such as ``{"MSH", "SNOMEDCT_US"}``; all if None.
        on_error: see `SourceFile`.

    Raises:
        FormatError: with file and line, for a row with missing columns or without a CUI.
    """
    file = SourceFile(path, source, on_error)
    type_map = umls_types() if types is None else types
    concept_types = _read_concept_types(file.open_companion("MRSTY.RRF"), type_map)

    def read_names() -> Iterator[tuple[int, Names]]:
        for cui, group in groupby(_read_rows(file, _CONSO_COLUMNS), key=lambda row: row[1][0]):
            if cui not in concept_types:
                continue
            rows = [
                (line, row)
                for line, row in group
                if row[_LAT] == language
                and row[_SUPPRESS] in suppress
                and (vocabularies is None or row[_SAB] in vocabularies)
            ]
            if rows:
                ordered = sorted(rows, key=lambda item: not _is_preferred(item[1]))
                yield rows[0][0], (cui, [row[_STR] for _, row in ordered])

    def convert(concept: Names) -> Iterator[Concept]:
        cui, names = concept
        for type in sorted(concept_types[cui]):
            yield file.make_concept(f"UMLS:{cui}", with_natural_order(names), type)

    return file.make_concepts(read_names(), convert)


def _read_concept_types(file: SourceFile, type_map: Mapping[str, str]) -> dict[str, set[str]]:
    """Return CUI -> entity types."""
    concept_types: dict[str, set[str]] = {}
    for _, row in _read_rows(file, _STY_COLUMNS):
        if type := type_map.get(row[1]):
            concept_types.setdefault(row[0], set()).add(type)
    return concept_types


def _read_rows(file: SourceFile, columns: int) -> Iterator[tuple[int, list[str]]]:
    def parse(line: str) -> list[str]:
        row = line.split("|")
        if len(row) != columns + 1:
            raise MalformedError(f"expected {columns} columns, got {len(row) - 1}")
        if not _CUI.fullmatch(row[0]):
            raise MalformedError(f"{row[0]!r} is not a CUI such as C0011849")
        return row

    return file.parse_lines(parse)


def _is_preferred(row: list[str]) -> bool:
    return row[_TS] == "P" and row[_STT] == "PF" and row[_ISPREF] == "Y"
