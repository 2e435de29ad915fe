"""Candidate mentions, and the negative candidates that a selector is trained against.

Most negatives are a correct mention with other boundaries, because wrong boundaries are the most
frequent error of recognizers.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain, product, zip_longest
from random import Random
from typing import NamedTuple

from vaner.text.documents import Document, Span
from vaner.text.words import Word


class Candidate(NamedTuple):
    """An extent in a text with a proposed type.

    A discontinuous mention is represented by its extent, because the selector marks the extent.

    Args:
        start, end: Half-open character offsets in the text.
        type: Proposed entity type.
    """

    start: int
    end: int
    type: str

    @classmethod
    def from_span(cls, span: Span) -> Candidate:
        """Return the candidate for a span."""
        return cls(span.start, span.end, span.type)


def collect_candidates(document: Document) -> frozenset[Candidate]:
    """Return the mentions of a document as candidates."""
    return frozenset(map(Candidate.from_span, document.spans))


class NegativeCandidates(NamedTuple):
    """Wrong candidates derived from one correct mention, each group in text order.

    Args:
        boundaries: The mention with its start, its end or both moved by one word (eight ways).
        types: The same extent with another type.
        elsewhere: Extents of the same number of words elsewhere in the sentence that overlap no
            mention of the type.
    """

    boundaries: tuple[Candidate, ...]
    types: tuple[Candidate, ...]
    elsewhere: tuple[Candidate, ...]

    def sample(self, number: int, rng: Random) -> list[Candidate]:
        """Return up to `number` random negatives; at least half have other boundaries.

        The groups take turns: one candidate with other boundaries, then one of the other two
        groups. A mention of few words at the edge of a sentence has few boundary negatives. The
        selector still sees another type and another place for it.

        Args:
            number: Number of candidates; all of them if there are fewer.
            rng: Random number generator. The same state gives the same sample.
        """
        shuffled = [rng.sample(group, len(group)) for group in self]
        boundaries = iter(shuffled[0])
        others = chain.from_iterable(zip_longest(*shuffled[1:]))
        turns = zip_longest(boundaries, filter(None, others))
        candidates = [item for item in chain.from_iterable(turns) if item is not None]
        return candidates[:number]


def build_negatives(
    words: Sequence[Word],
    sentence: tuple[int, int],
    mention: Candidate,
    types: Iterable[str],
    correct: Collection[Candidate],
) -> NegativeCandidates:
    """Return the wrong candidates derived from a correct mention.

    A candidate that is itself annotated, such as a mention nested in this one, is not a negative.

    Args:
        words: Words of the text.
        sentence: Half-open range of the words that negatives may cover.
        mention: The correct mention, inside the sentence.
        types: Entity types the text is annotated with.
        correct: All mentions of the text.

    >>> words = [Word(0, 4), Word(5, 9), Word(10, 16), Word(17, 18)]  # "Some lung cancer ."
    >>> mention = Candidate(5, 16, "Disease")
    >>> negatives = build_negatives(words, (0, 4), mention, ["Disease", "Gene"], {mention})
    >>> [(start, end) for start, end, _ in negatives.boundaries]
    [(0, 9), (0, 16), (0, 18), (5, 9), (5, 18), (10, 16), (10, 18)]
    >>> negatives.types
    (Candidate(start=5, end=16, type='Gene'),)
    """
    first, last = sentence
    covered = [i for i in range(first, last) if _overlap(words[i], mention)]
    begin, end = covered[0], covered[-1] + 1
    shifted = [
        (begin + left, end + right)
        for left, right in product((-1, 0, 1), repeat=2)
        if first <= begin + left < end + right <= last
    ]
    length = end - begin
    distant = [
        (i, i + length) for i in range(first, last - length + 1) if (i, i + length) not in shifted
    ]
    same_type = [item for item in (*correct, mention) if item.type == mention.type]
    return NegativeCandidates(
        tuple(_incorrect(words, sorted(shifted), mention, correct)),
        tuple(
            other
            for type in types
            if (other := mention._replace(type=type)) not in correct and type != mention.type
        ),
        tuple(
            candidate
            for candidate in _incorrect(words, distant, mention, correct)
            if not any(_overlap(candidate, other) for other in same_type)
        ),
    )


def _incorrect(
    words: Sequence[Word],
    ranges: Iterable[tuple[int, int]],
    mention: Candidate,
    correct: Collection[Candidate],
) -> Iterator[Candidate]:
    """Yield ranges of words as candidates of the mention's type, except the correct ones."""
    for begin, end in ranges:
        candidate = Candidate(words[begin].start, words[end - 1].end, mention.type)
        if candidate != mention and candidate not in correct:
            yield candidate


def _overlap(item: Word | Candidate, other: Candidate) -> bool:
    return item.start < other.end and other.start < item.end
