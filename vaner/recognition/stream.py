"""Documents as a stream of pieces, answered many at a time, and documents again in their order.

Memory is bounded by the number of pieces gathered, not by the input, and there are enough of them
to choose from for batches with little padding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple, TypeVar

from vaner.text.documents import Document, Span

BATCHES_PER_CHUNK = 16
"""Batches' worth of pieces gathered before they are sorted by length and answered."""

Piece = TypeVar("Piece")


class DocumentEnd(NamedTuple):
    """Follows the last piece of a document.

    Args:
        document: the document.
        found: where its pieces put their mentions when they are answered.
    """

    document: Document
    found: list[Span]


def annotate_stream(
    stream: Iterable[Piece | DocumentEnd], answer: Callable[[Sequence[Piece]], None], size: int
) -> Iterator[Document]:
    """The documents of a stream, with the mentions found.

    Args:
        stream: all documents' pieces, with an `DocumentEnd` after those of each.
        answer: puts the mentions of some pieces where they belong.
        size: number of pieces to gather.
    """
    for chunk in _chunks(stream, size):
        answer([item for item in chunk if not isinstance(item, DocumentEnd)])
        for item in chunk:
            if isinstance(item, DocumentEnd):
                yield item.document.with_spans(sorted(item.found))


def to_documents(texts_or_documents: Iterable[str | Document]) -> Iterator[Document]:
    """Documents; a text becomes one whose id is its number in the input."""
    for number, item in enumerate(texts_or_documents):
        yield item if isinstance(item, Document) else Document(str(number), item)


def _chunks(items: Iterable[Piece | DocumentEnd], size: int) -> Iterator[list[Piece | DocumentEnd]]:
    chunk: list[Piece | DocumentEnd] = []
    for item in items:
        chunk.append(item)
        if len(chunk) >= size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
