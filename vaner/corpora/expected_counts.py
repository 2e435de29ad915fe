"""Comparison of the counts of a split with the expected counts in the registry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from vaner.corpora.registry import CorpusInfo, SplitInfo
from vaner.corpora.statistics import count_overlapping_pairs
from vaner.text.documents import Corpus
from vaner.text.words import get_sentences, split_words


def find_differences(info: CorpusInfo, corpus: Corpus) -> Iterator[str]:
    """Yield one line for each count that differs from the registry.

    Args:
        info: a registered corpus or view.
        corpus: one of its splits, as returned by `vaner.corpora.load`.

    >>> from vaner.corpora import REGISTRY
    >>> from vaner.text.documents import Document, Span
    >>> gout = Document("1", "Gout hurts .", (Span(0, 4, "Disease"),))
    >>> corpus = Corpus("NCBI-disease", "test", (gout,))
    >>> for line in find_differences(REGISTRY["NCBI-disease"], corpus):
    ...     print(line)
    sentences: 1, the registry has 940
    mentions of Disease: 1, the registry has 960
    """
    split = info.splits[corpus.split]
    if split.documents not in (None, len(corpus)):
        yield f"documents: {len(corpus):,}, the registry has {split.documents:,}"
    if split.sentences is not None:
        sentences = _count_sentences(corpus)
        if sentences != split.sentences:
            yield f"sentences: {sentences:,}, the registry has {split.sentences:,}"
    counts, expected = corpus.count_mentions(), info.mentions(corpus.split)
    if isinstance(expected, Mapping):
        for type in sorted(expected.keys() | counts.keys()):
            if counts[type] != expected.get(type, 0):
                yield (
                    f"mentions of {type}: {counts[type]:,}, "
                    f"the registry has {expected.get(type, 0):,}"
                )
    elif expected not in (None, counts.total()):
        yield f"mentions: {counts.total():,}, the registry has {expected:,}"
    if not info.excluded_labels:  # a view has only some of the pairs
        yield from _compare_pairs(split, corpus)


def _compare_pairs(split: SplitInfo, corpus: Corpus) -> Iterator[str]:
    """Compare the numbers of nested and crossing pairs, where the registry has them."""
    if split.nested is None and split.crossing is None:
        return
    pairs = [count_overlapping_pairs(document.spans) for document in corpus]
    for kind, index, expected in (("nested", 0, split.nested), ("crossing", 1, split.crossing)):
        number = sum(counts[index] for counts in pairs)
        if expected not in (None, number):
            yield f"{kind} pairs: {number:,}, the registry has {expected:,}"


def _count_sentences(corpus: Corpus) -> int:
    """Count the sentences that have words."""
    return sum(len(get_sentences(document, split_words(document.text))) for document in corpus)
