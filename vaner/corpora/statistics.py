"""Statistics of a corpus, including the mentions that words and tags cannot represent."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from vaner.text.documents import Corpus, Document, Span
from vaner.text.reachability import count_unreachable
from vaner.text.span_relations import SpanRelation, find_relation
from vaner.text.tags import TagScheme
from vaner.text.words import get_sentences, split_words


@dataclass(frozen=True, slots=True)
class Statistics:
    """Counts of one split.

    Args:
        documents: number of documents. In a corpus of sentences, each sentence is a document.
        sentences: number of sentences.
        words: number of words.
        mentions: number of mentions of each type. Those that repeat another one, with equal offsets
            and type, do not count, nor in any other number; scores do not count them either.
        duplicates: number of mentions that repeat another one.
        longest: the longest mention: its length in words, and its text.
        discontinuous: number of mentions with gaps.
        nested: number of mention pairs in which one contains the other.
        crossing: number of mention pairs that overlap partially.
        unreachable: reason -> number of mentions that no tagger can predict exactly.
    """

    documents: int
    sentences: int
    words: int
    mentions: Mapping[str, int]
    duplicates: int
    longest: tuple[int, str]
    discontinuous: int
    nested: int
    crossing: int
    unreachable: Mapping[str, int]

    @property
    def unreachable_share(self) -> float:
        """Share of unreachable mentions, in [0, 1]."""
        total = sum(self.mentions.values())
        return sum(self.unreachable.values()) / total if total else 0.0


def compute_statistics(corpus: Corpus, scheme: TagScheme = TagScheme.BIO) -> Statistics:
    """Compute the statistics of a split.

    Args:
        corpus: the split.
        scheme: tag scheme that decides which mentions are unreachable.
    """
    sentences = words = discontinuous = nested = crossing = 0
    reasons, longest, mentions = Counter[str](), (0, ""), Counter[str]()
    for document in map(Document.without_duplicates, corpus):
        mentions += document.count_mentions()
        document_words = split_words(document.text)
        words += len(document_words)
        sentences += len(get_sentences(document, document_words))
        discontinuous += sum(span.is_discontinuous for span in document.spans)
        document_nested, document_crossing = count_overlapping_pairs(document.spans)
        nested += document_nested
        crossing += document_crossing
        reasons += count_unreachable(document, corpus.types, scheme)
        for span in document.spans:
            text = document.mention(span)
            longest = max(longest, (len(split_words(text)), text))
    return Statistics(
        documents=len(corpus),
        sentences=sentences,
        words=words,
        mentions=dict(mentions),
        duplicates=count_duplicates(corpus),
        longest=longest,
        discontinuous=discontinuous,
        nested=nested,
        crossing=crossing,
        unreachable=dict(reasons),
    )


def count_duplicates(documents: Iterable[Document]) -> int:
    """Return the number of mentions that repeat another one of the same offsets and type.

    >>> count_duplicates([Document("1", "Gout", (Span(0, 4, "D"), Span(0, 4, "D")))])
    1
    """
    return sum(len(d.spans) - len(d.without_duplicates().spans) for d in documents)


def count_cut_words(documents: Iterable[Document]) -> int:
    """Return the number of mentions that begin or end inside a word.

    >>> count_cut_words([Document("1", "Gout", (Span(0, 3, "D"), Span(0, 4, "D")))])
    1
    """
    count = 0
    for document in documents:
        words = split_words(document.text) if document.spans else []
        starts, ends = {word.start for word in words}, {word.end for word in words}
        count += sum(s.start not in starts or s.end not in ends for s in document.spans)
    return count


def count_overlapping_pairs(spans: Iterable[Span]) -> tuple[int, int]:
    """Return the number of nested and of crossing pairs of mentions, of any types.

    Two mentions with equal offsets are nested. The gaps of a discontinuous mention do not count as
    part of it.

    >>> count_overlapping_pairs([Span(0, 9, "DNA"), Span(0, 4, "protein"), Span(2, 12, "DNA")])
    (1, 2)
    """
    distinct = set(spans)
    discontinuous = [span for span in distinct if span.fragments]
    contiguous = [span for span in distinct if not span.fragments]
    nested, overlapping = _count_contiguous_pairs(contiguous)
    relations = Counter(
        relation
        for number, span in enumerate(discontinuous)
        for other in (*contiguous, *discontinuous[:number])
        if (relation := find_relation(span, other))
    )
    crossing = relations[SpanRelation.CROSSING]
    return nested + relations.total() - crossing, overlapping - nested + crossing


def _count_contiguous_pairs(spans: Iterable[Span]) -> tuple[int, int]:
    """Return the number of nested and of all overlapping pairs, without listing the pairs."""
    nested, overlapping = 0, 0
    ends: list[int] = []  # of the mentions so far, in order
    for start, end in sorted((span.start, -span.end) for span in spans):
        overlapping += len(ends) - bisect_right(ends, start)
        nested += len(ends) - bisect_left(ends, -end)
        insort(ends, -end)
    return nested, overlapping
