"""A split in parts of like size, of which one is left out: its turn to be annotated, not learnt.

Parts are runs of documents as they stand, so that what belongs together mostly stays together;
sentences that the corpus says are of one document always do.
"""

from __future__ import annotations

from collections.abc import Sequence

from vaner.errors import RecipeError
from vaner.text.documents import Corpus, Document


def without_fold(corpus: Corpus, folds: int, fold: int) -> Corpus:
    """All documents but those of one fold, in their order.

    Args:
        corpus: the split.
        folds: number of folds.
        fold: the one to leave out, from 0 on.

    Raises:
        RecipeError: where there are not enough documents for so many folds.
    """
    start, end = _edges(corpus, folds)[fold]
    return _with(corpus, (*corpus.documents[:start], *corpus.documents[end:]))


def only_fold(corpus: Corpus, folds: int, fold: int) -> Corpus:
    """The documents of one fold: those that `without_fold` leaves out.

    >>> corpus = Corpus("c", "train", tuple(Document(str(i), "Gout.") for i in range(5)), ("X",))
    >>> [[document.id for document in only_fold(corpus, 2, fold)] for fold in (0, 1)]
    [['0', '1'], ['2', '3', '4']]
    """
    start, end = _edges(corpus, folds)[fold]
    return _with(corpus, corpus.documents[start:end])


def _edges(corpus: Corpus, folds: int) -> list[tuple[int, int]]:
    """First document of each fold, and one past its last."""
    edges = [round(number * len(corpus) / folds) for number in range(folds + 1)]
    edges = [_moved(corpus.documents, edge) for edge in edges]
    found = list(zip(edges, edges[1:], strict=False))
    if any(start >= end for start, end in found):
        raise RecipeError(
            f"corpus {corpus.name} {corpus.split} has too few documents for {folds} folds"
        )
    return found


def _moved(documents: Sequence[Document], edge: int) -> int:
    """The edge, or the next one that does not part the sentences of one document."""
    while 0 < edge < len(documents) and _together(documents[edge - 1], documents[edge]):
        edge += 1
    return edge


def _together(one: Document, other: Document) -> bool:
    return one.source_id is not None and one.source_id == other.source_id


def _with(corpus: Corpus, documents: Sequence[Document]) -> Corpus:
    return Corpus(corpus.name, corpus.split, tuple(documents), corpus.types)
