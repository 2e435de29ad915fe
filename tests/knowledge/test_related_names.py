"""Names related to a sentence: of the right type, sharing something rare, none of both kinds."""

from __future__ import annotations

from pathlib import Path

import pytest

from vaner.errors import KnowledgeError
from vaner.knowledge.base import KnowledgeBase, write
from vaner.knowledge.concepts import Concept, Source
from vaner.knowledge.name_forms import canonical
from vaner.knowledge.related_names import RelatedNames, features, teachable

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


def test_what_shares_rare_words_or_letters_comes_first(base: KnowledgeBase) -> None:
    (pool,) = RelatedNames(base).pools([SENTENCE], "Gene", 3, 5)
    assert pool.positives[0] == "breast cancer 1"
    assert set(pool.positives) == {"BRCA1", "breast cancer 1", "chromogranin A"}
    assert "asthma" not in pool.positives + pool.negatives


def test_negatives_are_of_other_types_and_never_of_both(base: KnowledgeBase) -> None:
    (pool,) = RelatedNames(base).pools([SENTENCE], "Gene", 3, 5)
    assert "BRCA1" not in pool.negatives  # also a disease's name, but a gene's too
    assert {"Familial Breast Cancer", "granisetron"} <= set(pool.negatives)


def test_a_name_of_two_types_is_one_counter_example(tmp_path: Path) -> None:
    shared = [
        *CONCEPTS,
        Concept("D:5", "Breast tumor", "Disease", (), "t"),
        Concept("P:2", "breast-tumor", "Phenotype", (), "t"),
    ]
    base = write(shared, tmp_path / "s.parquet", name="s", sources=[Source("t", "CC0")])
    (pool,) = RelatedNames(base).pools(["a breast tumor"], "Gene", 3, 9)
    assert [canonical(name) for name in pool.negatives].count("breast tumor") == 1
    assert len(pool.negatives) == 3


def test_a_phenotype_is_no_counter_example_of_a_disease(base: KnowledgeBase) -> None:
    related = RelatedNames(base)
    assert related.others("Disease") == ("Chemical", "Gene")
    (pool,) = related.pools([SENTENCE], "Disease", 3, 9)
    assert "breast swelling" not in pool.negatives


def test_the_plain_order_of_words_is_taken(base: KnowledgeBase) -> None:
    (pool,) = RelatedNames(base).pools([SENTENCE], "Disease", 9, 0)
    assert "Familial Breast Cancer" in pool.positives
    assert "Cancer, Breast, Familial" not in pool.positives


def test_nothing_related(base: KnowledgeBase) -> None:
    pools = RelatedNames(base).pools(["", "xyzzy", "asthma"], "Disease", 3, 3)
    assert pools[0] == pools[1] == ((), ())
    assert set(pools[2].positives) == {"asthma", "bronchial asthma"}


def test_types_are_matched_exactly(base: KnowledgeBase) -> None:
    with pytest.raises(KnowledgeError, match="gives no names of type Gen;"):
        RelatedNames(base).pools(["x"], "Gen", 1, 1)
    with pytest.raises(KnowledgeError, match="has no type Drug"):
        RelatedNames(base, exclude=["Drug"])
    assert RelatedNames(base, exclude=["Chemical"]).others("Gene") == ("Disease", "Phenotype")


def test_features_are_words_and_pieces_of_long_ones() -> None:
    assert features("β-Granin") == ["β", "granin", "#gran", "#rani", "#anin"]
    assert features("") == []


@pytest.mark.parametrize(
    ("name", "can"),
    [("asthma", True), ("p53", False), ("ALS", True), ("a b", False), ("x" * 81, False),
     ("one two three four five six seven eight nine", False)],
)  # fmt: skip
def test_teachable(name: str, can: bool) -> None:
    assert teachable(name) is can
