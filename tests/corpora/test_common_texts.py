"""Splits of different corpora that have the same texts."""

from __future__ import annotations

import pytest

from vaner.corpora import REGISTRY, base_corpus, same_texts, shared_texts


@pytest.mark.parametrize("split", ["train_partial", "devel", "test"])
def test_pairs_of_splits_are_symmetric(split: str) -> None:
    assert ("JNLPBA", "train") in same_texts("GENIA-nested", split)
    assert ("GENIA-nested", split) in same_texts("JNLPBA", "train")
    assert ("GENIA-nested", split) in same_texts("JNLPBA", "devel")


def test_unrelated_splits_share_no_texts() -> None:
    # The shared task's test abstracts are not GENIA's.
    assert same_texts("JNLPBA", "test") == {("JNLPBA-original", "test")}
    assert not same_texts("CMeEE", "train") and not same_texts("CCKS2019", "test")
    assert not same_texts("a_file.jsonl", "train")


def test_a_view_has_the_texts_of_its_corpus() -> None:
    assert same_texts("jnlpba-cells", "devel") == same_texts("JNLPBA", "devel")
    assert (base_corpus("jnlpba-cells"), base_corpus("a/folder")) == ("JNLPBA", "a/folder")


def test_splits_with_the_same_shared_texts_are_grouped() -> None:
    assert list(shared_texts(REGISTRY["JNLPBA"])) == [
        "train, devel: texts shared with JNLPBA-original train, devel; "
        "BioNLP09 train, devel, test; GENIA-nested train_partial, devel, test",
        "test, test_original_tokens: texts shared with JNLPBA-original test",
    ]
    assert list(shared_texts(REGISTRY["NCBI-disease"])) == []
