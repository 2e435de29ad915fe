"""Divide a split into folds of similar size, to annotate one and train on the others.

A fold is a run of consecutive documents, so that related documents mostly stay together. Sentences
that the corpus attributes to one document always do.
"""

from __future__ import annotations

from collections.abc import Sequence

from vaner.errors import RecipeError
from vaner.text.documents import Corpus, Document


def drop_fold(corpus: Corpus, folds: int, fold: int) -> Corpus:
    """Return all documents except those of one fold, in their order.

    Args:
        corpus: the split.
        folds: number of folds.
        fold: the fold to leave out, counted from 0.

    Raises:
        RecipeError: if there are too few documents for this number of folds.
    """
    start, end = _fold_ranges(corpus, folds)[fold]
    return _with(corpus, (*corpus.documents[:start], *corpus.documents[end:]))


def select_fold(corpus: Corpus, folds: int, fold: int) -> Corpus:
    """Return the documents of one fold: those that `drop_fold` leaves out.

    >>> corpus = Corpus("c", "train", tuple(Document(str(i), "Gout.") for i in range(5)), ("X",))
    >>> [[document.id for document in select_fold(corpus, 2, fold)] for fold in (0, 1)]
    [['0', '1'], ['2', '3', '4']]
    """
    start, end = _fold_ranges(corpus, folds)[fold]
    return _with(corpus, corpus.documents[start:end])


def _fold_ranges(corpus: Corpus, folds: int) -> list[tuple[int, int]]:
    """Return the half-open range of documents of each fold."""
    edges = [round(number * len(corpus) / folds) for number in range(folds + 1)]
    edges = [_next_boundary(corpus.documents, edge) for edge in edges]
    ranges = list(zip(edges, edges[1:], strict=False))
    if any(start >= end for start, end in ranges):
        raise RecipeError(
            f"corpus {corpus.name} {corpus.split} has too few documents for {folds} folds"
        )
    return ranges


def _next_boundary(documents: Sequence[Document], edge: int) -> int:
    """Return the first index from `edge` on that does not separate sentences of one document."""
    while 0 < edge < len(documents) and _same_source(documents[edge - 1], documents[edge]):
        edge += 1
    return edge


def _same_source(first: Document, second: Document) -> bool:
    return first.source_id is not None and first.source_id == second.source_id


def _with(corpus: Corpus, documents: Sequence[Document]) -> Corpus:
    return Corpus(corpus.name, corpus.split, tuple(documents), corpus.types)
