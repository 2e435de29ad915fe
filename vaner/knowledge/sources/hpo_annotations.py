"""Names of diseases and genes in the annotation files of the Human Phenotype Ontology.

Layouts: https://obophenotype.github.io/human-phenotype-ontology/annotations/phenotype_hpoa/ and
…/annotations/genes_to_phenotype/. Each disease and each gene stands there once per phenotype.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from vaner.formats.source import InputFile, OnError
from vaner.knowledge.concepts import Concept
from vaner.knowledge.sources.name_cleanup import omim_names
from vaner.knowledge.sources.rows import columns, concept, each, fields, separated


def read_diseases(
    path: str | Path, *, type: str = "Disease", source: str = "", on_error: OnError | None = None
) -> Iterator[Concept]:
    """Diseases of OMIM, Orphanet and DECIPHER out of ``phenotype.hpoa``.

    A name in OMIM's index order gets its natural order beside it.

    Args:
        path: the file, plain or gzipped.
        type: entity type.
        source: name of the source.
        on_error: called with what is broken, which is then left out; None raises it.

    Raises:
        FormatError: with the line, for a missing column or a short row.
    """
    place = InputFile(path, on_error)
    found = _names(place, "database_id", "disease_name")
    return each(
        place,
        ((line, (identifier, names)) for identifier, (line, names) in found.items()),
        lambda disease: [concept(disease[0], _disease_names(disease[1]), type, source)],
    )


def read_genes(
    path: str | Path, *, type: str = "Gene", source: str = "", on_error: OnError | None = None
) -> Iterator[Concept]:
    """Gene symbols, with NCBI Gene identifiers, out of ``genes_to_phenotype.txt``.

    Args:
        path: the file, plain or gzipped.
        type: entity type.
        source: name of the source.
        on_error: called with what is broken, which is then left out; None raises it.

    Raises:
        FormatError: with the line, for a missing column or a short row.
    """
    place = InputFile(path, on_error)
    found = _names(place, "ncbi_gene_id", "gene_symbol")
    return each(
        place,
        # For some there is no symbol, and a dash stands in its place.
        ((line, (gene, names)) for gene, (line, names) in found.items() if "-" not in names),
        lambda gene: [concept(f"NCBIGene:{gene[0]}", gene[1], type, source)],
    )


def _names(
    place: InputFile, identifier: str, name: str
) -> Mapping[str, tuple[int, dict[str, None]]]:
    """Identifier -> line of its first row and its different names."""
    found: dict[str, tuple[int, dict[str, None]]] = {}
    places: list[int] | None = None
    for line, row in separated(place):
        if row[0].startswith("#"):
            continue
        if places is None:
            places = columns(place, line, row, (identifier, name))
            continue
        with place.guard(line):
            whole = fields(row, max(places) + 1)
            found.setdefault(whole[places[0]], (line, {}))[1][whole[places[1]]] = None
    if places is None:
        raise place.error(f"no header with {identifier} and {name} in it")
    return found


def _disease_names(titles: Mapping[str, None]) -> list[str]:
    return [name for title in titles for name in omim_names(title)]
