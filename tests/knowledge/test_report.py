"""The report finds the names that make trouble in a base of a few concepts."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import pytest

from vaner.knowledge import report as reports
from vaner.knowledge.base import KnowledgeBase, write
from vaner.knowledge.concepts import Concept, Source
from vaner.knowledge.report import report

CONCEPTS = [
    Concept("OMIM:1", "Beta-Thalassemia", "Disease", ("BT",), "a"),
    Concept("OMIM:2", "beta thalassémia", "Disease", (), "a"),
    Concept("HP:1", "Fever", "Phenotype", ("Pyrexia",), "b"),
    Concept("MESH:D1", "fever", "Disease", (), "a"),
    Concept("HGNC:1", "WAS", "Gene", ("Wiskott-Aldrich protein", "TP53"), "b"),
]


@pytest.fixture
def base(tmp_path: Path) -> KnowledgeBase:
    sources = [Source("a", "CC0"), Source("b", "CC BY 4.0", version="7"), Source("c", "unused")]
    return write(CONCEPTS, tmp_path / "x.parquet", name="x", sources=sources)


def test_counts(base: KnowledgeBase) -> None:
    found = report(base)
    assert found.concepts == {"Disease": 3, "Phenotype": 1, "Gene": 1}
    assert found.names == {"Disease": 4, "Phenotype": 2, "Gene": 3}
    assert found.sources["a"]["concepts"] == {"Disease": 3}
    assert found.sources["b"]["names"] == {"Phenotype": 2, "Gene": 3}
    assert found.sources["b"]["license"] == "CC BY 4.0"
    assert "c" not in found.sources
    assert found.distinct == 7
    json.dumps(found.to_dict())


def test_ambiguous_names(base: KnowledgeBase) -> None:
    found = report(base)
    assert found.several_concepts.names == 2
    assert found.several_concepts.examples == (
        "Beta-Thalassemia (OMIM:1, OMIM:2)",
        "Fever (HP:1, MESH:D1)",
    )
    assert found.one_vocabulary.examples == ("Beta-Thalassemia (OMIM:1, OMIM:2)",)
    assert found.several_types.examples == ("Fever (HP:1, MESH:D1)",)
    assert found.several_types.by_type == {"Disease": 1, "Phenotype": 1}
    assert found.short.examples == ("BT", "WAS")


@pytest.mark.skipif(find_spec("wordfreq") is None, reason="wordfreq of vaner[kb] is not here")
def test_everyday_words(base: KnowledgeBase) -> None:
    found = report(base).english
    assert found is not None
    assert found.examples == ("WAS", "Fever (HP:1, MESH:D1)")


def test_without_wordfreq(base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "find_spec", lambda name: None)
    assert report(base).english is None
