"""The UMLS Metathesaurus in Rich Release Format: MRCONSO.RRF and MRSTY.RRF.

Layout: UMLS Reference Manual, chapter 3 (https://www.ncbi.nlm.nih.gov/books/NBK9685/). A row ends
with a bar, so that MRCONSO's 18 columns make 19 fields and MRSTY's 6 make 7.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from importlib.resources import files
from itertools import groupby
from pathlib import Path

from vaner.formats.source import InputFile, MalformedError, OnError, read_lines
from vaner.knowledge.concepts import Concept
from vaner.knowledge.sources.name_cleanup import with_uninverted
from vaner.knowledge.sources.rows import beside, concept, each

_CONSO, _STY = 18, 6
_CUI = re.compile(r"C\d{7}")
# Columns of MRCONSO.
_LAT, _TS, _STT, _ISPREF, _SAB, _STR, _SUPPRESS = 1, 2, 4, 6, 11, 14, 16


@cache
def mapping() -> Mapping[str, str]:
    """Semantic type -> entity type, as ``umls_types.toml`` has it."""
    text = (files("vaner.knowledge.sources") / "umls_types.toml").read_text("utf-8")
    return tomllib.loads(text)


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
    """Read UMLS concepts, one row of MRCONSO after the other.

    A concept whose semantic types map to several entity types is given once for each. Its
    preferred name is the one that the UMLS marks (TS P, STT PF, ISPREF Y).

    Args:
        path: ``MRCONSO.RRF``, plain or gzipped; ``MRSTY.RRF`` lies beside it. Rows of a concept
            stand together, as they are published.
        source: name of the source.
        types: semantic type (TUI) -> entity type; that of `mapping` if None.
        language: LAT of the names that are kept.
        suppress: SUPPRESS flags that are kept: N is not suppressed, E by the editors, O obsolete,
            Y by the source.
        vocabularies: only names of these SABs, such as ``{"MSH", "SNOMEDCT_US"}``; all if None.
        on_error: called with what is broken, which is then left out; None raises it.

    Raises:
        FormatError: with file and line, for a row with missing columns or no CUI in the first.
    """
    place = InputFile(path, on_error)
    wanted = mapping() if types is None else types
    kinds = _kinds(InputFile(beside(place, "MRSTY.RRF"), on_error), wanted)

    def names() -> Iterator[tuple[int, tuple[str, list[tuple[bool, str]]]]]:
        for cui, rows in groupby(_rows(place, _CONSO), key=lambda row: row[1][0]):
            if cui not in kinds:
                continue
            kept = [
                (line, (_preferred(row), row[_STR]))
                for line, row in rows
                if row[_LAT] == language
                and row[_SUPPRESS] in suppress
                and (vocabularies is None or row[_SAB] in vocabularies)
            ]
            if kept:
                yield kept[0][0], (cui, [name for _, name in kept])

    def convert(item: tuple[str, list[tuple[bool, str]]]) -> Iterator[Concept]:
        cui, found = item
        ordered = [name for _, name in sorted(found, key=lambda pair: not pair[0])]
        for type in sorted(kinds[cui]):
            yield concept(f"UMLS:{cui}", with_uninverted(ordered), type, source)

    return each(place, names(), convert)


def _kinds(place: InputFile, wanted: Mapping[str, str]) -> dict[str, set[str]]:
    """CUI -> entity types."""
    found: dict[str, set[str]] = {}
    for _, row in _rows(place, _STY):
        if type := wanted.get(row[1]):
            found.setdefault(row[0], set()).add(type)
    return found


def _rows(place: InputFile, columns: int) -> Iterator[tuple[int, list[str]]]:
    for number, line in read_lines(place):
        if not line:
            continue
        with place.guard(number):
            row = line.split("|")
            if len(row) != columns + 1:
                raise MalformedError(
                    f"{len(row) - 1} columns where {place.path.name} has {columns}"
                )
            if not _CUI.fullmatch(row[0]):
                raise MalformedError(f"{row[0]!r} is no CUI such as C0011849")
            yield number, row


def _preferred(row: list[str]) -> bool:
    return row[_TS] == "P" and row[_STT] == "PF" and row[_ISPREF] == "Y"
