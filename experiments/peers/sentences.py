"""What every peer reads and gives back: the words of a split's sentences, and a BIO tag for each.

The words are vaner's own (`vaner.text.words`), for every peer the same, and tags are read by the
one decoder (`vaner.text.tags`): what differs between two peers is the model, not the tokens.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from vaner.evaluation import score
from vaner.formats import make_ids_unique
from vaner.text.documents import Corpus, Document, Span
from vaner.text.tags import decode_tags, encode_tags
from vaner.text.words import Word, get_sentences, split_words

Tags = Sequence[str]


class Sentence(NamedTuple):
    """A sentence of a document.

    Args:
        document: index of its document in the corpus.
        offsets: the words, in the offsets of the document's text.
        words: the same as strings.
        tags: gold, one a word; a mention whose boundary lies inside a word is tagged on all of it.
    """

    document: int
    offsets: tuple[Word, ...]
    words: tuple[str, ...]
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Split:
    """One split of a corpus, cut into sentences.

    Args:
        corpus: its documents, with gold.
        sentences: their sentences, in order.
    """

    corpus: Corpus
    sentences: tuple[Sentence, ...]

    @classmethod
    def of(cls, corpus: Corpus, limit: int | None = None) -> Split:
        """Cut the first `limit` documents of a corpus, all if None."""
        kept = replace(corpus, documents=tuple(make_ids_unique(corpus))[:limit])
        return cls(kept, tuple(_sentences(kept)))

    @property
    def words(self) -> list[tuple[str, ...]]:
        """The words of each sentence: all that a peer sees of what it is to tag."""
        return [sentence.words for sentence in self.sentences]

    def annotated(self, tags: Sequence[Tags]) -> tuple[Document, ...]:
        """The documents with the mentions that tags spell, one sequence a sentence."""
        spans: list[list[Span]] = [[] for _ in self.corpus]
        for sentence, own in zip(self.sentences, tags, strict=True):
            if len(own) != len(sentence.words):
                raise ValueError(f"{len(own)} tags for {len(sentence.words)} words")
            spans[sentence.document] += _spans(sentence, own)
        pairs = zip(self.corpus, spans, strict=True)
        return tuple(document.with_spans(found) for document, found in pairs)

    def f1(self, tags: Sequence[Tags]) -> float:
        """Strict F1 of the mentions that tags spell, to choose by."""
        found = self.annotated(tags)
        return score(self.corpus, found, types=self.corpus.types, bootstrap=0).micro.f1


def _sentences(corpus: Corpus) -> Iterator[Sentence]:
    for i, document in enumerate(corpus):
        words = split_words(document.text)
        for first, last in get_sentences(document, words):
            own = tuple(words[first:last])
            start, end = own[0].start, own[-1].end
            inside = [span for span in document.spans if start <= span.start and span.end <= end]
            texts = tuple(document.text[word.start : word.end] for word in own)
            yield Sentence(i, own, texts, encode_tags(own, inside).tags)


def _spans(sentence: Sentence, tags: Tags) -> Iterator[Span]:
    for first, last, type in decode_tags(tags):
        yield Span(sentence.offsets[first].start, sentence.offsets[last - 1].end, type)
