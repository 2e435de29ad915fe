"""One corpus into splits: each document once, the same ones each time, and no text on two sides."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vaner.corpora.repeated_sentences import key_length, sentence_keys
from vaner.corpora.split import Splits, split
from vaner.errors import CorpusError
from vaner.text.documents import Document

SENTENCES = [f"The patient number {n} was seen in the clinic on Monday ." for n in range(16)]


def letters(texts: list[list[int]]) -> list[Document]:
    return [
        Document(str(i), " ".join(SENTENCES[s] for s in chosen) or f"Gout {i}.")
        for i, chosen in enumerate(texts)
    ]


def stand_twice(drawn: Splits) -> set[str]:
    """Long sentences that stand in more than one split, counted the plain way."""
    parts = [
        {k for d in part for k in sentence_keys(d) if key_length(k) >= 8}
        for part in drawn.documents.values()
    ]
    return {key for i, one in enumerate(parts) for other in parts[i + 1 :] for key in one & other}


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.lists(st.integers(0, len(SENTENCES) - 1), max_size=3), min_size=4, max_size=30),
    st.sampled_from([0.0, 0.1, 0.3]), st.sampled_from([0.1, 0.4]), st.integers(0, 3),
)  # fmt: skip
def test_every_document_is_in_one_split(
    texts: list[list[int]], devel: float, test: float, seed: int
) -> None:
    corpus = letters(texts)
    drawn = split(corpus, {"devel": devel, "test": test}, seed)
    assert sorted(d.id for part in drawn.documents.values() for d in part) == sorted(
        d.id for d in corpus
    )
    sizes = {name: len(part) for name, part in drawn.documents.items()}
    assert sizes["test"] == max(1, round(len(corpus) * test))
    assert sizes.get("devel", 0) == (max(1, round(len(corpus) * devel)) if devel else 0)
    assert drawn.apart == len(stand_twice(drawn))
    assert drawn == split(corpus, {"devel": devel, "test": test}, seed)


def test_documents_that_share_a_sentence_stay_together() -> None:
    corpus = letters([[i // 2] for i in range(32)])  # sixteen pairs
    for seed in range(5):
        drawn = split(corpus, {"devel": 0.25, "test": 0.25}, seed)
        assert drawn.apart == 0 and drawn.together == 32
    tests = [split(corpus, {"test": 0.25}, seed).documents["test"] for seed in range(5)]
    assert any(test != tests[0] for test in tests)


def test_a_sentence_of_all_ties_nothing_and_is_counted() -> None:
    corpus = letters([[0, 1 + i // 2] for i in range(20)])  # pairs, and an ending that all have
    drawn = split(corpus, {"devel": 0.2, "test": 0.2}, seed=1)
    assert [len(part) for part in drawn.documents.values()] == [12, 4, 4]
    assert drawn.apart == 1 and drawn.together == 20


@pytest.mark.parametrize("kind", [str, int])
def test_sentences_of_one_document_are_never_parted(kind: type) -> None:
    corpus = [
        Document(str(i), f"Sentence {i}.", metadata={"doc_id": kind(i % 10)}) for i in range(80)
    ]
    drawn = split(corpus, {"devel": 0.2, "test": 0.1}, seed=2)
    sides = {name: {text.source_id for text in part} for name, part in drawn.documents.items()}
    assert {name: len(part) for name, part in sides.items()} == {"train": 7, "devel": 2, "test": 1}
    assert len(set[str | None]().union(*sides.values())) == 10
    for part in drawn.documents.values():  # each text once, in the order they came in
        assert [int(text.id) for text in part] == sorted(int(text.id) for text in part)
    assert sum(map(len, drawn.documents.values())) == 80


@pytest.mark.parametrize(
    ("number", "shares", "message"),
    [
        (2, {"devel": 0.1, "test": 0.1}, "2 documents are too few for train, devel, test"),
        (0, {"devel": 0.1}, "0 documents are too few"),
        (0, {}, "there is no document"),
        (9, {"devel": 0.5, "test": 0.5}, "leave something to train on"),
        (9, {"devel": -0.1}, "shares are from 0"),
        (9, {"devel": float("nan")}, "shares are from 0"),
    ],
)
def test_shares_that_cannot_be(number: int, shares: dict[str, float], message: str) -> None:
    with pytest.raises(CorpusError, match=message):
        split(letters([[]] * number), shares)
