"""Annotate a stream of documents: split them, annotate their pieces in chunks, keep their order.

Memory is bounded by the size of a chunk, not by the input. A chunk holds pieces of many documents,
so that batches of similar length can be formed from it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeVar

from vaner.text.documents import Document, Span

BATCHES_PER_CHUNK = 16
"""The number of batches whose pieces are collected and sorted by length together."""

Piece = TypeVar("Piece")


class DocumentEnd(NamedTuple):
    """Marks in a stream of pieces that a document is complete.

    Attributes:
        document: the document.
        spans: the list that receives the mentions of its pieces once they are annotated.
    """

    document: Document
    spans: list[Span]


def annotate_stream(
    stream: Iterable[Piece | DocumentEnd],
    annotate_pieces: Callable[[Sequence[Piece]], None],
    chunk_size: int,
) -> Iterator[Document]:
    """Yield the documents of a stream with their predicted mentions.

    Args:
        stream: the pieces of all documents, with a `DocumentEnd` after those of each document.
        annotate_pieces: adds the mentions of some pieces to the span lists of their documents.
        chunk_size: number of pieces to collect at a time.
    """
    for chunk in _split(stream, chunk_size):
        annotate_pieces([item for item in chunk if not isinstance(item, DocumentEnd)])
        for item in chunk:
            if isinstance(item, DocumentEnd):
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


def to_documents(texts_or_documents: Iterable[str | Document]) -> Iterator[Document]:
    """Yield documents; the id of a plain text is its position in the input.

    Raises:
        TypeError: if an item is neither a text nor a document.
    """
    for number, item in enumerate(texts_or_documents):
        if isinstance(item, Document):
            yield item
        elif isinstance(item, str):
            yield Document(str(number), str(item))
        else:
            kind = "None" if item is None else f"of type {type(item).__name__}"
            raise TypeError(f"text {number} is {kind}; texts are strings or documents")


def _split(items: Iterable[Piece | DocumentEnd], size: int) -> Iterator[list[Piece | DocumentEnd]]:
    chunk: list[Piece | DocumentEnd] = []
    for item in items:
        chunk.append(item)
        if len(chunk) >= size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
