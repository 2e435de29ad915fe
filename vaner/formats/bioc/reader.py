"""Conversion of a BioC record to a `Document`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from vaner.formats.bioc.fields import (
    get_infons,
    get_list,
    get_relations,
    get_string,
    read_span,
)
from vaner.formats.bioc.infons import Record
from vaner.formats.bioc.layout import select_layout
from vaner.formats.bioc.unread_fields import UnreadFields, count_unread_fields
from vaner.formats.source import InputFile
from vaner.formats.spans import remember
from vaner.text.documents import Document, Span
from vaner.text.words import split_sentences, split_words


def to_document(
    record: Record,
    default_id: str,
    collection: Record,
    file: InputFile,
    line: int | None,
    unread: UnreadFields,
) -> Document:
    """Convert a record to a document.

    Args:
        record: a document in the shape of BioC JSON.
        default_id: id of the document if the record has none.
        collection: fields of the collection, which apply to all of its documents.
        file: the file, for errors in single annotations.
        line: line for these errors.
        unread: counts the fields that BioC does not have.

    Raises:
        MalformedError: if the text of the record cannot be assembled.
    """
    # PubTator 3 and LitCovid have the ids of PubMed and PubMed Central in _id: 1|PMC2, 1|None.
    id = get_string(record, "id") or get_string(record, "_id").partition("|")[0] or default_id
    (text, passages, sentences), annotations = select_layout(record, id)
    count_unread_fields(record, unread)
    spans, entries, unlocated = list[Span](), list[Any](), list[Any]()
    for annotation in annotations:
        with file.guard(line, record.get("id")):
            if not get_list(annotation, "locations"):
                unlocated.append(_make_unlocated(annotation))
                continue
            spans.append(read_span(text, annotation))
            entries.append({"id": get_string(annotation, "id"), "infons": get_infons(annotation)})
    stored: dict[str, Any] = {
        "collection": collection,
        "infons": get_infons(record),
        "passages": passages,
        "relations": get_relations(record),
        "annotations": remember(spans, entries),
        "unlocated": tuple(unlocated),
    }
    metadata: dict[str, Any] = {"bioc": {k: v for k, v in stored.items() if v}}
    if sentences:
        metadata["sentences"] = tuple(_complete_sentences(sentences, text))
    return Document(id, text, tuple(spans), metadata)


def _complete_sentences(
    sentences: Sequence[tuple[int, int]], text: str
) -> Iterator[tuple[int, int]]:
    """Yield the sentences of the file, and split the passages for which it has none."""
    position = 0
    for start, end in (*sentences, (len(text), len(text))):
        part = text[position:start]
        words = split_words(part)
        for first, last in split_sentences(part, words):
            yield position + words[first].start, position + words[last - 1].end
        if start < end:
            yield start, end
        position = end


def _make_unlocated(annotation: Record) -> Record:
    """Return an annotation of the document, which has no location in the text."""
    stored = {
        "id": get_string(annotation, "id"),
        "infons": get_infons(annotation),
        "text": get_string(annotation, "text"),
    }
    return {name: value for name, value in stored.items() if value}
