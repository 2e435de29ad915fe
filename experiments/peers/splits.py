"""The splits of a corpus as the peers use them: train, devel for selection, and the scored one."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from vaner.corpora import evaluation_split, load, sentence_keys
from vaner.text.documents import Corpus
from vaner.training.data.held_out import remove_sentences

SELECTION_PART = 10
"""Without a test split, one of this many documents of train is for selection."""


class Splits(NamedTuple):
    """The splits of a corpus.

    Args:
        train: train, without the sentences that occur in `test`.
        devel: the documents for selection.
        test: the documents to score.
        left_out: number of sentences of train that occur in `test`.
    """

    train: Corpus
    devel: Corpus
    test: Corpus
    left_out: int


def load_splits(name: str) -> Splits:
    """Load the splits of a registered corpus.

    If the corpus has no test split, devel is scored, and every tenth document of train is for
    selection.

    Raises:
        CorpusError: if a file is missing or damaged.
    """
    train = load(name, "train")
    test = load(name, evaluation_split(name) or "devel")
    if test.split == "devel":
        devel = replace(
            train, split="train, one document in ten", documents=train.documents[::SELECTION_PART]
        )
        rest = (document for i, document in enumerate(train.documents) if i % SELECTION_PART != 0)
        train = replace(train, documents=tuple(rest))
    else:
        devel = load(name, "devel")
    keys = {key for document in test for key in sentence_keys(document)}
    train, left_out = remove_sentences(train, keys)
    return Splits(train, devel, test, left_out)
