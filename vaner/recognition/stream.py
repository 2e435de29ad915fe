"""Annotate a stream of documents: split them, annotate their pieces in chunks, keep their order.

Memory is bounded by the size of a chunk, not by the input. A chunk holds pieces of many documents,
so that batches of similar length can be formed from it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias, TypeVar

from vaner.text.documents import Document, Span, to_documents
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
    """Yield the documents with their predicted mentions, in their order.

    Args:
        texts_or_documents: texts, or documents, whose spans are replaced. The id of a plain text
            is its position in the input.
        split_sentence: splits a sentence into pieces.
        annotate_pieces: adds the mentions of some pieces to the span lists of their documents.
        chunk_size: number of pieces to collect at a time.
    """
    for chunk in _collect_chunks(_split(texts_or_documents, split_sentence), chunk_size):
        annotate_pieces([item for item in chunk if not isinstance(item, _DocumentEnd)])
        for item in chunk:
            if isinstance(item, _DocumentEnd):
                yield item.document.with_spans(sorted(item.spans))


def check_texts(texts_or_documents: Iterable[str | Document]) -> None:
    """Check that an argument is a collection of texts, not one text or a table.

    Raises:
        TypeError: if it is something else. The message says what to do.
    """
    given = type(texts_or_documents).__name__
    if isinstance(texts_or_documents, str | Document):
        raise TypeError(
            f"annotate takes a list of texts, and this is one {given}: call the annotator with it, "
            "annotator(text), or put it in a list"
        )
    if hasattr(texts_or_documents, "columns"):
        raise TypeError(
            f"annotate takes a list of texts, and this is a {given}: use annotate_frame, or give "
            "the column with the texts"
        )
    is_collection = isinstance(texts_or_documents, Iterable)
    if not is_collection or isinstance(texts_or_documents, bytes | bytearray | Mapping):
        raise TypeError(f"annotate takes a list of texts or documents, not {given}")


def _split(
    texts_or_documents: Iterable[str | Document], split_sentence: SentenceSplitter[Piece]
) -> Iterator[Piece | _DocumentEnd]:
    """Yield the pieces of each document, and then its end."""
    for document in to_documents(texts_or_documents):
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
