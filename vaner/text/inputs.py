"""The texts that a caller gives: checked, and converted to documents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from vaner.errors import ArgumentError
from vaner.text.documents import Document


def check_texts(texts_or_documents: Iterable[str | Document]) -> None:
    """Check that an argument is a collection of texts, not one text or a table.

    Raises:
        ArgumentError: if it is something else. The message says what to do.
    """
    given = type(texts_or_documents).__name__
    if isinstance(texts_or_documents, str | Document):
        raise ArgumentError(
            f"annotate takes a list of texts, and this is one {given}: call the annotator with it, "
            "annotator(text), or put it in a list"
        )
    if hasattr(texts_or_documents, "columns"):
        raise ArgumentError(
            f"annotate takes a list of texts, and this is a {given}: use annotate_frame, or give "
            "the column with the texts"
        )
    is_collection = isinstance(texts_or_documents, Iterable)
    if not is_collection or isinstance(texts_or_documents, bytes | bytearray | Mapping):
        raise ArgumentError(f"annotate takes a list of texts or documents, not {given}")


def to_documents(texts_or_documents: Iterable[str | Document]) -> Iterator[Document]:
    """Return documents; the id of a plain text is its position in the input.

    Raises:
        ArgumentError: at once as `check_texts`, or later if an item is neither a text nor a
            document.
    """
    check_texts(texts_or_documents)
    return _convert_items(texts_or_documents)


def _convert_items(texts_or_documents: Iterable[str | Document]) -> Iterator[Document]:
    for number, item in enumerate(texts_or_documents):
        if isinstance(item, Document):
            yield item
        elif isinstance(item, str):
            yield Document(str(number), str(item))
        else:
            kind = "None" if item is None else f"of type {type(item).__name__}"
            raise ArgumentError(f"text {number} is {kind}; texts are strings or documents")
