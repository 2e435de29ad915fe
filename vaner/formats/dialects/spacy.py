"""spaCy's training data as JSON, in the forms in use.

- `["text", {"entities": [[start, end, label]]}]`, one per line or in a list
- NER Annotator: such a list as `annotations` of an object
- spaCy 2: `{"id": …, "paragraphs": [{"raw": …, "sentences": [{"tokens": [{"orth", "ner"}]}]}]}`
- `Doc.to_json`: `{"text": …, "ents": [{"start", "end", "label"}], "tokens": […]}`
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from vaner.formats.dialects.mentions import find_pieces, is_mention, is_triple, normalize_mention
from vaner.formats.json_values import check_type, get_list
from vaner.formats.skipped_records import SkipCounts
from vaner.formats.source import MalformedError

_MISSING = {"", "-", None}  # no annotation: spaCy does not learn from such a token


def is_example(record: Any) -> bool:
    """Return whether a record is a text with its annotations in a dictionary."""
    return (
        isinstance(record, list)
        and len(record) == 2
        and isinstance(record[0], str)
        and (isinstance(record[1], dict) or _is_list_of_triples(record[1]))
    )


def _is_list_of_triples(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(map(is_triple, value))


def is_document_with_paragraphs(record: Any) -> bool:
    """Return whether a record is a document of spaCy 2."""
    paragraphs = record.get("paragraphs") if isinstance(record, dict) else None
    return isinstance(paragraphs, list) and all(
        isinstance(paragraph, dict) and isinstance(paragraph.get("sentences"), list)
        for paragraph in paragraphs
    )


def is_doc(record: Any) -> bool:
    """Return whether a record is a `Doc` as JSON."""
    if not isinstance(record, dict) or "text" not in record:
        return False
    groups = record.get("spans")  # without `ents` if no component finds them
    lists = list(groups.values()) if isinstance(groups, dict) else []
    is_grouped = bool(lists) and all(isinstance(g, list) and all(map(is_mention, g)) for g in lists)
    return isinstance(record.get("ents"), list) or is_grouped


def convert_example(record: Any, skipped: SkipCounts) -> Iterator[dict[str, Any]]:
    """Yield a text and its annotations as a record of our JSON Lines."""
    text, annotations = record
    annotations = {"entities": annotations} if isinstance(annotations, list) else annotations
    entries = get_list(annotations, "entities")
    spans = [span for entry in entries for span in normalize_mention(entry, skipped)]
    others = {key: value for key, value in annotations.items() if key != "entities"}
    yield {"text": text, "spans": spans, "metadata": others}


def convert_paragraphs(record: Mapping[str, Any], skipped: SkipCounts) -> Iterator[dict[str, Any]]:
    """Yield each paragraph of a document of spaCy 2 as a record with tokens and tags."""
    for number, paragraph in enumerate(record["paragraphs"], 1):
        tokens = [token for sentence in paragraph["sentences"] for token in _get_tokens(sentence)]
        entries = get_list(paragraph, "entities")
        tags = [check_type(token.get("ner") or "O", str, "ner") for token in tokens]
        converted: dict[str, Any] = {
            "tokens": [token.get("orth") for token in tokens],
            "ner_tags": ["O" if tag in _MISSING else tag for tag in tags],
        }
        if isinstance(paragraph.get("raw"), str):
            converted["text"] = paragraph["raw"]
            if entries and not any("ner" in token for token in tokens):  # of spaCy 3
                spans = [span for entry in entries for span in normalize_mention(entry, skipped)]
                converted = {"text": paragraph["raw"], "spans": spans}
        if record.get("id") is not None:
            only = len(record["paragraphs"]) == 1
            converted["id"] = str(record["id"]) if only else f"{record['id']}-{number}"
        yield converted


def _get_tokens(sentence: Any) -> list[dict[str, Any]]:
    tokens = sentence.get("tokens") if isinstance(sentence, dict) else None
    if not isinstance(tokens, list) or not all(isinstance(token, dict) for token in tokens):
        raise MalformedError("a sentence has no list of tokens")
    return tokens


def convert_doc(record: Mapping[str, Any], skipped: SkipCounts) -> Iterator[dict[str, Any]]:
    """Yield a `Doc`: its entities and the spans of its groups are mentions."""
    groups = record.get("spans")
    lists = list(groups.values()) if isinstance(groups, dict) else []
    grouped = [span for group in lists if isinstance(group, list) for span in group]
    ents = get_list(record, "ents")
    entries = [*ents, *(span for span in grouped if span not in ents)]
    spans = [span for entry in entries for span in normalize_mention(entry, skipped)]
    metadata = {key: record[key] for key in ("cats", "_") if record.get(key)}
    pieces = [find_pieces(sent) for sent in get_list(record, "sents") if isinstance(sent, dict)]
    if sentences := [piece for sentence in pieces for piece in sentence or ()]:
        metadata["sentences"] = sentences
    yield {"id": record.get("id"), "text": record["text"], "spans": spans, "metadata": metadata}
