"""Names related to a sentence: of the right type, and with rare words in common."""

from __future__ import annotations

from pathlib import Path

import pytest

from vaner.errors import KnowledgeError
from vaner.knowledge.base import KnowledgeBase, write
from vaner.knowledge.concepts import Concept, Source
from vaner.knowledge.name_forms import canonicalize
from vaner.knowledge.related_names import RelatedNames, extract_features, is_usable_name

CONCEPTS = [
    Concept("D:1", "Familial Breast Cancer", "Disease", ("Cancer, Breast, Familial",), "t"),
    Concept("D:2", "asthma", "Disease", ("bronchial asthma",), "t"),
    Concept("D:3", "kidney failure", "Disease", ("renal failure",), "t"),
    Concept("D:4", "BRCA1 deficiency", "Disease", ("BRCA1",), "t"),
    Concept("G:1", "BRCA1", "Gene", ("breast cancer 1",), "t"),
    Concept("G:2", "chromogranin A", "Gene", ("CGA",), "t"),
    Concept("G:3", "renin", "Gene", (), "t"),
    Concept("P:1", "breast swelling", "Phenotype", (), "t"),
    Concept("C:1", "granisetron", "Chemical", ("N,N-x",), "t"),
]
SENTENCE = "BRCA1 is a granin secreted in breast cancer."


@pytest.fixture
def base(tmp_path: Path) -> KnowledgeBase:
    return write(CONCEPTS, tmp_path / "t.parquet", name="t", sources=[Source("t", "CC0")])


def test_names_with_rare_common_words_come_first(base: KnowledgeBase) -> None:
    (pool,) = RelatedNames(base).find_pools([SENTENCE], "Gene", 3, 5)
    assert pool.positives[0] == "breast cancer 1"
    assert set(pool.positives) == {"BRCA1", "breast cancer 1", "chromogranin A"}
    assert "asthma" not in pool.positives + pool.negatives


def test_negatives_are_only_names_of_other_types(base: KnowledgeBase) -> None:
    (pool,) = RelatedNames(base).find_pools([SENTENCE], "Gene", 3, 5)
    assert "BRCA1" not in pool.negatives  # a name of a disease and of a gene
    assert {"Familial Breast Cancer", "granisetron"} <= set(pool.negatives)


def test_a_name_of_two_types_is_one_negative(tmp_path: Path) -> None:
    shared = [
        *CONCEPTS,
        Concept("D:5", "Breast tumor", "Disease", (), "t"),
        Concept("P:2", "breast-tumor", "Phenotype", (), "t"),
    ]
    base = write(shared, tmp_path / "s.parquet", name="s", sources=[Source("t", "CC0")])
    (pool,) = RelatedNames(base).find_pools(["a breast tumor"], "Gene", 3, 9)
    assert [canonicalize(name) for name in pool.negatives].count("breast tumor") == 1
    assert len(pool.negatives) == 3


def test_phenotypes_are_not_negatives_of_diseases(base: KnowledgeBase) -> None:
    related = RelatedNames(base)
    assert related.other_types("Disease") == ("Chemical", "Gene")
    (pool,) = related.find_pools([SENTENCE], "Disease", 3, 9)
    assert "breast swelling" not in pool.negatives


def test_names_in_natural_order_are_preferred(base: KnowledgeBase) -> None:
    (pool,) = RelatedNames(base).find_pools([SENTENCE], "Disease", 9, 0)
    assert "Familial Breast Cancer" in pool.positives
    assert "Cancer, Breast, Familial" not in pool.positives


def test_sentences_without_related_names_have_empty_pools(base: KnowledgeBase) -> None:
    pools = RelatedNames(base).find_pools(["", "xyzzy", "asthma"], "Disease", 3, 3)
    assert pools[0] == pools[1] == ((), ())
    assert set(pools[2].positives) == {"asthma", "bronchial asthma"}


def test_unknown_types_are_rejected(base: KnowledgeBase) -> None:
    with pytest.raises(KnowledgeError, match="has no names of type Gen;"):
        RelatedNames(base).find_pools(["x"], "Gen", 1, 1)
    with pytest.raises(KnowledgeError, match="has no type Drug"):
        RelatedNames(base, exclude=["Drug"])
    assert RelatedNames(base, exclude=["Chemical"]).other_types("Gene") == ("Disease", "Phenotype")


def test_features_are_words_and_ngrams_of_long_words() -> None:
    assert extract_features("β-Granin") == ["β", "granin", "#gran", "#rani", "#anin"]
    assert extract_features("") == []


@pytest.mark.parametrize(
    ("name", "usable"),
    [("asthma", True), ("p53", False), ("ALS", True), ("a b", False), ("x" * 81, False),
     ("one two three four five six seven eight nine", False)],
)  # fmt: skip
def test_usable_names(name: str, usable: bool) -> None:
    assert is_usable_name(name) is usable
