"""Annotate a stream of documents: split them, annotate their pieces in chunks, keep their order.

Memory is bounded by the size of a chunk, not by the input. A chunk holds pieces of many documents,
so that batches of similar length can be formed from it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
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


def to_documents(texts_or_documents: Iterable[str | Document]) -> Iterator[Document]:
    """Yield documents; the id of a plain text is its position in the input."""
    for number, item in enumerate(texts_or_documents):
        yield item if isinstance(item, Document) else Document(str(number), item)


def _split(items: Iterable[Piece | DocumentEnd], size: int) -> Iterator[list[Piece | DocumentEnd]]:
    chunk: list[Piece | DocumentEnd] = []
    for item in items:
        chunk.append(item)
        if len(chunk) >= size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
