"""Readers of the vocabularies, one file each, by the names that manifests give them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from vaner.knowledge.concepts import Concept
from vaner.knowledge.sources import dictionaries, hpo_annotations, obo

# read(path, source=…, on_error=…, **options of the manifest)
Reader = Callable[..., Iterator[Concept]]

READERS: Mapping[str, Reader] = MappingProxyType(
    {
        "drug-dictionary": dictionaries.read_drugs,
        "disease-dictionary": dictionaries.read_diseases,
        "hpo-diseases": hpo_annotations.read_diseases,
        "hpo-genes": hpo_annotations.read_genes,
        "obo": obo.read,
    }
)
