"""The input and output of every peer: the words of sentences, and a BIO tag for each word.

All peers use vaner's words (`vaner.text.words`) and its tag decoder (`vaner.text.tags`), so that
peers differ in the model, not in the tokens.
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
        offsets: the words as offsets in the document's text.
        words: the words as strings.
        tags: the gold tag of each word. A mention that starts or ends inside a word covers it.
    """

    document: int
    offsets: tuple[Word, ...]
    words: tuple[str, ...]
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Split:
    """A split of a corpus, divided into sentences.

    Args:
        corpus: the documents, with gold mentions.
        sentences: their sentences, in order.
    """

    corpus: Corpus
    sentences: tuple[Sentence, ...]

    @classmethod
    def from_corpus(cls, corpus: Corpus, limit: int | None = None) -> Split:
        """Divide the first `limit` documents of a corpus into sentences; all documents if None."""
        selected = replace(corpus, documents=tuple(make_ids_unique(corpus))[:limit])
        return cls(selected, tuple(_split_sentences(selected)))

    @property
    def words(self) -> list[tuple[str, ...]]:
        """The words of each sentence: the input of a peer."""
        return [sentence.words for sentence in self.sentences]

    def decode(self, tags: Sequence[Tags]) -> tuple[Document, ...]:
        """Return the documents with the mentions of the tags.

        Args:
            tags: the tags of the words of each sentence.

        Raises:
            ValueError: if a sentence has more or fewer tags than words.
        """
        spans: list[list[Span]] = [[] for _ in self.corpus]
        for sentence, sentence_tags in zip(self.sentences, tags, strict=True):
            if len(sentence_tags) != len(sentence.words):
                raise ValueError(f"{len(sentence_tags)} tags for {len(sentence.words)} words")
            spans[sentence.document] += _decode_sentence(sentence, sentence_tags)
        pairs = zip(self.corpus, spans, strict=True)
        return tuple(document.with_spans(predicted) for document, predicted in pairs)

    def f1(self, tags: Sequence[Tags]) -> float:
        """Return the strict F1 of the mentions of the tags."""
        predicted = self.decode(tags)
        return score(self.corpus, predicted, types=self.corpus.types, bootstrap=0).micro.f1


def _split_sentences(corpus: Corpus) -> Iterator[Sentence]:
    for i, document in enumerate(corpus):
        words = split_words(document.text)
        for first, last in get_sentences(document, words):
            offsets = tuple(words[first:last])
            start, end = offsets[0].start, offsets[-1].end
            inside = [span for span in document.spans if start <= span.start and span.end <= end]
            texts = tuple(document.text[word.start : word.end] for word in offsets)
            yield Sentence(i, offsets, texts, encode_tags(offsets, inside).tags)


def _decode_sentence(sentence: Sentence, tags: Tags) -> Iterator[Span]:
    for first, last, type in decode_tags(tags):
        yield Span(sentence.offsets[first].start, sentence.offsets[last - 1].end, type)
