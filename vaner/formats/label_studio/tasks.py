"""Label Studio's tasks in a file, and the answer of each that counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from vaner.errors import FormatError
from vaner.formats.json_records import JsonRecord, read_json_records
from vaner.formats.json_values import check_type
from vaner.formats.skipped_records import SkipCounts
from vaner.formats.source import InputFile

UNANNOTATED = "a task without annotations"
SKIPPED = "a task that was skipped"
SUPERSEDED = "an annotation of a task with several"
LABELS = "labels"

_STORED_SUFFIXES = ("", ".json")

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


def is_target_storage(folder: Path) -> bool:
    """Return whether a folder has a file per annotation, whose name is a number."""
    files = [path for path in folder.iterdir() if not path.name.startswith(".")]
    if not files or not all(f.stem.isdigit() and f.suffix in _STORED_SUFFIXES for f in files):
        return False
    file = InputFile(min(files), on_error=lambda error: None)
    try:
        return is_stored_annotation(next(read_json_records(file)).value)
    except (StopIteration, FormatError):
        return False


def list_files(file: InputFile) -> list[InputFile]:
    """Return the file, or the files of a target storage in the order of their numbers."""
    if not file.is_folder:
        return [file]
    paths = sorted(
        (path for path in file.path.iterdir() if path.stem.isdigit()), key=lambda p: int(p.stem)
    )
    return [InputFile(path, file.on_error) for path in paths]


def read_tasks(files: Iterable[InputFile], encoding: str) -> Iterator[tuple[InputFile, JsonRecord]]:
    """Yield the tasks of files: in a list, one per line, or in their annotations.

    A record may be one of several annotations of a task: in JSON-MIN, and in a target storage. They
    become the annotations of one task, wherever they are in the files, which are read to their end.
    """
    groups: dict[str, list[tuple[InputFile, JsonRecord]]] = {}
    for file in files:
        for record in read_json_records(file, encoding):
            with file.guard(record.line):
                task, id = _to_task(check_type(record.value, dict, "a task"))
                if id is None:
                    yield file, record._replace(value=task)
                else:
                    groups.setdefault(id, []).append((file, record._replace(value=task)))
    for group in groups.values():
        file, first = group[0]
        annotations = [entry for _, record in group for entry in record.value["annotations"]]
        yield file, first._replace(value={**first.value, "annotations": annotations})


def _to_task(record: Mapping[str, Any]) -> tuple[Mapping[str, Any], str | None]:
    """Return a record as a task, and the task's id if the record is one of its annotations."""
    if is_stored_annotation(record):
        given = record.get("annotation")
        annotation = given if isinstance(given, dict) else record
        task: Mapping[str, Any] = {**record["task"], "annotations": [annotation]}
        is_annotation = True
    else:
        task, is_annotation = _expand_json_min(record), "annotation_id" in record
    id = task.get("id")
    return task, str(id) if is_annotation and isinstance(id, str | int) else None


def _expand_json_min(task: Mapping[str, Any]) -> Mapping[str, Any]:
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
    annotation = {"result": results, "updated_at": task.get("updated_at")}
    return {"id": task.get("id"), "data": data, "annotations": [annotation]}


def _get_kind(value: Mapping[str, Any]) -> str:
    return next((kind for kind in _KINDS if kind in value), "textarea")


def select_answer(task: Mapping[str, Any], skipped: SkipCounts) -> Mapping[str, Any] | None:
    """Return the annotation or prediction that counts, or None if the task is not a document."""
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
