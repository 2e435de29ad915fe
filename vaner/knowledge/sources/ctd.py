"""Read vocabularies of the Comparative Toxicogenomics Database: diseases, chemicals, genes.

Layout: https://ctdbase.org/downloads/, CSV or TSV. Comments begin with #; the comment after
"# Fields:" is the header. Bars separate several values in a field. Chemicals have two columns of
synonyms in current releases: MESHSynonyms and CTDCuratedSynonyms.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from vaner.formats.source import OnError
from vaner.knowledge.concepts import Concept
from vaner.knowledge.sources.name_cleanup import with_natural_order
from vaner.knowledge.sources.source_file import SourceFile, split_values


class _Vocabulary(NamedTuple):
    """Layout of one of the vocabularies."""

    identifier: str
    prefix: str
    type: str
    names: tuple[str, ...]


# First column -> layout.
_VOCABULARIES = {
    "DiseaseName": _Vocabulary("DiseaseID", "MESH", "Disease", ("DiseaseName",)),
    "ChemicalName": _Vocabulary("ChemicalID", "MESH", "Chemical", ("ChemicalName",)),
    "GeneSymbol": _Vocabulary("GeneID", "NCBIGene", "Gene", ("GeneSymbol", "GeneName")),
}


def read(
    path: str | Path, *, source: str = "", on_error: OnError | None = None
) -> Iterator[Concept]:
    """Read a CTD vocabulary, detecting the vocabulary and the format from the header.

    Names of diseases and chemicals in index order also get their natural order.

    Args:
        path: e.g. ``CTD_diseases.tsv.gz``.
        source: name of the source.
        on_error: see `SourceFile`.

    Raises:
        FormatError: with the line, for a missing header or column and for a short row.
    """
    file = SourceFile(path, source, on_error)
    line, header, delimiter = _read_header(file)
    vocabulary = _VOCABULARIES[header[0]]
    synonyms = [column for column in header if column.endswith("Synonyms")] or ["Synonyms"]
    name_columns = (*vocabulary.names, *synonyms)

    def convert(row: Mapping[str, str]) -> Iterator[Concept]:
        identifier = row[vocabulary.identifier]
        curie = identifier if ":" in identifier else f"{vocabulary.prefix}:{identifier}"
        names = split_values(row, name_columns)
        if vocabulary.type != "Gene":
            names = with_natural_order(names)
        yield file.make_concept(curie, names, vocabulary.type)

    rows = file.read_quoted_rows() if delimiter == "," else file.read_rows(delimiter)
    data = ((number, row) for number, row in rows if not row[0].startswith("#"))
    columns = (vocabulary.identifier, *name_columns)
    return file.make_concepts(file.read_table(columns, data, (line, header)), convert)


def _read_header(file: SourceFile) -> tuple[int, list[str], str]:
    """Return the line, the columns and the delimiter of the header."""
    for number, line in file.read_lines():
        if not line.startswith("#"):
            break
        names = line[1:].strip()
        for delimiter in ("\t", ","):
            header = names.split(delimiter)
            if header[0] in _VOCABULARIES and len(header) > 1:
                return number, header, delimiter
    raise file.error(f"no CTD header that begins with {', '.join(_VOCABULARIES)}")
