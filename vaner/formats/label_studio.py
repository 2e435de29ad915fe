"""Label Studio tasks as JSON: write predictions, read predictions and annotations.

A task with ``annotations`` was exported from Label Studio, and the annotations count: the ground
truth if there is one, else the annotation that was changed last. A task that was not annotated, or
that was skipped, is not a document. A task without the field ``annotations`` is to be imported, and
its last prediction counts. The shorter export JSON-MIN is read too.

Offsets are code points. Older versions counted UTF-16 units (Label Studio issues 1008 and 1347),
which is detected from the mentions that an export repeats.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from typing_extensions import TypedDict

from vaner.formats.json_stream import (
    Buffer,
    dump_line,
    has_more,
    read_list,
    replace_surrogate_pairs,
    write_elements,
)
from vaner.formats.json_values import (
    check_pair,
    check_probability,
    check_quoted,
    check_type,
    freeze,
)
from vaner.formats.losses import FRAGMENTS, IDENTIFIER, Losses
from vaner.formats.roundtrip_metadata import get_roundtrip_metadata
from vaner.formats.skipped_records import SkipCounts, warn_skipped_records
from vaner.formats.source import InputFile, MalformedError, OnError, read_chunks
from vaner.formats.spans import make_span
from vaner.formats.trailer import with_trailer
from vaner.formats.utf16 import get_unit_offsets, has_wide_characters, to_code_point
from vaner.text.documents import Document, Span

UNANNOTATED = "a task without annotations"
SKIPPED = "a task that was skipped"
SUPERSEDED = "an annotation of a task with several"

_TEXT, _LABELS = "text", "labels"
_NAMES = {"from_name": "label", "to_name": _TEXT}
# Fields of a JSON-MIN task that are neither data nor answers.
_JSON_MIN_FIELDS = {"id", "annotator", "annotation_id", "created_at", "updated_at", "lead_time"}
# Regions that are not in plain text, so that their offsets mean something else.
_UNSUPPORTED_REGIONS = {"hypertextlabels": "HTML", "paragraphlabels": "dialogue"}


class _Region(NamedTuple):
    """A mention as in the file."""

    start: int
    end: int
    label: str
    quoted: str | None
    score: float | None


class Stored(TypedDict, total=False):
    """What is stored of a task: other data, the text field, control names, the model version."""

    data: Mapping[str, Any]
    field: str
    names: Mapping[str, str]
    model_version: str


def read(
    path: str | Path, *, encoding: str = "utf-8", on_error: OnError | None = None
) -> Iterator[Document]:
    """Read the documents of a list of tasks, one task in memory at a time.

    A document is named by ``id`` in the ``data`` of its task, which vaner writes, else by Label
    Studio's ``id``, else after the file and the task's position.

    Args:
        path: the file.
        encoding: encoding of the file.
        on_error: see `vaner.formats.read`.
    """
    file, skipped = InputFile(path, on_error), SkipCounts()
    for number, (record, line) in enumerate(_read_tasks(file, encoding), 1):
        with file.guard(line):
            task = _expand_json_min(check_type(record, dict, "a task"))
            answer = _select_answer(task, skipped)
            if answer is not None:
                yield _to_document(task, answer, f"{file.stem}-{number}", file, line)
    warn_skipped_records(file, skipped)


def _read_tasks(file: InputFile, encoding: str) -> Iterator[tuple[Any, int]]:
    buffer = Buffer(read_chunks(file, encoding))
    while not buffer.text.lstrip() and not buffer.is_at_end:
        buffer.read_more()
    start = len(buffer.text) - len(buffer.text.lstrip())
    if buffer.text[start : start + 1] != "[":
        raise file.error("is not a list of tasks, as in Label Studio's JSON and JSON-MIN", 1)
    buffer.drop(start + 1)
    yield from read_list(buffer, file)
    if has_more(buffer):
        raise file.error("broken JSON: there is more text after the end of the list", buffer.line)


def _expand_json_min(task: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a task in the full form. JSON-MIN has data and answers in the same object."""
    if "data" in task:
        return task
    results = [
        {"type": _LABELS, "value": value}
        for values in task.values()
        if isinstance(values, list)
        for value in values
        if isinstance(value, dict) and _LABELS in value
    ]
    data = {k: v for k, v in task.items() if isinstance(v, str) and k not in _JSON_MIN_FIELDS}
    return {"id": task.get("id"), "data": data, "annotations": [{"result": results}]}


