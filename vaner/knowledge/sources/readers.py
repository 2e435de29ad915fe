"""All readers by the names that manifests use."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from vaner.knowledge.concepts import Concept
from vaner.knowledge.sources import (
    belns,
    biosyn,
    ctd,
    dictionaries,
    entrez,
    hgnc,
    hpo_annotations,
    jsonl,
    mesh,
    obo,
    owl,
    taxonomy,
    tsv,
    umls,
    vaner_jsonl,
)

Reader = Callable[..., Iterator[Concept]]
"""``read(path, source=…, on_error=…, **options)``, with the options of the manifest."""

READERS: Mapping[str, Reader] = MappingProxyType(
    {
        "belns": belns.read,
        "biosyn": biosyn.read,
        "ctd": ctd.read,
        "disease-dictionary": dictionaries.read_diseases,
        "drug-dictionary": dictionaries.read_drugs,
        "entrez": entrez.read,
        "hgnc": hgnc.read,
        "hpo-diseases": hpo_annotations.read_diseases,
        "hpo-genes": hpo_annotations.read_genes,
        "jsonl": jsonl.read,
        "mesh": mesh.read,
        "obo": obo.read,
        "owl": owl.read,
        "taxonomy": taxonomy.read,
        "tsv": tsv.read,
        "umls": umls.read,
        "vaner-jsonl": vaner_jsonl.read,
    }
)
