"""The numbers of a split beside those that the registry has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from vaner.corpora.registry import CorpusInfo, SplitInfo
from vaner.corpora.statistics import nesting
from vaner.text.documents import Corpus
from vaner.text.words import get_sentences, split_words


def differences(info: CorpusInfo, corpus: Corpus) -> Iterator[str]:
    """What a split has more or fewer of than the registry says, a line each.

    Args:
        info: a registered corpus or view.
        corpus: one of its splits, as `vaner.corpora.load` gives it.

    >>> from vaner.corpora import REGISTRY
    >>> from vaner.text.documents import Document, Span
    >>> gout = Document("1", "Gout hurts .", (Span(0, 4, "Disease"),))
    >>> for line in differences(REGISTRY["NCBI-disease"], Corpus("NCBI-disease", "test", (gout,))):
    ...     print(line)
    sentences: 1, the registry has 940
    mentions of Disease: 1, the registry has 960
    """
    known = info.splits[corpus.split]
    if known.documents not in (None, len(corpus)):
        yield f"documents: {len(corpus):,}, the registry has {known.documents:,}"
    if known.sentences is not None:
        sentences = _sentences(corpus)
        if sentences != known.sentences:
            yield f"sentences: {sentences:,}, the registry has {known.sentences:,}"
    found, expected = corpus.count_mentions(), info.mentions(corpus.split)
    if isinstance(expected, Mapping):
        for type in sorted(expected.keys() | found.keys()):
            if found[type] != expected.get(type, 0):
                yield (
                    f"mentions of {type}: {found[type]:,}, "
                    f"the registry has {expected.get(type, 0):,}"
                )
    elif expected not in (None, found.total()):
        yield f"mentions: {found.total():,}, the registry has {expected:,}"
    if not info.excluded_labels:  # of a view only some of them are there
        yield from _pairs(known, corpus)


def _pairs(known: SplitInfo, corpus: Corpus) -> Iterator[str]:
    """Pairs of mentions that nest or cross, where the registry has their number."""
    if known.nested is None and known.crossing is None:
        return
    found = [nesting(document.spans) for document in corpus]
    for kind, place, expected in (("nested", 0, known.nested), ("crossing", 1, known.crossing)):
        number = sum(pairs[place] for pairs in found)
        if expected not in (None, number):
            yield f"{kind} pairs: {number:,}, the registry has {expected:,}"


def _sentences(corpus: Corpus) -> int:
    """Number of sentences; one without words is none."""
    found = 0
    for document in corpus:
        found += len(get_sentences(document, split_words(document.text)))
    return found
