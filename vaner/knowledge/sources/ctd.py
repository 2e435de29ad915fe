"""Vocabularies of the Comparative Toxicogenomics Database: diseases (MEDIC), chemicals, genes.

Layout: https://ctdbase.org/downloads/, CSV or TSV. Remarks begin with #; the one after "# Fields:"
is the header. Several values in a field are joined by bars.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from vaner.formats.source import InputFile, OnError, read_lines
from vaner.knowledge.concepts import Concept
from vaner.knowledge.sources.name_cleanup import with_uninverted
from vaner.knowledge.sources.rows import columns, concept, each, fields, quoted, separated

# Name of the first column -> its identifier's, its type, the prefix of a bare identifier, names.
_KINDS = {
    "DiseaseName": ("DiseaseID", "Disease", "MESH", ("DiseaseName", "Synonyms")),
    "ChemicalName": ("ChemicalID", "Chemical", "MESH", ("ChemicalName", "Synonyms")),
    "GeneSymbol": ("GeneID", "Gene", "NCBIGene", ("GeneSymbol", "GeneName", "Synonyms")),
}


def read(
    path: str | Path, *, source: str = "", on_error: OnError | None = None
) -> Iterator[Concept]:
    """Read a CTD vocabulary; which one, and whether CSV or TSV, its header tells.

    Names of diseases and chemicals in index order get their natural order beside them.

    Args:
        path: e.g. ``CTD_diseases.tsv.gz``.
        source: name of the source.
        on_error: called with what is broken, which is then left out; None raises it.

    Raises:
        FormatError: with the line, for a missing header or column and for a short row.
    """
    place = InputFile(path, on_error)
    line, header, delimiter = _header(place)
    identifier, type, prefix, names = _KINDS[header[0]]
    at, *naming = columns(place, line, header, (identifier, *names))

    def convert(row: list[str]) -> Iterator[Concept]:
        whole = fields(row, max(at, *naming) + 1)
        local = whole[at] if ":" in whole[at] else f"{prefix}:{whole[at]}"
        found = [name for column in naming for name in whole[column].split("|")]
        yield concept(local, found if type == "Gene" else with_uninverted(found), type, source)

    rows = quoted(place) if delimiter == "," else separated(place, delimiter)
    return each(place, ((n, row) for n, row in rows if not row[0].startswith("#")), convert)


def _header(place: InputFile) -> tuple[int, list[str], str]:
    """Line, columns and delimiter of the header."""
    for number, line in read_lines(place):
        if not line.startswith("#"):
            break
        names = line[1:].strip()
        for delimiter in ("\t", ","):
            header = names.split(delimiter)
            if header[0] in _KINDS and len(header) > 1:
                return number, header, delimiter
    raise place.error(f"no header of CTD's that begins with {', '.join(_KINDS)}")
