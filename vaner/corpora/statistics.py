"""What a corpus holds, and how much of it words and tags can spell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from vaner.text.documents import Corpus, Span
from vaner.text.reachability import count_unreachable
from vaner.text.span_relations import SpanRelation, find_overlapping_pairs
from vaner.text.tags import TagScheme
from vaner.text.words import get_sentences, split_words


@dataclass(frozen=True, slots=True)
class Statistics:
    """Counts of one split.

    Args:
        documents, sentences, words: how much text; a sentence corpus has one sentence a document.
        mentions: number of mentions of each type.
        longest: the longest mention in words, and its text.
        discontinuous: mentions in pieces.
        nested: pairs of mentions one of which lies in the other.
        crossing: pairs that share a part and have one each of their own.
        unreachable: reason -> mentions that no tagger can give back exactly.
    """

    documents: int
    sentences: int
    words: int
    mentions: Mapping[str, int]
    longest: tuple[int, str]
    discontinuous: int
    nested: int
    crossing: int
    unreachable: Mapping[str, int]

    @property
    def unreachable_share(self) -> float:
        """Share of mentions out of reach, in [0, 1]."""
        total = sum(self.mentions.values())
        return sum(self.unreachable.values()) / total if total else 0.0


def statistics(corpus: Corpus, scheme: TagScheme = TagScheme.BIO) -> Statistics:
    """Count what a split holds."""
    sentences = words = discontinuous = nested = crossing = 0
    reasons, longest = Counter[str](), (0, "")
    for document in corpus:
        own = split_words(document.text)
        words += len(own)
        sentences += len(get_sentences(document, own))
        discontinuous += sum(span.is_discontinuous for span in document.spans)
        inside, across = nesting(document.spans)
        nested, crossing = nested + inside, crossing + across
        reasons += count_unreachable(document, corpus.types, scheme)
        for span in document.spans:
            text = document.mention(span)
            longest = max(longest, (len(split_words(text)), text))
    return Statistics(
        len(corpus), sentences, words, dict(corpus.count_mentions()),
        longest, discontinuous, nested, crossing, dict(reasons),
    )  # fmt: skip


def nesting(spans: Iterable[Span]) -> tuple[int, int]:
    """Number of pairs of mentions that nest, and of those that cross; of whatever types.

    Two of the same extent nest. Of a discontinuous mention only its pieces count, not the gaps.

    >>> nesting([Span(0, 9, "DNA"), Span(0, 4, "protein"), Span(2, 12, "DNA")])
    (1, 2)
    """
    ways = Counter(way for _, _, way in find_overlapping_pairs(spans))
    return ways.total() - ways[SpanRelation.CROSSING], ways[SpanRelation.CROSSING]
