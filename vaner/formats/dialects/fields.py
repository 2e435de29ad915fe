r"""Text and mentions of a record under the names that other programs use.

>>> normalize_record({"pmid": 7, "title": "Gout.", "abstract": "It hurts."})["text"]
'Gout.\nIt hurts.'
>>> normalize_record({"text": "Gout.", "ner": [[0, 4, "Disease"]]})
{'text': 'Gout.', 'spans': [{'start': 0, 'end': 4, 'type': 'Disease'}]}
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from vaner.formats.dialects.mentions import (
    has_no_type,
    is_mention,
    is_triple,
    name_quote,
    normalize_mention,
)
from vaner.formats.json_values import is_integer
from vaner.formats.skipped_records import SkipCounts
from vaner.formats.source import MalformedError
from vaner.text.tags import is_tag

TEXTS = (
    "content", "sentence", "body", "raw_text", "document_text", "passage", "paragraph",
    "sentence_text", "note_text", "doc_text", "report_text", "Text",
    "originalText", "full_text",
)  # fmt: skip
"""Names of a field with the text of a document, if there is no ``text``."""

ABSTRACTS = ("abstract", "abstract_text", "abstractText", "AbstractText")
"""Names of a field with an abstract, whose title is in another field."""

IDS = ("doc_id", "document_id", "pmid", "PMID", "docid", "doc_key", "idx")
"""Names of a field with the id of a document, if there is no ``id``."""

MENTION_FIELDS = ("spans", "entities")
"""Our names of a field with mentions."""

MENTIONS = (
    *MENTION_FIELDS, "ents", "mentions", "ner", "annotations", "annotation", "denotations",
    "entity_mentions", "labels", "label", "results", "Entities", "entity_list",
    "golden-entity-mentions",
)  # fmt: skip
"""All names of a field with mentions."""

CONTAINERS = (
    "examples", "documents", "data", "records", "items", "rows", "results", "annotations",
    "projects", "hits", "paragraphs", "sentences", "articles", "common_examples",
    "rasa_nlu_data", "resultList", "result",
)  # fmt: skip
"""Names of a field with all documents of a file."""

SOURCES = (
    "text", "tokens", "words", "passages", "tokenized_text", "sentences", *ABSTRACTS, *TEXTS,
)  # fmt: skip
"""Names of the fields of which a document needs one."""

UNKNOWN_TYPE = "type of a mention, it is in no known field"

TAG_FIELDS = ("ner_tags", "tags", "labels", "ner", "bio_tags", "iob_tags", "ner_labels")
"""Names of a field with a tag for each token."""


def is_document(record: Any) -> bool:
    """Return whether a record has a text, tokens, or a title with an abstract or null."""
    return isinstance(record, dict) and (
        isinstance(record.get("text", record.get("tokens", record.get("words"))), str | list)
        or any(isinstance(record.get(name), str) for name in (*TEXTS, *ABSTRACTS))
        or _has_only_title(record)
    )


def _has_only_title(record: Mapping[str, Any]) -> bool:
    """Return whether a record has a title and the abstract null."""
    return isinstance(record.get("title"), str) and record.get("abstract", "") is None


def read_columns(record: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """Return the rows of a table that pandas or `datasets` wrote in columns; None for another one.

    >>> read_columns({"text": {"0": "Gout.", "1": "Flu."}})
    [{'text': 'Gout.'}, {'text': 'Flu.'}]
    >>> read_columns({"tokens": [["Gout"], ["Flu"]], "ner_tags": [["O"], ["O"]]})
    [{'tokens': ['Gout'], 'ner_tags': ['O']}, {'tokens': ['Flu'], 'ner_tags': ['O']}]
    """
    text = record.get("text")
    if isinstance(text, dict):
        columns = {name: column for name, column in record.items() if isinstance(column, dict)}
        return [{name: column.get(row) for name, column in columns.items()} for row in text]
    main = record.get("tokens")
    if not isinstance(main, list) or not main or not all(isinstance(item, list) for item in main):
        return None
    lists = {k: v for k, v in record.items() if isinstance(v, list) and len(v) == len(main)}
    return [{name: column[row] for name, column in lists.items()} for row in range(len(main))]


def normalize_record(record: Any, skipped: SkipCounts | None = None) -> Mapping[str, Any]:
    """Return a record with ``text``, ``id`` and ``spans`` instead of other names for them.

    Args:
        record: parsed JSON.
        skipped: counts the mentions whose type is in no known field.

    Raises:
        MalformedError: if it is not an object.
    """
    if not isinstance(record, dict):
        raise MalformedError("is not a JSON object with the text of a document")
    fields: Mapping[str, Any] = _with_text(dict(record))
    # Tags are read instead of mentions.
    name = None if find_tag_field(fields) else _find_mentions(fields)
    if name is None:
        return fields
    text = fields.get("text")
    entries = [_name_values(entry, text) if text else entry for entry in fields[name]]
    spans = [span for entry in entries for span in normalize_mention(entry, skipped)]
    if skipped is not None and (untyped := sum(map(has_no_type, fields[name]))):
        skipped[UNKNOWN_TYPE] += untyped
    # An empty list under a name before this one is replaced.
    others = {key: value for key, value in fields.items() if key not in (name, "spans")}
    return {**others, "spans": spans}


def _name_values(entry: Any, text: Any) -> Any:
    """Return a mention with its text under our name, and ``[quote, start, end, type]`` in order."""
    if isinstance(entry, dict) and isinstance(text, str):
        return name_quote(entry, text)
    if not is_triple(entry) or len(entry) != 4 or not isinstance(text, str):
        return entry
    quote, start, end, type = entry
    is_quoted = is_integer(end) and 0 <= start < end and text[start:end] == quote != type
    return [type, start, end, quote] if is_quoted and isinstance(type, str) else entry


def _with_text(record: dict[str, Any]) -> dict[str, Any]:
    """Return a record with the text, and what is annotated in it, under our names."""
    lists = {name: _list_mentions(record.get(name)) for name in MENTIONS}
    record = {**record, **{name: entries for name, entries in lists.items() if entries is not None}}
    if "text" in record or "tokens" in record:
        return _with_token_lists(record)
    if isinstance(record.get("words"), list):
        return {"tokens" if name == "words" else name: value for name, value in record.items()}
    names = [name for name in TEXTS if isinstance(record.get(name), str)][:1]
    abstracts = [name for name in ABSTRACTS if isinstance(record.get(name), str)][:1]
    if abstracts or (not names and _has_only_title(record)):
        names = [name for name in ("title", *abstracts) if isinstance(record.get(name), str)]
    if not names:
        return record
    text = "\n".join(record[name] for name in names if record[name])
    others = {key: value for key, value in record.items() if key not in names}
    return _with_token_lists({"text": text, **others})


def _with_token_lists(record: dict[str, Any]) -> dict[str, Any]:
    """Return a record with lists of tokens and tags that are strings with spaces between them.

    The tokens may be the words of the text.
    """
    words = record.get("tokens", record.get("text"))
    lists = {name: _split_tags(record.get(name)) for name in TAG_FIELDS}
    name = next((name for name, tags in lists.items() if tags), None)
    if not isinstance(words, str) or name is None:
        return record
    is_complete = len(words.split()) == len(lists[name])
    return {**record, "tokens": words.split(), name: lists[name]} if is_complete else record


def _split_tags(value: Any) -> list[str]:
    """Return the tags of a list, or of a string with spaces between them; empty for others."""
    tags = value.split() if isinstance(value, str) else value if isinstance(value, list) else []
    return tags if all(isinstance(tag, str) and is_tag(tag) for tag in tags) else []


def find_document_name(record: Mapping[str, Any]) -> str | None:
    """Return what names the document of a record that has no ``id``; several may share it.

    >>> find_document_name({"pmid": 7, "text": "Gout."})
    '7'
    """
    if record.get("id") is not None:
        return None
    names = (record[name] for name in IDS if isinstance(record.get(name), str | int))
    return next((str(name) for name in names if str(name).strip()), None)


def _list_mentions(value: Any) -> list[Any] | None:
    """Return mentions that are not in a list as a list; None for a list and for other values."""
    if isinstance(value, str):  # in a cell of a table
        return _parse_mentions(value)
    if not isinstance(value, dict) or not value:
        return None
    for name in MENTIONS:  # mentions next to relations
        if isinstance(value.get(name), list) and any(map(is_mention, value[name])):
            return list(value[name])
    if entries := _list_by_type(value):  # GATE has a list for each type
        return entries
    entries = list(value.values())
    if all(isinstance(entry, dict) for entry in entries):  # under their ids, as in MedCAT
        are_mentions = all(str(key).isdigit() or is_mention(entry) for key, entry in value.items())
        return entries if are_mentions else None
    are_columns = len(entries) > 1 and all(isinstance(column, list) for column in entries)
    if not are_columns or len({len(column) for column in entries}) != 1:
        return None
    rows = zip(*entries, strict=True)  # a list for each field, as in `datasets`
    return [dict(zip(value, row, strict=True)) for row in rows]


def _parse_mentions(value: str) -> list[Any] | None:
    """Return the mentions in a string that is a list of mentions as JSON; None for others."""
    try:
        entries = json.loads(value) if value.startswith("[") else None
    except (ValueError, RecursionError):
        return None
    return entries if isinstance(entries, list) and all(map(is_mention, entries)) else None


def _list_by_type(groups: Mapping[str, Any]) -> list[Any]:
    """Return the mentions of an object that has a list for each type; empty if it is another one.

    >>> _list_by_type({"Disease": [{"indices": [0, 4]}]})
    [{'type': 'Disease', 'indices': [0, 4]}]
    >>> _list_by_type({"Disease": [[0, 4]]})
    [{'type': 'Disease', 'span': [0, 4]}]
    >>> _list_by_type({"Disease": {"Gout": [[0, 4]]}})
    [{'type': 'Disease', 'span': [0, 4], 'text': 'Gout'}]
    """
    entries: list[Any] = []
    for type, group in groups.items():
        if isinstance(group, dict):
            located = [(text, pairs) for text, pairs in group.items() if isinstance(pairs, list)]
            group = [{"span": pair, "text": text} for text, pairs in located for pair in pairs]
        if not isinstance(group, list):
            return []
        for item in group:
            entry = {"span": item} if _is_pair(item) else item
            has_type = not isinstance(entry, dict) or type in MENTIONS or "label" in entry
            entries.append(entry if has_type else {"type": type, **entry})
    return entries if entries and all(map(is_mention, entries)) else []


def _is_pair(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(map(is_integer, value))


def find_tag_field(record: Mapping[str, Any]) -> str | None:
    """Return the field with the tags. Fields other than ``ner_tags`` count only with tokens."""
    if record.get("ner_tags") is not None:
        return "ner_tags"
    if record.get("tokens") is None:
        return None
    return next((name for name in TAG_FIELDS if is_tag_list(record.get(name))), None)


def is_tag_list(value: Any) -> bool:
    """Return whether a value is a list of names or numbers, as tags are."""
    return isinstance(value, list) and all(isinstance(v, str) or is_integer(v) for v in value)


def _find_mentions(record: Mapping[str, Any]) -> str | None:
    """Return the name of the field with the mentions; the field may be malformed."""
    for name in MENTION_FIELDS:
        if record.get(name):
            return name if isinstance(record[name], list) else None
    for name in MENTIONS:
        if isinstance(record.get(name), list) and any(map(is_mention, record[name])):
            return name
    return None
