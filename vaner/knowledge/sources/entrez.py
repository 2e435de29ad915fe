"""Read gene_info of NCBI Gene (ftp.ncbi.nlm.nih.gov/gene/DATA/; see README there)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from vaner.formats.source import OnError
from vaner.knowledge.concepts import Concept
from vaner.knowledge.sources.source_file import SourceFile, split_values

# Symbols come before full names and descriptions of proteins.
NAMES = (
    "Symbol", "Synonyms", "Symbol_from_nomenclature_authority",
    "Full_name_from_nomenclature_authority", "Other_designations",
)  # fmt: skip
_RESERVED = "NEWENTRY"  # symbol of records that NCBI reserves for future genes


def read(
    path: str | Path,
    *,
    type: str = "Gene",
    source: str = "",
    taxa: Collection[int] | None = None,
    names: Sequence[str] = NAMES,
    on_error: OnError | None = None,
) -> Iterator[Concept]:
    """Read genes with their symbols and names.

    Args:
        path: e.g. ``Homo_sapiens.gene_info.gz``.
        type: entity type.
        source: name of the source.
        taxa: only genes of these NCBI taxa, e.g. ``{9606}``; all if None.
        names: columns of names, starting with the preferred name. A dash means no name.
        on_error: see `SourceFile`.

    Raises:
        FormatError: with the line, for a missing column or a short row.
    """
    file = SourceFile(path, source, on_error)
    included = None if taxa is None else {str(number) for number in taxa}

    def convert(row: Mapping[str, str]) -> Iterator[Concept]:
        if (included is None or row["tax_id"] in included) and row[names[0]] != _RESERVED:
            spellings = (name for name in split_values(row, names) if name != "-")
            yield file.make_concept(f"NCBIGene:{row['GeneID']}", spellings, type)

    table = file.read_table(("tax_id", "GeneID", *names), file.read_rows())
    return file.make_concepts(table, convert)
