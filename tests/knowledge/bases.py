"""Small knowledge bases for tests."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from vaner.knowledge.base import KnowledgeBase, write
from vaner.knowledge.concepts import Concept, Source

TESTS = Source("tests", "CC0", "https://example.org", "1")
CONCEPTS = [
    Concept("MESH:D003924", "Diabetes Mellitus, Type 2", "Disease", ("NIDDM", "type 2 diabetes")),
    Concept("MESH:D003920", "Diabetes Mellitus", "Disease", ("diabetes", "糖尿病")),
    Concept("MESH:D003424", "Crohn Disease", "Disease", ("tumour of Crohn",)),
    Concept("MESH:D054198", "Precursor Leukemia", "Disease", ("ALL", "all")),
    Concept("MESH:D008687", "Metformin", "Chemical", ("dimethylbiguanide", "2-butanol")),
    Concept("MESH:D007854", "lead", "Chemical", ("Pb",)),
    Concept("HGNC:1516", "CAT", "Gene", ("catalase",)),
    Concept("HGNC:11892", "TNF", "Gene", ("TNF-alpha", "tumor necrosis factor", "DIF")),
    Concept("HGNC:99", "TNFX", "Gene", ("DIF", "diabetes")),
    Concept("NCBITaxon:9606", "Homo sapiens", "Species", ("human",)),
]


def write_base(path: Path, concepts: Iterable[Concept] = CONCEPTS) -> KnowledgeBase:
    """Write a small knowledge base."""
    with_source = (Concept(c.identifier, c.name, c.type, c.synonyms, "tests") for c in concepts)
    return write(with_source, path, name=path.stem, sources=[TESTS])
