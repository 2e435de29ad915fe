"""Find training sentences that also occur in a test split, and remove them."""

from __future__ import annotations

from collections.abc import Set
from contextlib import suppress

from vaner.corpora import evaluation_split, is_one_split, sentence_key, sentence_keys
from vaner.errors import CorpusError
from vaner.text.documents import Corpus, Document
from vaner.text.words import get_sentences, split_words
from vaner.training.data.loading import LoadCorpus
from vaner.training.examples.sentences import training_sentences
from vaner.training.recipe.schema import Recipe


def read_held_out_sentences(recipe: Recipe, load: LoadCorpus) -> frozenset[str]:
    """Return the keys of all sentences that the recipe's model may be scored on.

    They are the sentences of the test split, or of the split that replaces it
    (`vaner.corpora.evaluation_split`), of every corpus that the recipe trains on, selects on or
    names in ``held_out``. A corpus without such a split has none.

    Args:
        recipe: the recipe.
        load: loads a split of a corpus.

    Raises:
        CorpusError: if a corpus in ``held_out`` has no such split.
    """
    named = [
        (entry, _split_to_score(entry)) if isinstance(entry, str) else (entry.corpus, entry.split)
        for entry in recipe.held_out
    ]
    options = {part.corpus: part.reading_options for part in (*recipe.dev, *recipe.sources)}
    splits = [load(name, split, **options.get(name, {})) for name, split in named]
    for name in dict.fromkeys(source.corpus for source in (*recipe.sources, *recipe.dev)):
        with suppress(CorpusError):
            if not is_one_split(name):
                splits.append(load(name, _split_to_score(name), **options[name]))
    return frozenset(
        key for split in splits for document in split for key in sentence_keys(document)
    )


def _split_to_score(name: str) -> str:
    return evaluation_split(name) or "test"


def remove_sentences(
    corpus: Corpus, held_out: Set[str], gold: Corpus | None = None
) -> tuple[Corpus, int]:
    """Return a training split without the held-out sentences, and how many were removed.

    Sentences are compared by their words, whatever their case and tokens (`sentence_key`). A
    document that loses a sentence from its middle becomes two documents. A mention that crosses a
    sentence boundary joins the sentences: they are removed together, because half a mention would
    be trained as text without one.

    Args:
        corpus: the split.
        held_out: keys of the sentences.
        gold: the same documents with the mentions that join sentences; those of `corpus` if None.

    >>> train = Corpus("c", "train", (Document("1", "Gout hurts."), Document("2", "Flu kills.")))
    >>> remaining, count = remove_sentences(train, {"gout hurts ."})
    >>> [document.text for document in remaining], count
    (['Flu kills.'], 1)
    """
    remaining: list[Document] = []
    count = 0
    for document, gold_document in zip(corpus, gold or corpus, strict=True):
        parts, removed = _remaining_parts(document, gold_document, held_out)
        count += removed
        remaining += parts if removed else [document]
    return Corpus(corpus.name, corpus.split, tuple(remaining), corpus.types), count


def _remaining_parts(
    document: Document, gold: Document, held_out: Set[str]
) -> tuple[list[Document], int]:
    """Return the runs of neighboring sentences that remain, and the number of removed ones."""
    runs: list[list[tuple[int, int]]] = [[]]
    removed = 0
    for sentences in _joined_sentences(gold):
        if any(sentence_key(document.text[slice(*extent)]) in held_out for extent in sentences):
            removed += len(sentences)
            runs.append([])
        else:
            runs[-1] += sentences
    return [_part(document, run) for run in runs if run], removed


def _joined_sentences(document: Document) -> list[list[tuple[int, int]]]:
    """Return the extents of the sentences, in characters; a list has those that mentions join."""
    words = split_words(document.text)
    firsts = {first for first, _ in training_sentences(document, words, document.spans)}
    joined: list[list[tuple[int, int]]] = []
    for first, last in get_sentences(document, words):
        if first in firsts:
            joined.append([])
        joined[-1].append((words[first].start, words[last - 1].end))
    return joined


def _part(document: Document, sentences: list[tuple[int, int]]) -> Document:
    """Return neighboring sentences as a document, with the mentions inside them."""
    start, end = sentences[0][0], sentences[-1][1]
    spans = [span for span in document.spans if start <= span.start and span.end <= end]
    metadata = dict(document.metadata)
    if metadata.get("sentences"):
        metadata["sentences"] = tuple((s - start, e - start) for s, e in sentences)
    return Document(
        document.id, document.text[start:end], tuple(s.shift(-start) for s in spans), metadata
    )
