"""Detection of the JSON formats, from the first records of a file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from vaner.errors import FormatError
from vaner.formats.dialects import bigbio, expand_container, find_dialect, is_annotated_text
from vaner.formats.dialects.fields import MENTIONS
from vaner.formats.json_records import is_list_of_records, parse_json_records
from vaner.formats.label_studio.tasks import is_stored_annotation
from vaner.formats.source import InputFile

_BIOC_KEYS = {"documents", "passages", "PubTator3"}
_TASK_KEYS = {"annotations", "predictions", "completions"}
# Quotation marks inside a string are escaped, so these only match keys.
_KEY = r'(?<!\\)"({})"\s*:'
_BIOC_LIST = re.compile(_KEY.format("|".join(sorted(_BIOC_KEYS))) + r"\s*\[")
_TASK_KEY = re.compile(_KEY.format("data|annotations|predictions|annotation_id"))
_TASK_DATA = re.compile(_KEY.format("data") + r"\s*\{")
_ANSWERS = re.compile(_KEY.format("annotations|predictions|completions|result") + r"\s*\[")
_CAS = re.compile(_KEY.format("%TYPES|%FEATURE_STRUCTURES"))
_DENOTATIONS = re.compile(_KEY.format("denotations"))
_TEXT_KEY = re.compile(_KEY.format("text|tokens|tokenized_text|paragraphs|projects|sentences"))
_LABEL_LISTS = ("label", "labels")
_MENTION_LISTS = ("entities", "annotations", *_LABEL_LISTS)
_EMPTY_LIST = re.compile(r"\[\s*\]\s*")
_PAIR = re.compile(r'\[\s*(\[\s*)?"')


def detect_json(head: str) -> str | None:
    """Return the name of the JSON format of a file, or None if it is not a known one.

    Args:
        head: the beginning of the file, possibly cut off.
    """
    start = head.lstrip()
    if not start.startswith(("{", "[")):
        return None
    is_list = is_list_of_records(start)
    records = list(_parse_records(start))
    for record in records:
        if format := _detect_record(record, is_list):
            return format
    if records and not is_list and all(map(_is_task_of_prodigy, records)):
        return "prodigy"
    if records and not is_list and any(isinstance(record, dict) for record in records):
        return "jsonl"  # whose reader reports what is wrong with the records
    if _EMPTY_LIST.fullmatch(start):
        return "jsonl"
    return None if records else _detect_incomplete(start)


def _parse_records(start: str) -> Iterator[Any]:
    """Yield the records that are complete, as the reader of JSON Lines divides them."""
    file = InputFile("", on_error=lambda error: None)
    with suppress(FormatError):
        for record in parse_json_records(iter([start]), file):
            yield record.value


def _detect_record(record: Any, is_list: bool) -> str | None:
    """Return the format of a record, or None if it does not identify one."""
    if isinstance(record, dict):
        if "%FEATURE_STRUCTURES" in record:
            return "xmi"
        if isinstance(record.get("denotations", record.get("tracks")), list) and "text" in record:
            return "pubannotation"
        if _is_bioc(record):
            return "bioc_json"
        if is_stored_annotation(record) or (_is_task(record) and (is_list or _is_bare(record))):
            return "label_studio"
    if find_dialect(record) or expand_container(record) is not None:
        return "jsonl"
    tool = _detect_tool(record, is_list) if isinstance(record, dict) else None
    return tool or ("jsonl" if is_list and is_annotated_text(record) else None)


def _is_bioc(record: Mapping[str, Any]) -> bool:
    """Return whether a record is a BioC collection or document."""
    # Records of vaner may store passages of a BioC file in their metadata, so only the keys of
    # the top level count.
    if bigbio.matches(record) or not record.keys() & _BIOC_KEYS:
        return False
    documents = record.get("documents")
    has_passages = isinstance(documents, list) and all(
        isinstance(item, dict) and "passages" in item for item in documents
    )
    return has_passages or "documents" not in record


def _is_task(record: Mapping[str, Any]) -> bool:
    """Return whether a record is a task of Label Studio, in JSON or JSON-MIN."""
    answers = (answer for key in _TASK_KEYS for answer in _get_list(record, key))
    return (
        isinstance(record.get("data"), dict)
        or "annotation_id" in record
        or any(isinstance(answer, dict) and "result" in answer for answer in answers)
    )


def _is_bare(record: Mapping[str, Any]) -> bool:
    """Return whether a task has no text outside its data, except in JSON-MIN."""
    return ("text" not in record and "tokens" not in record) or "annotation_id" in record


def _detect_tool(record: Mapping[str, Any], is_list: bool) -> str | None:
    """Return the annotation tool that wrote a record, or None if it is not clear.

    Lists have many authors, so a record in a list needs a field that only the tool writes.
    """
    if record.keys() & {"_input_hash", "_task_hash", "_view_id"}:
        return "prodigy"
    if is_list:
        return "doccano" if {"text", "Comments"} <= record.keys() else None
    if not record.keys() & {"text", "data"}:
        return None
    spans = [span for span in _get_list(record, "spans") if isinstance(span, dict)]
    has_labels = any("label" in span and "type" not in span for span in spans)
    if "text" in record and ("answer" in record or has_labels):
        return "prodigy"
    entries = [entry for name in _MENTION_LISTS for entry in _get_list(record, name)]
    labels = [entry for name in _LABEL_LISTS for entry in _get_list(record, name)]
    if any(isinstance(entry, list) for entry in labels):  # [start, end, label]
        return "doccano"
    if any(isinstance(entry, dict) and "start_offset" in entry for entry in entries):
        return "doccano"
    has_empty_labels = any(record.get(name) == [] for name in _LABEL_LISTS)
    return "doccano" if has_empty_labels and not any(map(record.get, MENTIONS)) else None


def _is_task_of_prodigy(record: Any) -> bool:
    """Return whether a record without mentions has the form in which vaner writes Prodigy tasks."""
    if not isinstance(record, dict) or "text" not in record or "id" in record:
        return False
    meta = record.get("meta")
    return record.get("spans") == [] and isinstance(meta, dict) and "id" in meta


def _get_list(record: Mapping[str, Any], key: str) -> list[Any]:
    value = record.get(key)
    return value if isinstance(value, list) else []


def _detect_incomplete(start: str) -> str | None:
    """Return the format of a file whose first record is longer than its beginning."""
    if _DENOTATIONS.search(start):
        return "pubannotation"
    if _CAS.search(start):
        return "xmi"
    if _BIOC_LIST.search(start):
        return "bioc_json"
    if start.startswith("[") and _TASK_KEY.search(start):
        return "label_studio"
    if _TASK_DATA.search(start) and _ANSWERS.search(start):
        return "label_studio"
    return "jsonl" if _TEXT_KEY.search(start) or _PAIR.match(start) else None
