"""Label Studio's tasks in a file, and the answer of each that counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from vaner.formats.json_records import JsonRecord, read_json_records
from vaner.formats.json_values import check_type
from vaner.formats.skipped_records import SkipCounts
from vaner.formats.source import InputFile

UNANNOTATED = "a task without annotations"
SKIPPED = "a task that was skipped"
SUPERSEDED = "an annotation of a task with several"
LABELS = "labels"

# Fields of a JSON-MIN task that are neither data nor answers.
_JSON_MIN_FIELDS = {
    "id", "annotator", "annotation_id", "created_at", "updated_at", "lead_time",
}  # fmt: skip
_KINDS = ("labels", "choices", "taxonomy", "rating", "number", "datetime", "pairwise", "ranker")


def is_stored_annotation(record: Any) -> bool:
    """Return whether a record is an annotation that contains its task.

    Label Studio writes such files to a target storage, and sends such records to webhooks.
    """
    if not isinstance(record, dict) or not isinstance(record.get("task"), dict):
        return False
    has_answer = "result" in record or isinstance(record.get("annotation"), dict)
    return has_answer and isinstance(record["task"].get("data"), dict)


def read_tasks(file: InputFile, encoding: str) -> Iterator[JsonRecord]:
    """Yield the tasks of a file: in a list, one per line, or in their annotations.

    Annotations of the same task that follow one another become the annotations of one task.
    """
    for id, records in groupby(read_json_records(file, encoding), _get_task_id):
        if id is None:
            yield from records
        else:
            first = next(records)
            annotations = [_get_annotation(record) for record in (first, *records)]
            yield first._replace(value={**first.value["task"], "annotations": annotations})


def _get_task_id(record: JsonRecord) -> Any:
    """Return the task's id for an annotation that contains its task, or None for a task."""
    if not is_stored_annotation(record.value):
        return None
    id = record.value["task"].get("id")
    return ("number", record.number) if id is None else ("id", str(id))


def _get_annotation(record: JsonRecord) -> Any:
    annotation = record.value.get("annotation")
    return annotation if isinstance(annotation, dict) else record.value


def expand_json_min(task: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a task in the full form. JSON-MIN has data and answers in the same object."""
    if "data" in task:
        return task
    answers = [
        value
        for values in task.values()
        for value in (values if isinstance(values, list) else [values])
        if isinstance(value, dict)
    ]
    results = [{"type": _get_kind(value), "value": value} for value in answers]
    data = {k: v for k, v in task.items() if isinstance(v, str) and k not in _JSON_MIN_FIELDS}
    return {"id": task.get("id"), "data": data, "annotations": [{"result": results}]}


def _get_kind(value: Mapping[str, Any]) -> str:
    return next((kind for kind in _KINDS if kind in value), "textarea")


def select_answer(task: Mapping[str, Any], skipped: SkipCounts) -> Mapping[str, Any] | None:
    """Return the annotation or prediction that counts, or None if the task is no document."""
    entries = task.get("annotations", task.get("completions"))
    if entries is None:
        predictions = check_type(task.get("predictions") or [], list, "predictions")
        return check_object(predictions[-1], "a prediction") if predictions else {}
    annotations = [
        check_object(entry, "an annotation") for entry in check_type(entries, list, "annotations")
    ]
    submitted = [entry for entry in annotations if not entry.get("was_cancelled")]
    if not submitted:
        skipped[SKIPPED if annotations else UNANNOTATED] += 1
        return None
    if len(submitted) > 1:
        skipped[SUPERSEDED] += len(submitted) - 1
    candidates = [entry for entry in submitted if entry.get("ground_truth")] or submitted
    # reversed: of annotations changed at the same time, the last one of the file is selected
    latest: Mapping[str, Any] = max(reversed(candidates), key=_get_update_time)
    return latest


def _get_update_time(annotation: Mapping[str, Any]) -> str:
    return str(annotation.get("updated_at") or "")


def check_object(value: Any, name: str) -> Mapping[str, Any]:
    """Return a value that is an object.

    Raises:
        MalformedError: if it is none.
    """
    checked: Mapping[str, Any] = check_type(value, dict, name)
    return checked
