"""Dictionaries as BioSyn and its forerunners use them: ``id|id||name|name`` on each line.

Seen in https://github.com/dmis-lab/BioSyn (MEDIC, the diseases of CTD, of 2012). A bare number is
of OMIM, D or C and a number of MeSH.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from vaner.formats.source import InputFile, MalformedError, OnError, read_lines
from vaner.knowledge.concepts import Concept
from vaner.knowledge.sources.name_cleanup import with_uninverted
from vaner.knowledge.sources.rows import concept, each

_PREFIXES = ((re.compile(r"[CD]\d+"), "MESH"), (re.compile(r"\d+"), "OMIM"))


def read(
    path: str | Path, *, type: str, source: str = "", on_error: OnError | None = None
) -> Iterator[Concept]:
    """Read such a dictionary; the first identifier counts.

    Args:
        path: the file, plain or gzipped.
        type: entity type.
        source: name of the source.
        on_error: called with what is broken, which is then left out; None raises it.

    Raises:
        FormatError: with the line, for one without two bars or with an unknown identifier.
    """
    place = InputFile(path, on_error)

    def convert(line: str) -> Iterator[Concept]:
        identifiers, bars, names = line.partition("||")
        if not bars:
            raise MalformedError(f"{line!r} is not id||name|name")
        first = identifiers.split("|")[0]
        # A single letter is a category of MeSH: "C||Diseases".
        if not re.fullmatch("[A-Z]", first):
            yield concept(_curie(first), with_uninverted(names.split("|")), type, source)

    return each(place, ((number, line) for number, line in read_lines(place) if line), convert)


def _curie(identifier: str) -> str:
    if ":" in identifier:
        return identifier
    for pattern, prefix in _PREFIXES:
        if pattern.fullmatch(identifier):
            return f"{prefix}:{identifier}"
    raise MalformedError(f"{identifier!r} is no identifier of MeSH or OMIM")
