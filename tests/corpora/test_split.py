"""Splitting a corpus: each document once, reproducibly, and without leaks."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vaner.corpora.repeated_sentences import is_long, sentence_keys
from vaner.corpora.split import CorpusSplits, split_corpus
from vaner.errors import CorpusError
from vaner.text.documents import Document

SENTENCES = [f"The patient number {n} was seen in the clinic on Monday ." for n in range(16)]


def make_letters(texts: list[list[int]]) -> list[Document]:
    return [
        Document(str(i), " ".join(SENTENCES[s] for s in chosen) or f"Gout {i}.")
        for i, chosen in enumerate(texts)
    ]


def find_repeated_sentences(splits: CorpusSplits) -> set[str]:
    """Return the long sentences that occur in more than one split, by brute force."""
    parts = [
        {k for d in part for k in sentence_keys(d) if is_long(k)}
        for part in splits.documents.values()
    ]
    return {key for i, a in enumerate(parts) for b in parts[i + 1 :] for key in a & b}


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.lists(st.integers(0, len(SENTENCES) - 1), max_size=3), min_size=4, max_size=30),
    st.sampled_from([0.0, 0.1, 0.3]), st.sampled_from([0.1, 0.4]), st.integers(0, 3),
)  # fmt: skip
def test_every_document_is_in_one_split(
    texts: list[list[int]], devel: float, test: float, seed: int
) -> None:
    corpus = make_letters(texts)
    splits = split_corpus(corpus, {"devel": devel, "test": test}, seed)
    assert sorted(d.id for part in splits.documents.values() for d in part) == sorted(
        d.id for d in corpus
    )
    sizes = {name: len(part) for name, part in splits.documents.items()}
    assert sizes["test"] == max(1, round(len(corpus) * test))
    assert sizes.get("devel", 0) == (max(1, round(len(corpus) * devel)) if devel else 0)
    assert splits.repeated_sentences == len(find_repeated_sentences(splits))
    assert splits == split_corpus(corpus, {"devel": devel, "test": test}, seed)


def test_documents_that_share_a_sentence_are_in_one_split() -> None:
    corpus = make_letters([[i // 2] for i in range(32)])  # sixteen pairs
    for seed in range(5):
        splits = split_corpus(corpus, {"devel": 0.25, "test": 0.25}, seed)
        assert splits.repeated_sentences == 0 and splits.grouped_documents == 32
    tests = [split_corpus(corpus, {"test": 0.25}, seed).documents["test"] for seed in range(5)]
    assert any(test != tests[0] for test in tests)


def test_a_sentence_of_all_documents_does_not_group_them() -> None:
    corpus = make_letters(
        [[0, 1 + i // 2] for i in range(20)]
    )  # pairs, and a last sentence that all have
    splits = split_corpus(corpus, {"devel": 0.2, "test": 0.2}, seed=1)
    assert [len(part) for part in splits.documents.values()] == [12, 4, 4]
    assert splits.repeated_sentences == 1 and splits.grouped_documents == 20


@pytest.mark.parametrize("kind", [str, int])
def test_texts_of_one_document_are_in_one_split(kind: type) -> None:
    corpus = [
        Document(str(i), f"Sentence {i}.", metadata={"doc_id": kind(i % 10)}) for i in range(80)
    ]
    splits = split_corpus(corpus, {"devel": 0.2, "test": 0.1}, seed=2)
    sides = {name: {text.source_id for text in part} for name, part in splits.documents.items()}
    assert {name: len(part) for name, part in sides.items()} == {"train": 7, "devel": 2, "test": 1}
    assert len(set[str | None]().union(*sides.values())) == 10
    for part in splits.documents.values():  # each text once, in the original order
        assert [int(text.id) for text in part] == sorted(int(text.id) for text in part)
    assert sum(map(len, splits.documents.values())) == 80


@pytest.mark.parametrize(
    ("number", "shares", "message"),
    [
        (
            2,
            {"devel": 0.1, "test": 0.1},
            "too few documents for train, devel, test: 2; set a share to 0",
        ),
        (0, {"devel": 0.1}, "too few documents for train, devel: 0"),
        (0, {}, "there are no documents"),
        (9, {"devel": 0.5, "test": 0.5}, "their sum must be below 1"),
        (9, {"devel": -0.1}, "each share must be at least 0"),
        (9, {"devel": float("nan")}, "each share must be at least 0"),
    ],
)
def test_invalid_shares_are_rejected(number: int, shares: dict[str, float], message: str) -> None:
    with pytest.raises(CorpusError, match=message):
        split_corpus(make_letters([[]] * number), shares)
