"""Label Studio's tasks as JSON: predictions out, predictions and people's annotations in.

A task that has ``annotations`` comes out of Label Studio, and what people said counts: the ground
truth, else the annotation changed last. A task that nobody annotated, or that was skipped, is no
document. A task without ``annotations`` is one to import, and its last prediction counts. The
shorter export JSON-MIN is read too.

Offsets are code points; older versions counted UTF-16 units (Label Studio issues 1008 and 1347),
which is told by the mentions that an export repeats.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from typing_extensions import TypedDict

from vaner.errors import FormatError
from vaner.formats.json_stream import Buffer, dump, elements, follows, items, unpaired
from vaner.formats.json_values import frozen, pair, probability, typed
from vaner.formats.roundtrip_metadata import get_roundtrip_metadata
from vaner.formats.skipped_records import SkipCounts, warn_skipped_records
from vaner.formats.source import InputFile, MalformedError, OnError, read_chunks
from vaner.formats.spans import FRAGMENTS, IDENTIFIER, Losses, make_span
from vaner.formats.trailer import with_trailer
from vaner.formats.utf16 import beyond, code_point, units
from vaner.text.documents import Document, Span

UNREAD = "a task that nobody annotated"
SKIPPED = "a task that was skipped"
BESIDE = "an annotation beside another one of its task"

_TEXT, _LABELS = "text", "labels"
_NAMES = {"from_name": "label", "to_name": _TEXT}
# What JSON-MIN tells of a task beside its data and its answers.
_MINIMAL = {"id", "annotator", "annotation_id", "created_at", "updated_at", "lead_time"}
# Regions of what is no plain text: their offsets are of something else.
_OTHERS = {"hypertextlabels": "HTML", "paragraphlabels": "dialogue"}


class _Region(NamedTuple):
    """A mention as a file has it."""

    start: int
    end: int
    label: str
    quoted: str | None
    score: float | None


class Kept(TypedDict, total=False):
    """What is kept of a task: other data, the field of its text, names in the project, a model."""

    data: Mapping[str, Any]
    field: str
    names: Mapping[str, str]
    model_version: str


def read(
    path: str | Path, *, encoding: str = "utf-8", on_error: OnError | None = None
) -> Iterator[Document]:
    """Documents of a list of tasks; memory is bounded by one task.

    A task is named by the ``id`` in its ``data``, which vaner writes, else by Label Studio's own,
    else after the file and its number.
    """
    place, unused = InputFile(path, on_error), SkipCounts()
    for number, (task, line) in enumerate(_tasks(place, encoding), 1):
        with place.guard(line):
            task = _full(typed(task, dict, "a task"))
            answer = _answer(task, unused)
            if answer is not None:
                yield _document(task, answer, f"{place.stem}-{number}", place, line)
    warn_skipped_records(place, unused)


def _tasks(place: InputFile, encoding: str) -> Iterator[tuple[Any, int]]:
    buffer = Buffer(read_chunks(place, encoding))
    while not buffer.text.lstrip() and not buffer.ended:
        buffer.more()
    start = len(buffer.text) - len(buffer.text.lstrip())
    if buffer.text[start : start + 1] != "[":
        raise _no_list(place)
    buffer.drop(start + 1)
    yield from items(buffer, place)
    if follows(buffer):
        raise place.error("broken JSON: more stands behind the end of the list", buffer.line)


def _no_list(place: InputFile) -> FormatError:
    return place.error("is no list of tasks, as Label Studio's JSON and JSON-MIN are", 1)


def _full(task: Mapping[str, Any]) -> Mapping[str, Any]:
    """A task of JSON-MIN, which has data and answers side by side, as one of JSON."""
    if "data" in task:
        return task
    results = [
        {"type": _LABELS, "value": value}
        for values in task.values()
        if isinstance(values, list)
        for value in values
        if isinstance(value, dict) and _LABELS in value
    ]
    data = {k: v for k, v in task.items() if isinstance(v, str) and k not in _MINIMAL}
    return {"id": task.get("id"), "data": data, "annotations": [{"result": results}]}


def _answer(task: Mapping[str, Any], unused: SkipCounts) -> Mapping[str, Any] | None:
    """The annotation or prediction that counts; None where there is none to go by."""
    given = task.get("annotations", task.get("completions"))
    if given is None:
        predictions = typed(task.get("predictions") or [], list, "predictions")
        return _object(predictions[-1], "a prediction") if predictions else {}
    there = [_object(one, "an annotation") for one in typed(given, list, "annotations")]
    done = [one for one in there if not one.get("was_cancelled")]
    if not done:
        unused[SKIPPED if there else UNREAD] += 1
        return None
    unused.update({BESIDE: len(done) - 1} if len(done) > 1 else {})
    truth = [one for one in done if one.get("ground_truth")] or done
    latest: Mapping[str, Any] = max(reversed(truth), key=_changed)
    return latest


def _changed(annotation: Mapping[str, Any]) -> str:
    return str(annotation.get("updated_at") or "")


def _document(
    task: Mapping[str, Any], answer: Mapping[str, Any], name: str, place: InputFile, line: int
) -> Document:
    data = _object(task["data"], "data")
    field = _field(data)
    text, results = data[field], typed(answer.get("result") or [], list, "result")
    regions = list[_Region]()
    for result in results:
        with place.guard(line):
            regions += _regions(_object(result, "a result"))
    in_units, offsets, spans = _in_units(text, regions), units(text), list[Span]()
    for region in regions:
        with place.guard(line):
            pieces = [region[:2]]
            if in_units:
                pieces = [(code_point(offsets, region.start), code_point(offsets, region.end))]
            quoted = _quoted(text, pieces[0], region.quoted)
            spans.append(make_span(text, pieces, region.label, quoted=quoted, score=region.score))
    id = data.get("id", task.get("id"))
    kept = _kept(data, field, results)
    metadata = {"label_studio": kept} if kept else {}
    return Document(name if id is None else str(id), text, tuple(spans), metadata)


def _field(data: Mapping[str, Any]) -> str:
    """The field of a task's data that is the text: ``text``, or the only one that is a text."""
    if _TEXT in data:
        typed(data[_TEXT], str, _TEXT)
        return _TEXT
    texts = [key for key, value in data.items() if isinstance(value, str) and key != "id"]
    if len(texts) != 1:
        raise MalformedError(f"which field of the data is the text? There are {', '.join(data)}")
    return texts[0]


