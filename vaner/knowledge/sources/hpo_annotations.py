"""Read names of diseases and genes from annotation files of the Human Phenotype Ontology.

Layouts: https://obophenotype.github.io/human-phenotype-ontology/annotations/phenotype_hpoa/ and
…/annotations/genes_to_phenotype/. The files have one row for each phenotype of a disease or gene.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from vaner.formats.source import OnError
from vaner.knowledge.concepts import Concept
from vaner.knowledge.sources.name_cleanup import split_omim_title
from vaner.knowledge.sources.source_file import SourceFile

Entry = tuple[str, list[str]]
"""An identifier and its different names."""


def read_diseases(
    path: str | Path, *, type: str = "Disease", source: str = "", on_error: OnError | None = None
) -> Iterator[Concept]:
    """Read diseases of OMIM, Orphanet and DECIPHER from ``phenotype.hpoa``.

    A name in the index order of OMIM also gets its natural order.

    Args:
        path: the file, plain or gzipped.
        type: entity type.
        source: name of the source.
        on_error: see `SourceFile`.

    Raises:
        FormatError: with the line, for a missing column or a short row.
    """
    file = SourceFile(path, source, on_error)

    def convert(entry: Entry) -> Iterator[Concept]:
        identifier, titles = entry
        names = (name for title in titles for name in split_omim_title(title))
        yield file.make_concept(identifier, names, type)

    return file.make_concepts(_read_entries(file, "database_id", "disease_name"), convert)


def read_genes(
    path: str | Path, *, type: str = "Gene", source: str = "", on_error: OnError | None = None
) -> Iterator[Concept]:
    """Read gene symbols with NCBI Gene identifiers from ``genes_to_phenotype.txt``.

    Args:
        path: the file, plain or gzipped.
        type: entity type.
        source: name of the source.
        on_error: see `SourceFile`.

    Raises:
        FormatError: with the line, for a missing column or a short row.
    """
    file = SourceFile(path, source, on_error)

    def convert(entry: Entry) -> Iterator[Concept]:
        identifier, symbols = entry
        if "-" not in symbols:  # a dash means that the gene has no symbol
            yield file.make_concept(f"NCBIGene:{identifier}", symbols, type)

    return file.make_concepts(_read_entries(file, "ncbi_gene_id", "gene_symbol"), convert)


def _read_entries(file: SourceFile, identifier: str, name: str) -> Iterator[tuple[int, Entry]]:
    """Merge the rows of each identifier, in the order of their first rows."""
    rows = ((line, row) for line, row in file.read_rows() if not row[0].startswith("#"))
    entries: dict[str, tuple[int, dict[str, None]]] = {}
    for line, row in file.read_table((identifier, name), rows):
        entries.setdefault(row[identifier], (line, {}))[1][row[name]] = None
    for key, (line, names) in entries.items():
        yield line, (key, list(names))
