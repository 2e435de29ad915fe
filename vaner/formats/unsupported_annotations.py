"""Unsupported annotations: relations, attributes and notes, which vaner does not interpret.

The reader of a format stores them in the metadata, and the writer of the same format restores them.
In other formats they are lost, and counted. Those that describe mentions which were removed or
replaced are left out of every format, and counted. Metadata fields of users are counted as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from vaner.formats import brat, pubannotation, pubtator
from vaner.formats.bioc import dangling as bioc_dangling
from vaner.formats.bioc import metadata as bioc
from vaner.formats.declaration import Format
from vaner.formats.losses import Losses
from vaner.formats.mention_details import count_lost_details
from vaner.formats.metadata_fields import count_fields
from vaner.text.documents import Document

METADATA_FIELD = "metadata field has no place in the format"
UNSUPPORTED = "relation, attribute or note has no place in the format"


class StoredAnnotations(NamedTuple):
    """The annotations that a format stores in the metadata.

    Args:
        count: returns their number in a document.
        drop_dangling: returns a document without those whose mention is gone, and counts them.
    """

    count: Callable[[Document], int]
    drop_dangling: Callable[[Document, Losses], Document]


def _make_list_annotations(key: str) -> StoredAnnotations:
    """Return the annotations in a list of a JSON record, whose form is not known."""

    def count(document: Document) -> int:
        value = document.metadata[key]
        return len(value) if isinstance(value, list | tuple) else 0

    return StoredAnnotations(count, lambda document, losses: document)


_BY_KEY: Mapping[str, StoredAnnotations] = {
    "bioc": StoredAnnotations(bioc.count_unsupported, bioc_dangling.drop_dangling),
    "brat": StoredAnnotations(brat.count_unsupported, brat.drop_dangling),
    "pubannotation": StoredAnnotations(
        pubannotation.count_unsupported, pubannotation.drop_dangling
    ),
    "pubtator": StoredAnnotations(pubtator.count_unsupported, pubtator.drop_dangling),
    **{key: _make_list_annotations(key) for key in ("relations", "events", "coreferences")},
}

METADATA_KEYS = tuple(_BY_KEY)
"""Metadata keys under which these annotations are stored."""


def prepare_unsupported_annotations(
    documents: Iterable[Document], format: Format, losses: Losses
) -> Iterator[Document]:
    """Yield the documents with the annotations that can be written, and count the others.

    Args:
        documents: the documents.
        format: the format that they are written in.
        losses: the counts to update.
    """
    for document in documents:
        for key in document.metadata.keys() & _BY_KEY.keys():
            if key in format.metadata_keys:
                document = _BY_KEY[key].drop_dangling(document, losses)
            else:
                losses[UNSUPPORTED] += _BY_KEY[key].count(document)
        if format.holds is not None:
            count_lost_details(document.spans, format.holds, losses)
            if format.metadata_keys != METADATA_KEYS:  # others hold all metadata
                losses[METADATA_FIELD] += count_fields(document, {format.name, *METADATA_KEYS})
        yield document
