"""NCBI Gene's gene_info (ftp.ncbi.nlm.nih.gov/gene/DATA/, layout in README there)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from vaner.formats.source import InputFile, OnError
from vaner.knowledge.concepts import Concept
from vaner.knowledge.sources.rows import columns, concept, each, fields, separated

# Full names and descriptions of proteins come after the symbols.
NAMES = (
    "Symbol", "Synonyms", "Symbol_from_nomenclature_authority",
    "Full_name_from_nomenclature_authority", "Other_designations",
)  # fmt: skip


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
        names: columns with names, the preferred one first; a dash stands for none.
        on_error: called with what is broken, which is then left out; None raises it.

    Raises:
        FormatError: with the line, for a missing column or a short row.
    """
    place = InputFile(path, on_error)
    rows = separated(place)
    line, header = next(rows, (1, [""]))
    header = [header[0].lstrip("#"), *header[1:]]
    taxon, at, *naming = columns(place, line, header, ("tax_id", "GeneID", *names))
    wanted = None if taxa is None else {str(number) for number in taxa}

    def convert(row: list[str]) -> Iterator[Concept]:
        whole = fields(row, max(taxon, at, *naming) + 1)
        # NCBI holds places for genes to come, all called NEWENTRY.
        if (wanted is None or whole[taxon] in wanted) and whole[naming[0]] != "NEWENTRY":
            found = (name for column in naming for name in whole[column].split("|"))
            identifier = f"NCBIGene:{whole[at]}"
            yield concept(identifier, (n for n in found if n != "-"), type, source)

    return each(place, rows, convert)
