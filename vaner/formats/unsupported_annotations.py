"""Unsupported annotations: relations, attributes and notes, which vaner does not interpret.

The reader of a format stores them in the metadata, and the writer of the same format restores them.
In other formats they are lost, and counted.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping

from vaner.formats import brat, pubannotation, pubtator
from vaner.formats.bioc import metadata as bioc
from vaner.formats.losses import Losses
from vaner.text.documents import Document

UNSUPPORTED = "relation, attribute or note has no place in the format"

_COUNT_BY_KEY: Mapping[str, Callable[[Document], int]] = {
    "bioc": bioc.count_unsupported,
    "brat": brat.count_unsupported,
    "pubannotation": pubannotation.count_unsupported,
    "pubtator": pubtator.count_unsupported,
}

METADATA_KEYS = tuple(_COUNT_BY_KEY)
"""Metadata keys under which these annotations are stored."""


def count_unsupported_annotations(
    documents: Iterable[Document], written_keys: Container[str], losses: Losses
) -> Iterator[Document]:
    """Yield the documents, and count the annotations that a format does not write.

    Args:
        documents: the documents.
        written_keys: the `METADATA_KEYS` whose annotations the format writes.
        losses: the counts to update.
    """
    for document in documents:
        for key, count in _COUNT_BY_KEY.items():
            if key not in written_keys:
                losses[UNSUPPORTED] += count(document)
        yield document
