"""What might be a mention and is none: the wrong candidates that a right one is told from.

Most are the mention itself with other boundaries, since those are what recognizers get wrong.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain, product, zip_longest
from random import Random
from typing import NamedTuple

from vaner.text.documents import Document, Span
from vaner.text.words import Word


class Candidate(NamedTuple):
    """An extent in a text, and the type it is said to be of.

    A discontinuous mention is known by its extent: that is what is marked for a selector.

    Args:
        start, end: half-open offsets in the text.
        type: the type.
    """

    start: int
    end: int
    type: str

    @classmethod
    def of(cls, span: Span) -> Candidate:
        """The candidate that a span is."""
        return cls(span.start, span.end, span.type)


def candidates_of(document: Document) -> frozenset[Candidate]:
    """All mentions of a document: whatever is among them is right."""
    return frozenset(map(Candidate.of, document.spans))


class Variants(NamedTuple):
    """Wrong candidates beside a right one, each in the order of the text.

    Args:
        boundaries: begun or ended a word too early or too late, or both; each of the eight ways.
        types: the mention itself, said to be of another type.
        elsewhere: as many words further away in the sentence, where no mention of the type is.
    """

    boundaries: tuple[Candidate, ...]
    types: tuple[Candidate, ...]
    elsewhere: tuple[Candidate, ...]

    def draw(self, number: int, draw: Random) -> list[Candidate]:
        """So many of them, or all if there are fewer; half or more have other boundaries.

        The other two kinds come after one of those each, so that a few words at the edge of a
        sentence still teach what their type is, and what is none of anything.

        Args:
            number: how many.
            draw: what chance has; the same choice for the same state of it.
        """
        shuffled = [draw.sample(kind, len(kind)) for kind in self]
        boundaries = iter(shuffled[0])
        others = chain.from_iterable(zip_longest(*shuffled[1:]))
        turns = zip_longest(boundaries, filter(None, others))
        return [one for one in chain.from_iterable(turns) if one is not None][:number]


def variants(
    words: Sequence[Word],
    sentence: tuple[int, int],
    mention: Candidate,
    types: Iterable[str],
    right: Collection[Candidate],
) -> Variants:
    """The wrong candidates beside a right one.

    None of them is right: a mention inside another, or one around it, is no variant of it.

    Args:
        words: the words of the text.
        sentence: the half-open range of those that the variants lie in.
        mention: the right one, inside the sentence.
        types: those that the text is annotated with.
        right: all mentions of the text.

    >>> words = [Word(0, 4), Word(5, 9), Word(10, 16), Word(17, 18)]  # "Some lung cancer ."
    >>> mention = Candidate(5, 16, "Disease")
    >>> found = variants(words, (0, 4), mention, ["Disease", "Gene"], {mention})
    >>> [(start, end) for start, end, _ in found.boundaries]
    [(0, 9), (0, 16), (0, 18), (5, 9), (5, 18), (10, 16), (10, 18)]
    >>> found.types
    (Candidate(start=5, end=16, type='Gene'),)
    """
    first, last = sentence
    own = [i for i in range(first, last) if _overlap(words[i], mention)]
    begin, end = own[0], own[-1] + 1
    moved = [
        (begin + left, end + right)
        for left, right in product((-1, 0, 1), repeat=2)
        if first <= begin + left < end + right <= last
    ]
    long = end - begin
    far = [(i, i + long) for i in range(first, last - long + 1) if (i, i + long) not in moved]
    taken = [one for one in (*right, mention) if one.type == mention.type]
    return Variants(
        tuple(_wrong(words, sorted(moved), mention, right)),
        tuple(
            other
            for type in types
            if (other := mention._replace(type=type)) not in right and type != mention.type
        ),
        tuple(
            one
            for one in _wrong(words, far, mention, right)
            if not any(_overlap(one, other) for other in taken)
        ),
    )


def _wrong(
    words: Sequence[Word],
    ranges: Iterable[tuple[int, int]],
    mention: Candidate,
    right: Collection[Candidate],
) -> Iterator[Candidate]:
    """Ranges of words as candidates of the mention's type, without those that are right."""
    for begin, end in ranges:
        one = Candidate(words[begin].start, words[end - 1].end, mention.type)
        if one != mention and one not in right:
            yield one


def _overlap(one: Word | Candidate, other: Candidate) -> bool:
    return one.start < other.end and other.start < one.end
