"""Annotate a stream of documents: split them, annotate their pieces in chunks, keep their order.

Memory is bounded by the size of a chunk, not by the input. A chunk holds pieces of many documents,
so that batches of similar length can be formed from it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple, TypeAlias, TypeVar

from vaner.text.documents import Document, Span
from vaner.text.inputs import to_documents
from vaner.text.words import Word, get_sentences, split_words

BATCHES_PER_CHUNK = 16
"""The number of batches whose pieces are collected and sorted by length together."""

Piece = TypeVar("Piece")

SentenceSplitter: TypeAlias = Callable[[str, Sequence[Word], list[Span]], Iterable[Piece]]
"""Returns the pieces of a sentence.

Its arguments are the text of the document, the words of the sentence, and the list that receives
the mentions of the document.
"""


class _DocumentEnd(NamedTuple):
    """Marks in a stream of pieces that a document is complete.

    Attributes:
        document: the document.
        spans: the list that receives the mentions of its pieces once they are annotated.
    """

    document: Document
    spans: list[Span]


def annotate_stream(
    texts_or_documents: Iterable[str | Document],
    split_sentence: SentenceSplitter[Piece],
    annotate_pieces: Callable[[Sequence[Piece]], None],
    chunk_size: int,
) -> Iterator[Document]:
    """Return the documents with their predicted mentions as a stream, in their order.

    Args:
        texts_or_documents: texts, or documents, whose spans are replaced. The id of a plain text
            is its position in the input.
        split_sentence: splits a sentence into pieces.
        annotate_pieces: adds the mentions of some pieces to the span lists of their documents.
        chunk_size: number of pieces to collect at a time.

    Raises:
        ArgumentError: if the texts are one text, a table, or no texts.
    """
    pieces = _split(to_documents(texts_or_documents), split_sentence)
    return _annotate_chunks(_collect_chunks(pieces, chunk_size), annotate_pieces)


def _annotate_chunks(
    chunks: Iterable[Sequence[Piece | _DocumentEnd]],
    annotate_pieces: Callable[[Sequence[Piece]], None],
) -> Iterator[Document]:
    for chunk in chunks:
        annotate_pieces([item for item in chunk if not isinstance(item, _DocumentEnd)])
        for item in chunk:
            if isinstance(item, _DocumentEnd):
                yield item.document.with_spans(sorted(item.spans))


def _split(
    documents: Iterable[Document], split_sentence: SentenceSplitter[Piece]
) -> Iterator[Piece | _DocumentEnd]:
    """Yield the pieces of each document, and then its end."""
    for document in documents:
        words = split_words(document.text)
        spans: list[Span] = []
        for first, last in get_sentences(document, words):
            yield from split_sentence(document.text, words[first:last], spans)
        yield _DocumentEnd(document, spans)


def _collect_chunks(
    items: Iterable[Piece | _DocumentEnd], size: int
) -> Iterator[list[Piece | _DocumentEnd]]:
    chunk: list[Piece | _DocumentEnd] = []
    for item in items:
        chunk.append(item)
        if len(chunk) >= size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