def _regions(result: Mapping[str, Any]) -> Iterator[_Region]:
    """The mentions that a result is: one for each of its labels, none for another kind of answer.

    Raises:
        MalformedError: for regions of what is no plain text.
    """
    kind = result.get("type", _LABELS)
    if isinstance(kind, str) and kind in _OTHERS:
        raise MalformedError(f"a mention in {_OTHERS[kind]}; only those in plain text are read")
    value = result.get("value")
    if kind != _LABELS or not isinstance(value, dict):
        return
    start, end = pair((value.get("start"), value.get("end")))
    quoted = value.get("text")
    quoted = None if quoted is None else typed(quoted, str, "text of a mention")
    for label in typed(value.get(_LABELS) or [], list, _LABELS):
        score = probability(result.get("score"))
        yield _Region(start, end, typed(label, str, "a label"), quoted, score)


def _in_units(text: str, regions: Sequence[_Region]) -> bool:
    """Whether the offsets of a text agree with its mentions as UTF-16 units, and only so."""
    if not beyond(text):
        return False
    told = [region for region in regions if region.quoted is not None]
    if all(text[r.start : r.end] == r.quoted for r in told):
        return False
    wide = text.encode("utf-16-le", "surrogatepass")
    cut = (wide[2 * r.start : 2 * r.end].decode("utf-16-le", "surrogatepass") for r in told)
    return all(found == r.quoted for found, r in zip(cut, told, strict=True))


def _quoted(text: str, piece: tuple[int, int], quoted: str | None) -> str | None:
    r"""A repeated mention with its line breaks, where they were written as ``\n`` in letters."""
    if quoted is None or text[slice(*piece)] == quoted:
        return quoted
    return quoted.replace("\\n", "\n")


def _kept(data: Mapping[str, Any], field: str, results: Sequence[Any]) -> dict[str, Any]:
    """What a task needs to be written for the same project again."""
    others = {k: frozen(v) for k, v in data.items() if k not in (field, "id")}
    kept: dict[str, Any] = {"data": others} if others else {}
    kept |= {"field": field} if field != _TEXT else {}
    labelled = (r for r in results if isinstance(r, dict) and r.get("type") == _LABELS)
    first = next(labelled, {})
    names = {k: first[k] for k in _NAMES if isinstance(first.get(k), str)}
    return kept | ({"names": names} if names and names != _NAMES else {})


def _object(value: Any, what: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = typed(value, dict, what)
    return found


def with_model_name(documents: Iterable[Document], model: str) -> Iterator[Document]:
    """Documents whose predictions will be said to be of a model.

    Args:
        documents: with the mentions that the model found.
        model: its name; Label Studio groups predictions by it.
    """
    for document in documents:
        kept = {
            **get_roundtrip_metadata(document, "label_studio", Kept, Losses()),
            "model_version": model,
        }
        yield replace(document, metadata={**document.metadata, "label_studio": kept})


def render(documents: Iterable[Document], lost: Losses) -> Iterator[str]:
    """A list of tasks to import, one a line; closed properly where it ends in an error."""
    yield "["
    sound = (replace(doc, text=unpaired(doc.text, lost)) for doc in documents)
    tasks = (dump(_task(document, lost), lost) for document in sound)
    yield from with_trailer(elements(tasks), "\n]\n")


def _task(document: Document, lost: Losses) -> dict[str, Any]:
    kept = get_roundtrip_metadata(document, "label_studio", Kept, lost)
    data = {**kept.get("data", {}), kept.get("field", _TEXT): document.text, "id": document.id}
    names = {**_NAMES, **kept.get("names", {})}
    results = [_result(document, i, names, lost) for i in range(len(document.spans))]
    prediction: dict[str, Any] = {
        "model_version": kept.get("model_version", "vaner"),
        "result": results,
    }
    scores = [span.score for span in document.spans if span.score is not None]
    if scores:  # Label Studio sorts tasks by it: the least certain mention comes first
        prediction["score"] = min(scores)
    return {"data": data, "predictions": [prediction]}


def _result(
    document: Document, number: int, names: Mapping[str, str], lost: Losses
) -> dict[str, Any]:
    span = document.spans[number]
    lost[FRAGMENTS] += span.is_discontinuous
    lost[IDENTIFIER] += len(span.identifiers)
    value = {
        "start": span.start,
        "end": span.end,
        "text": document.text[span.start : span.end],
        _LABELS: [span.type],
    }
    result = {"id": f"m{number + 1}", **names, "type": _LABELS, "value": value}
    return result if span.score is None else {**result, "score": span.score}
