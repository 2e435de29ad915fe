"""Training sentences that stand in a test split as well: found and taken out."""

from __future__ import annotations

from collections.abc import Set
from contextlib import suppress
from pathlib import Path

from vaner.corpora import evaluation_split, is_one_split, load, sentence_key, sentence_keys
from vaner.errors import CorpusError
from vaner.text.documents import Corpus, Document
from vaner.text.words import get_sentences, split_words
from vaner.training.examples.sentences import training_sentences
from vaner.training.recipe.schema import Recipe


def test_sentences(recipe: Recipe, root: str | Path | None = None) -> frozenset[str]:
    """Keys of the sentences that a recipe's model may be scored on.

    They are those in the test split, or in what stands for it (`vaner.corpora.evaluation_split`),
    of every corpus that the recipe trains on, chooses by or holds out by name. A corpus that has
    neither gives none.

    Raises:
        CorpusError: where a corpus named in ``held_out`` has neither.
    """
    sources = recipe.sources
    names = dict.fromkeys(source.corpus for source in (*sources, *recipe.dev))
    wanted = [
        (one, _scored(one)) if isinstance(one, str) else (one.corpus, one.split)
        for one in recipe.held_out
    ]
    splits = [load(name, split, root=root) for name, split in wanted]
    for name in names:
        with suppress(CorpusError):
            if not is_one_split(name):
                splits.append(load(name, _scored(name), root=root))
    return frozenset(
        key for split in splits for document in split for key in sentence_keys(document)
    )


def _scored(name: str) -> str:
    return evaluation_split(name) or "test"


def without(corpus: Corpus, held_out: Set[str], gold: Corpus | None = None) -> tuple[Corpus, int]:
    """A training split without the sentences that are held out, and how many those were.

    Sentences are compared by their words, whatever their case and tokens (`sentence_key`). A
    document that loses one from its middle becomes the documents before and after it. A mention
    that reaches over the edge of a sentence takes its neighbour along.

    Args:
        corpus: the split.
        held_out: keys of the sentences.
        gold: the same documents with the mentions that count for that; those of `corpus` if None.

    >>> train = Corpus("c", "train", (Document("1", "Gout hurts."), Document("2", "Flu kills.")))
    >>> left, number = without(train, {"gout hurts ."})
    >>> [document.text for document in left], number
    (['Flu kills.'], 1)
    """
    kept: list[Document] = []
    number = 0
    for document, guide in zip(corpus, gold or corpus, strict=True):
        parts, removed = _kept_parts(document, guide, held_out)
        number += removed
        kept += parts if removed else [document]
    return Corpus(corpus.name, corpus.split, tuple(kept), corpus.types), number


def _kept_parts(
    document: Document, gold: Document, held_out: Set[str]
) -> tuple[list[Document], int]:
    """The runs of neighbouring sentences that are left, and how many sentences are not."""
    runs: list[list[tuple[int, int]]] = [[]]
    removed = 0
    for joined in _joined_sentences(gold):
        if any(sentence_key(document.text[slice(*one)]) in held_out for one in joined):
            removed += len(joined)
            runs.append([])
        else:
            runs[-1] += joined
    return [_part(document, run) for run in runs if run], removed


def _joined_sentences(document: Document) -> list[list[tuple[int, int]]]:
    """Extents of the sentences; those that a mention joins stand together.

    They go together as well: half a mention would be taught to be none.
    """
    words = split_words(document.text)
    firsts = {first for first, _ in training_sentences(document, words, document.spans)}
    joined: list[list[tuple[int, int]]] = []
    for first, last in get_sentences(document, words):
        if first in firsts:
            joined.append([])
        joined[-1].append((words[first].start, words[last - 1].end))
    return joined


def _part(document: Document, sentences: list[tuple[int, int]]) -> Document:
    """Neighbouring sentences of a document as one of its own, with the mentions inside."""
    start, end = sentences[0][0], sentences[-1][1]
    spans = [span for span in document.spans if start <= span.start and span.end <= end]
    metadata = dict(document.metadata)
    if metadata.get("sentences"):
        metadata["sentences"] = tuple((s - start, e - start) for s, e in sentences)
    return Document(
        document.id, document.text[start:end], tuple(s.shift(-start) for s in spans), metadata
    )
