"""What a corpus holds, and how much of it words and tags can spell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from vaner.documents import Corpus, Document, Span
from vaner.nesting import Relation, pairs
from vaner.tagging import Scheme, encode
from vaner.words import Word, sentences_of, split_words

CROSSING = "crosses a sentence boundary"


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


def statistics(corpus: Corpus, scheme: Scheme = Scheme.BIO) -> Statistics:
    """Count what a split holds."""
    sentences = words = discontinuous = nested = crossing = 0
    reasons, longest = Counter[str](), (0, "")
    for document in corpus:
        own = split_words(document.text)
        words += len(own)
        sentences += len(sentences_of(document, own))
        discontinuous += sum(span.discontinuous for span in document.spans)
        inside, across = nesting(document.spans)
        nested, crossing = nested + inside, crossing + across
        reasons += unreachable(document, corpus.types, scheme)
        for span in document.spans:
            text = document.mention(span)
            longest = max(longest, (len(split_words(text)), text))
    return Statistics(
        len(corpus), sentences, words, dict(corpus.counts()),
        longest, discontinuous, nested, crossing, dict(reasons),
    )  # fmt: skip


def unreachable(
    document: Document,
    types: Collection[str],
    scheme: Scheme = Scheme.BIO,
    *,
    joint: bool = False,
) -> Counter[str]:
    """Gold mentions that a tagger cannot give back exactly, by reason.

    A mention that reaches over the end of a sentence is out of reach too: at use nobody joins the
    two sentences, as training does.

    Args:
        document: with its gold mentions.
        types: types to be found.
        scheme: of the tags.
        joint: whether one pass finds all types, so that a word has one; else each type is tagged
            in a pass of its own, and mentions of different types may overlap.

    >>> document = Document("d", "p53-null", (Span(0, 2, "Gene"), Span(0, 3, "Gene")))
    >>> unreachable(document, ["Gene"])
    Counter({'overlaps another mention': 1})
    """
    words = split_words(document.text)
    ranges = sentences_of(document, words)
    found = Counter[str]()
    for together in [set(types)] if joint else [{type} for type in types]:
        waiting = [span for span in document.spans if span.type in together]
        for first, last in ranges:
            own = words[first:last]
            inside = [s for s in waiting if _lies_in(s, own)]
            waiting = [s for s in waiting if not _lies_in(s, own)]
            lost = encode(own, inside, scheme, typed=False).unreachable
            found.update(str(reason) for _, reason in lost)
        found[CROSSING] += len(waiting)
    return +found


def _lies_in(span: Span, words: Sequence[Word]) -> bool:
    return words[0].start <= span.start and span.end <= words[-1].end


def nesting(spans: Iterable[Span]) -> tuple[int, int]:
    """Number of pairs of mentions that nest, and of those that cross; of whatever types.

    Two of the same extent nest. Of a discontinuous mention only its pieces count, not the gaps.

    >>> nesting([Span(0, 9, "DNA"), Span(0, 4, "protein"), Span(2, 12, "DNA")])
    (1, 2)
    """
    ways = Counter(way for _, _, way in pairs(spans))
    return ways.total() - ways[Relation.CROSSING], ways[Relation.CROSSING]
