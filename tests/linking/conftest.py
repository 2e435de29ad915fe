"""A small knowledge base and its linker."""

from __future__ import annotations

import pytest

from tests.linking.bases import build
from vaner.knowledge.base import KnowledgeBase
from vaner.knowledge.concepts import Concept
from vaner.linking.linker import Linker
from vaner.linking.name_index import open_index

CONCEPTS = (
    Concept("X:1", "Toe gout", "Disease", ("Gout of the toe", "Podagra"), "mine"),
    Concept("X:2", "Gout", "Disease", ("Gouty arthritis",), "mine"),
    Concept("X:3", "Renal tumor", "Disease", ("Tumor of the kidney", "Kidney tumor"), "mine"),
    Concept("X:4", "GOUT1", "Gene", ("Gout-related protein 1",), "mine"),
    Concept("X:5", "Chronic hay fever", "Disease", (), "mine"),
    *(Concept(f"X:{n}", f"Illness number {n}", "Disease", (), "mine") for n in range(10, 40)),
)


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeBase:
    return build(tmp_path_factory.mktemp("kb") / "mine.parquet", *CONCEPTS)


@pytest.fixture(scope="session")
def linker(base: KnowledgeBase) -> Linker:
    return Linker(open_index(base, cache=False))
