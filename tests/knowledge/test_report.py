"""The report of a small base counts ambiguous and too general names."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import pytest

from vaner.knowledge import report as reports
from vaner.knowledge.base import KnowledgeBase, write
from vaner.knowledge.concepts import Concept, Source
from vaner.knowledge.report import build_report

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


def test_concepts_and_names_are_counted(base: KnowledgeBase) -> None:
    result = build_report(base)
    assert result.concepts == {"Disease": 3, "Phenotype": 1, "Gene": 1}
    assert result.names == {"Disease": 4, "Phenotype": 2, "Gene": 3}
    assert result.sources["a"]["concepts"] == {"Disease": 3}
    assert result.sources["b"]["names"] == {"Phenotype": 2, "Gene": 3}
    assert result.sources["b"]["license"] == "CC BY 4.0"
    assert "c" not in result.sources
    assert result.distinct == 7
    json.dumps(result.to_dict())


def test_ambiguous_names_are_counted(base: KnowledgeBase) -> None:
    result = build_report(base)
    assert result.several_concepts.names == 2
    assert result.several_concepts.examples == (
        "Beta-Thalassemia (OMIM:1, OMIM:2)",
        "Fever (HP:1, MESH:D1)",
    )
    assert result.one_vocabulary.examples == ("Beta-Thalassemia (OMIM:1, OMIM:2)",)
    assert result.several_types.examples == ("Fever (HP:1, MESH:D1)",)
    assert result.several_types.by_type == {"Disease": 1, "Phenotype": 1}
    assert result.short.examples == ("BT", "WAS")


@pytest.mark.skipif(find_spec("wordfreq") is None, reason="wordfreq is not installed")
def test_common_words_are_counted(base: KnowledgeBase) -> None:
    result = build_report(base).english
    assert result is not None
    assert result.examples == ("WAS", "Fever (HP:1, MESH:D1)")


def test_common_words_are_not_counted_without_wordfreq(
    base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports, "find_spec", lambda name: None)
    assert build_report(base).english is None
