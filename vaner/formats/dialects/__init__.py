"""JSON records of other programs, converted to records of our JSON Lines.

A dialect recognizes its records by their fields. `convert_record` returns a record of no known
dialect with its text and its mentions under our names, where it can identify them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

from vaner.formats.class_names import name_tags
from vaner.formats.dialects import bigbio, medcat, platforms, services, spacy, token_spans
from vaner.formats.dialects.fields import CONTAINERS, is_document, normalize_record, read_columns
from vaner.formats.skipped_records import SkipCounts

Record = Mapping[str, Any]

Guard = Callable[[], AbstractContextManager[None]]
"""Returns a context manager that reports errors with their location."""


class Dialect(NamedTuple):
    """The form in which a program writes its records.

    Args:
        name: name of the program or the form.
        example: a short record, for the documentation.
        matches: returns whether a record is of the dialect.
        convert: yields the records of our JSON Lines that it contains, and counts what they lose.
    """

    name: str
    example: str
    matches: Callable[[Any], bool]
    convert: Callable[[Any, SkipCounts], Iterator[dict[str, Any]]]


DIALECTS = (
    Dialect(
        "spaCy training data",
        '["Gout.", {"entities": [[0, 4, "Disease"]]}]',
        spacy.is_example,
        spacy.convert_example,
    ),
    Dialect(
        "spaCy 2",
        '{"id": 1, "paragraphs": [{"raw": "Gout.", "sentences": '
        '[{"tokens": [{"orth": "Gout", "ner": "U-Disease"}, {"orth": ".", "ner": "O"}]}]}]}',
        spacy.is_document_with_paragraphs,
        spacy.convert_paragraphs,
    ),
    Dialect(
        "spaCy Doc.to_json",
        '{"text": "Gout.", "ents": [{"start": 0, "end": 4, "label": "Disease"}]}',
        spacy.is_doc,
        spacy.convert_doc,
    ),
    Dialect(
        "GLiNER",
        '{"tokenized_text": ["Gout", "."], "ner": [[0, 0, "Disease"]]}',
        token_spans.is_gliner,
        token_spans.convert_gliner,
    ),
    Dialect(
        "DyGIE++",
        '{"doc_key": "1", "sentences": [["Gout", "."]], "ner": [[[0, 0, "Disease"]]]}',
        token_spans.is_dygie,
        token_spans.convert_dygie,
    ),
    Dialect(
        "W2NER",
        '{"sentence": ["Gout", "."], "ner": [{"index": [0], "type": "Disease"}]}',
        token_spans.is_w2ner,
        token_spans.convert_w2ner,
    ),
    Dialect(
        "SageMaker Ground Truth",
        '{"source": "Gout.", "job": {"annotations": {"entities": [{"label": "Disease", '
        '"startOffset": 0, "endOffset": 4}]}}, "job-metadata": {"type": "groundtruth/text-span"}}',
        platforms.is_ground_truth,
        platforms.convert_ground_truth,
    ),
    Dialect(
        "UBIAI",
        '{"documentName": "1", "document": "Gout.", "tokens": [{"text": "Gout", "start": 0, '
        '"end": 4, "entityLabel": "Disease"}]}',
        platforms.is_ubiai,
        platforms.convert_ubiai,
    ),
    Dialect(
        "Elasticsearch",
        '{"_id": "1", "_source": {"text": "Gout.", "entities": [{"start": 0, "end": 4, '
        '"type": "Disease"}]}}',
        platforms.is_hit,
        platforms.convert_hit,
    ),
    Dialect(
        "BigBIO",
        '{"document_id": "1", "passages": [{"type": "title", "text": ["Gout."], '
        '"offsets": [[0, 5]]}], "entities": [{"type": "Disease", "text": ["Gout"], '
        '"offsets": [[0, 4]], "normalized": [{"db_name": "MESH", "db_id": "D006073"}]}]}',
        bigbio.matches,
        bigbio.convert,
    ),
    Dialect(
        "BERN2",
        '{"text": "Gout.", "annotations": [{"id": ["mesh:D006073"], "mention": "Gout", '
        '"obj": "disease", "prob": 0.9, "span": {"begin": 0, "end": 4}}]}',
        services.is_bern2,
        services.convert_bern2,
    ),
    Dialect(
        "Dataturks",
        '{"content": "Gout.", "annotation": [{"label": ["Disease"], "points": '
        '[{"start": 0, "end": 3, "text": "Gout"}]}]}',
        services.is_dataturks,
        services.convert_dataturks,
    ),
    Dialect(
        "KAZU",
        '{"idx": "1", "sections": [{"name": "title", "text": "Gout.", "entities": '
        '[{"match": "Gout", "entity_class": "disease", "start": 0, "end": 4}]}]}',
        services.is_kazu,
        services.convert_kazu,
    ),
    Dialect(
        "transformers pipeline",
        '{"text": "Gout.", "entities": [{"entity": "B-Disease", "word": "Go", "start": 0, '
        '"end": 2}, {"entity": "I-Disease", "word": "##ut", "start": 2, "end": 4}]}',
        services.is_pipeline,
        services.convert_pipeline,
    ),
    Dialect(
        "MedCATtrainer",
        '{"projects": [{"documents": [{"name": "1", "text": "Gout.", "annotations": '
        '[{"start": 0, "end": 4, "value": "Gout", "cui": "90560007", "correct": true}]}]}]}',
        medcat.matches,
        medcat.convert,
    ),
)


def find_dialect(record: Any) -> Dialect | None:
    """Return the dialect of a record, or None if it is of no known one.

    >>> find_dialect(["Gout.", {"entities": []}]).name
    'spaCy training data'
    """
    return next((dialect for dialect in DIALECTS if dialect.matches(record)), None)


def convert_record(record: Any, skipped: SkipCounts, guard: Guard) -> Iterator[Record]:
    """Yield the records of our JSON Lines that a record contains, in most cases one.

    Args:
        record: parsed JSON.
        skipped: counts what the record contains and a document of vaner does not.
        guard: reports an error in one of several records, so that the others are still read.

    Raises:
        MalformedError: if it is not an object, or not complete.
    """
    if dialect := find_dialect(record):
        for converted in dialect.convert(record, skipped):
            yield normalize_record(converted, skipped)
    elif (items := expand_container(record)) is not None:
        for item in items:
            with guard():
                yield from convert_record(name_tags(item, record), skipped, guard)
    else:
        yield normalize_record(record, skipped)


def expand_container(record: Any) -> Sequence[Any] | None:
    """Return the records of an object that contains all documents of a file, else None.

    The object may have a document for each id, or be a table in columns, as pandas writes it,
    ``{"text": {"0": …, "1": …}}``, or `datasets`, ``{"tokens": [[…], […]]}``.
    """
    if not isinstance(record, dict):
        return None
    if (rows := read_columns(record)) is not None:
        return rows
    if "tokens" in record or is_document(record):
        return None
    for name in CONTAINERS:
        items = record.get(name)
        if isinstance(items, dict):  # such as {"hits": {"hits": […]}} of Elasticsearch
            items = items.get(name) or expand_container(items)
        if name == "rows" and isinstance(items, list):  # of the viewer of Hugging Face
            items = [item.get("row", item) if isinstance(item, dict) else item for item in items]
        if isinstance(items, list) and any(map(is_annotated_text, items)):
            return [item for item in items if item is not None]
    items = list(record.values())  # by their ids
    if items and all(is_document(item) or find_dialect(item) for item in items):
        named = zip(record, items, strict=True)
        return [{"id": id, **item} if isinstance(item, dict) else item for id, item in named]
    return None


def is_annotated_text(record: Any) -> bool:
    """Return whether a record can be read as one or several documents."""
    return (
        is_document(record)
        or find_dialect(record) is not None
        or expand_container(record) is not None
    )