def _select_answer(task: Mapping[str, Any], skipped: SkipCounts) -> Mapping[str, Any] | None:
    """Return the annotation or prediction that counts, or None if the task is no document."""
    entries = task.get("annotations", task.get("completions"))
    if entries is None:
        predictions = check_type(task.get("predictions") or [], list, "predictions")
        return _check_object(predictions[-1], "a prediction") if predictions else {}
    annotations = [
        _check_object(entry, "an annotation") for entry in check_type(entries, list, "annotations")
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


def _to_document(
    task: Mapping[str, Any], answer: Mapping[str, Any], default_id: str, file: InputFile, line: int
) -> Document:
    data = _check_object(task["data"], "data")
    field = _find_text_field(data)
    text, results = data[field], check_type(answer.get("result") or [], list, "result")
    given = data.get("id", task.get("id"))
    id = default_id if given is None else str(given)
    regions = list[_Region]()
    for result in results:
        with file.guard(line, given):
            regions += _get_regions(_check_object(result, "a result"))
    spans, unit_offsets = list[Span](), get_unit_offsets(text)
    counts_units = _counts_utf16_units(text, regions)
    for region in regions:
        with file.guard(line, given):
            start, end = region.start, region.end
            if counts_units:
                start, end = (to_code_point(unit_offsets, unit) for unit in (start, end))
            quoted = _restore_line_breaks(text[start:end], region.quoted)
            spans.append(
                make_span(text, [(start, end)], region.label, quoted=quoted, score=region.score)
            )
    stored = _get_stored(data, field, results)
    metadata = {"label_studio": stored} if stored else {}
    return Document(id, text, tuple(spans), metadata)


def _find_text_field(data: Mapping[str, Any]) -> str:
    """Return the data field with the text: ``text``, or the only field that is a string."""
    if _TEXT in data:
        check_type(data[_TEXT], str, _TEXT)
        return _TEXT
    fields = [key for key, value in data.items() if isinstance(value, str) and key != "id"]
    if len(fields) != 1:
        raise MalformedError(f"which field of the data is the text? There are {', '.join(data)}")
    return fields[0]


def _get_regions(result: Mapping[str, Any]) -> Iterator[_Region]:
    """Yield a mention for each label of a result. Other kinds of answers yield nothing.

    Raises:
        MalformedError: if the region is not in plain text.
    """
    kind = result.get("type", _LABELS)
    if isinstance(kind, str) and kind in _UNSUPPORTED_REGIONS:
        raise MalformedError(
            f"a mention in {_UNSUPPORTED_REGIONS[kind]}; only those in plain text are read"
        )
    value = result.get("value")
    if kind != _LABELS or not isinstance(value, dict):
        return
    start, end = check_pair((value.get("start"), value.get("end")))
    quoted = check_quoted(value, "text of a mention")
    for label in check_type(value.get(_LABELS) or [], list, _LABELS):
        score = check_probability(result.get("score"))
        yield _Region(start, end, check_type(label, str, "a label"), quoted, score)


def _counts_utf16_units(text: str, regions: Sequence[_Region]) -> bool:
    """Return whether the offsets agree with the repeated mentions only as UTF-16 units."""
    if not has_wide_characters(text):
        return False
    quoted = [region for region in regions if region.quoted is not None]
    if all(text[r.start : r.end] == r.quoted for r in quoted):
        return False
    units = text.encode("utf-16-le", "surrogatepass")
    return all(
        units[2 * r.start : 2 * r.end].decode("utf-16-le", "surrogatepass") == r.quoted
        for r in quoted
    )


def _restore_line_breaks(mention: str, quoted: str | None) -> str | None:
    r"""Return a repeated mention with line breaks, if they were written as the letters ``\n``."""
    if quoted is None or mention == quoted:
        return quoted
    return quoted.replace("\\n", "\n")


def _get_stored(data: Mapping[str, Any], field: str, results: Sequence[Any]) -> dict[str, Any]:
    """Return what is needed to write a task for the same project again."""
    other_data = {k: freeze(v) for k, v in data.items() if k not in (field, "id")}
    stored: dict[str, Any] = {"data": other_data} if other_data else {}
    stored |= {"field": field} if field != _TEXT else {}
    labels = (r for r in results if isinstance(r, dict) and r.get("type") == _LABELS)
    first = next(labels, {})
    names = {key: first[key] for key in _NAMES if isinstance(first.get(key), str)}
    return stored | ({"names": names} if names and names != _NAMES else {})


def _check_object(value: Any, name: str) -> Mapping[str, Any]:
    checked: Mapping[str, Any] = check_type(value, dict, name)
    return checked


def with_model_name(documents: Iterable[Document], model: str) -> Iterator[Document]:
    """Yield documents whose predictions will be attributed to a model.

    Args:
        documents: documents with predicted mentions.
        model: name of the model, by which Label Studio groups predictions.
    """
    for document in documents:
        stored = get_roundtrip_metadata(document, "label_studio", Stored, Losses())
        stored = {**stored, "model_version": model}
        yield replace(document, metadata={**document.metadata, "label_studio": stored})


def render(documents: Iterable[Document], losses: Losses) -> Iterator[str]:
    """Yield a list of tasks to import, one per line. The list is closed after an error too."""
    yield "["
    clean = (replace(doc, text=replace_surrogate_pairs(doc.text, losses)) for doc in documents)
    tasks = (dump_line(_make_task(document, losses), losses) for document in clean)
    yield from with_trailer(write_elements(tasks), "\n]\n")


def _make_task(document: Document, losses: Losses) -> dict[str, Any]:
    stored = get_roundtrip_metadata(document, "label_studio", Stored, losses)
    data = {**stored.get("data", {}), stored.get("field", _TEXT): document.text, "id": document.id}
    names = {**_NAMES, **stored.get("names", {})}
    results = [
        _make_result(document.text, span, number, names, losses)
        for number, span in enumerate(document.spans, 1)
    ]
    prediction: dict[str, Any] = {
        "model_version": stored.get("model_version", "vaner"),
        "result": results,
    }
    scores = [span.score for span in document.spans if span.score is not None]
    if scores:  # Label Studio sorts tasks by score: the least certain mention comes first
        prediction["score"] = min(scores)
    return {"data": data, "predictions": [prediction]}


def _make_result(
    text: str, span: Span, number: int, names: Mapping[str, str], losses: Losses
) -> dict[str, Any]:
    losses[FRAGMENTS] += span.is_discontinuous
    losses[IDENTIFIER] += len(span.identifiers)
    value = {
        "start": span.start,
        "end": span.end,
        "text": text[span.start : span.end],
        _LABELS: [span.type],
    }
    result = {"id": f"m{number}", **names, "type": _LABELS, "value": value}
    return result if span.score is None else {**result, "score": span.score}
