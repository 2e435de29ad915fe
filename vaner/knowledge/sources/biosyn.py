"""Read dictionaries in the format of BioSyn: ``id|id||name|name`` on each line.

Used in https://github.com/dmis-lab/BioSyn (MEDIC, the diseases of CTD, of 2012). A bare number is
an OMIM identifier; D or C and a number is a MeSH identifier. Concepts that are in both have several
identifiers, of which CTD uses that of MeSH.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from vaner.formats.source import MalformedError, OnError
from vaner.knowledge.concepts import Concept
from vaner.knowledge.sources.name_cleanup import with_natural_order
from vaner.knowledge.sources.source_file import SourceFile

_PREFIXES = ((re.compile(r"[CD]\d+"), "MESH"), (re.compile(r"\d+"), "OMIM"))
_MESH_CATEGORY = re.compile("[A-Z]")  # "C||Diseases"


def read(
    path: str | Path, *, type: str, source: str = "", on_error: OnError | None = None
) -> Iterator[Concept]:
    """Read a dictionary, with the first MeSH identifier of each line, else its first identifier.

    Args:
        path: the file, plain or gzipped.
        type: entity type.
        source: name of the source.
        on_error: see `SourceFile`.

    Raises:
        FormatError: with the line, for a line without ``||`` or with an unknown identifier.
    """
    file = SourceFile(path, source, on_error)

    def convert(line: str) -> Iterator[Concept]:
        identifiers, separator, names = line.partition("||")
        if not separator:
            raise MalformedError(f"{line!r} is not id||name|name")
        if not _MESH_CATEGORY.fullmatch(identifiers):
            curies = [_make_curie(identifier) for identifier in identifiers.split("|")]
            first = next((curie for curie in curies if curie.startswith("MESH:")), curies[0])
            yield file.make_concept(first, with_natural_order(names.split("|")), type)

    return file.make_concepts(file.read_lines(), convert)


def _make_curie(identifier: str) -> str:
    if ":" in identifier:
        return identifier
    for pattern, prefix in _PREFIXES:
        if pattern.fullmatch(identifier):
            return f"{prefix}:{identifier}"
    raise MalformedError(f"{identifier!r} is not a MeSH or OMIM identifier")
