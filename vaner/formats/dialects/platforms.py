"""Exports of platforms: SageMaker Ground Truth, UBIAI and Elasticsearch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from vaner.formats.dialects.fields import is_document
from vaner.formats.dialects.mentions import is_mention
from vaner.formats.json_values import check_type, get_list
from vaner.formats.skipped_records import SkipCounts

_METADATA = "-metadata"
_TEXT_SPAN = "groundtruth/text-span"


def is_ground_truth(record: Any) -> bool:
    """Return whether a record is a line of a manifest with the mentions of a labeling job."""
    return _find_job(record) is not None


def _find_job(record: Any) -> str | None:
    """Return the field with the mentions: that whose metadata says that it has spans."""
    if not isinstance(record, dict) or not isinstance(record.get("source"), str):
        return None
    jobs = (name.removesuffix(_METADATA) for name in record if name.endswith(_METADATA))
    return next((job for job in jobs if _get_type(record, job) == _TEXT_SPAN), None)


def _get_type(record: Mapping[str, Any], job: str) -> Any:
    metadata = record[job + _METADATA]
    return metadata.get("type") if isinstance(metadata, dict) and job in record else None


def convert_ground_truth(
    record: Mapping[str, Any], skipped: SkipCounts
) -> Iterator[dict[str, Any]]:
    """Yield a text with the mentions of the first job; the answers to further ones are counted."""
    jobs = sum(name.endswith(_METADATA) for name in record)
    skipped.update({"the answer to a further job": jobs - 1} if jobs > 1 else {})
    answer = check_type(record[_find_job(record) or ""], dict, "an answer")
    annotations = check_type(answer.get("annotations") or {}, dict, "annotations")
    yield {"text": record["source"], "entities": annotations.get("entities") or []}


def is_ubiai(record: Any) -> bool:
    """Return whether a record has a ``document``, whose ``tokens`` are mentions."""
    if not isinstance(record, dict) or not isinstance(record.get("document"), str):
        return False
    tokens = record.get("tokens")
    return isinstance(tokens, list) and all(map(is_mention, tokens))


def convert_ubiai(record: Mapping[str, Any], skipped: SkipCounts) -> Iterator[dict[str, Any]]:
    """Yield a text of UBIAI, named after its file."""
    relations = len(get_list(record, "relations"))
    skipped.update({"relation": relations} if relations else {})
    name = record.get("documentName")
    yield {"id": name, "text": record["document"], "entities": record["tokens"]}


def is_hit(record: Any) -> bool:
    """Return whether a record is a document of Elasticsearch or OpenSearch."""
    return isinstance(record, dict) and is_document(record.get("_source"))


def convert_hit(record: Mapping[str, Any], skipped: SkipCounts) -> Iterator[dict[str, Any]]:
    """Yield the document that was indexed, with the id of the index if it has no other."""
    yield {"id": record.get("_id"), **record["_source"]}
