"""Mentions whose offsets count tokens: GLiNER, DyGIE++ and W2NER.

GLiNER includes the last token: `{"tokenized_text": ["Gout", "."], "ner": [[0, 0, "Disease"]]}`. So
does DyGIE++, whose documents have a list of mentions for each sentence. Its offsets count the
tokens of the document: `{"sentences": [["Gout", "."]], "ner": [[[0, 0, "Disease"]]]}`. W2NER lists
all tokens of a mention: `{"sentence": ["Gout", "."], "ner": [{"index": [0], "type": "Disease"}]}`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from vaner.formats.dialects.mentions import is_triple, normalize_mention
from vaner.formats.json_values import get_list, is_integer
from vaner.formats.skipped_records import SkipCounts


def is_gliner(record: Any) -> bool:
    """Return whether a record is an example of GLiNER, whose tokens may be ``tokens``."""
    if not isinstance(record, dict) or "text" in record:
        return False
    entries = record.get("ner")
    has_mentions = isinstance(entries, list) and bool(entries) and all(map(is_triple, entries))
    return isinstance(record.get("tokenized_text"), list) or ("tokens" in record and has_mentions)


def is_dygie(record: Any) -> bool:
    """Return whether a record has sentences of tokens, and mentions for each or a ``doc_key``."""
    if not isinstance(record, dict) or not isinstance(record.get("sentences"), list):
        return False
    is_complete = isinstance(record.get("ner"), list) or "doc_key" in record
    return is_complete and all(map(_is_strings, record["sentences"]))


def convert_gliner(record: Mapping[str, Any], skipped: SkipCounts) -> Iterator[dict[str, Any]]:
    """Yield an example of GLiNER as a record with tokens."""
    tokens = record.get("tokenized_text", record.get("tokens"))
    known = ("tokenized_text", "tokens", "ner", "id")
    others = {key: value for key, value in record.items() if key not in known}
    yield {
        "id": record.get("id"),
        "tokens": tokens,
        "spans": [_to_exclusive(entry, skipped) for entry in get_list(record, "ner")],
        "metadata": others,
    }


def convert_dygie(record: Mapping[str, Any], skipped: SkipCounts) -> Iterator[dict[str, Any]]:
    """Yield a document of DyGIE++ as a record with tokens; the sentences are joined."""
    relations = sum(len(r) for r in get_list(record, "relations") if isinstance(r, list))
    skipped.update({"relation": relations} if relations else {})
    per_sentence = [entries for entries in get_list(record, "ner") if isinstance(entries, list)]
    yield {
        "id": record.get("doc_key"),
        "tokens": [token for sentence in record["sentences"] for token in sentence],
        "spans": [_to_exclusive(entry, skipped) for entries in per_sentence for entry in entries],
        "metadata": {"dataset": record["dataset"]} if record.get("dataset") else {},
    }


def is_w2ner(record: Any) -> bool:
    """Return whether a record is a sentence of W2NER, a list of tokens."""
    if not isinstance(record, dict) or not isinstance(record.get("sentence"), list):
        return False
    entries = record.get("ner")
    return isinstance(entries, list) and all(
        isinstance(e, dict) and _are_integers(e.get("index")) for e in entries
    )


def convert_w2ner(record: Mapping[str, Any], skipped: SkipCounts) -> Iterator[dict[str, Any]]:
    """Yield a sentence of W2NER as a record with tokens; tokens with a gap are fragments."""
    spans = []
    for entry in record["ner"]:
        pieces = [[index, index + 1] for index in sorted(entry["index"])]
        spans.append({"fragments": pieces, "type": entry.get("type")})
    yield {"tokens": record["sentence"], "spans": spans}


def _are_integers(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(map(is_integer, value))


def _to_exclusive(entry: Any, skipped: SkipCounts) -> Any:
    if not is_triple(entry):
        return entry
    return next({**span, "end": span["end"] + 1} for span in normalize_mention(entry, skipped))


def _is_strings(sentence: Any) -> bool:
    return isinstance(sentence, list) and all(isinstance(token, str) for token in sentence)
