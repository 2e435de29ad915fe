"""Writer of Label Studio's tasks with predictions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Annotated, Any, NamedTuple, Required

from annotated_types import Ge
from typing_extensions import TypedDict

from vaner.formats.json_stream import dump_line, replace_surrogate_pairs, write_elements
from vaner.formats.losses import FRAGMENTS, IDENTIFIER, Losses
from vaner.formats.roundtrip_metadata import get_roundtrip_metadata
from vaner.formats.trailer import with_trailer
from vaner.text.documents import Document, Span

DEFAULT_NAMES = {"from_name": "label", "to_name": "text"}
BETWEEN_TEXTS = "mention over the border of two texts left out"
JOINED_TEXTS = "texts of a task written as one, they have changed"


class Field(TypedDict, total=False):
    """A data field with a part of the text: its length, and the names of its controls."""

    length: Required[Annotated[int, Ge(0)]]
    from_name: str
    to_name: str


class Stored(TypedDict, total=False):
    """What is stored of a task: other data, text fields, control names, the model version.

    `fields` are the text fields in order if there are several; else `field` and `names` are used.
    """

    data: Mapping[str, Any]
    field: str
    names: Mapping[str, str]
    fields: Mapping[str, Field]
    model_version: str


class _Part(NamedTuple):
    """A data field: its name, its extent in the text, and the names of its controls."""

    field: str
    start: int
    end: int
    names: Mapping[str, str]


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
    parts = _find_parts(document.text, stored, losses)
    texts = {part.field: document.text[part.start : part.end] for part in parts}
    results = list[dict[str, Any]]()
    for number, span in enumerate(document.spans, 1):
        part = next((p for p in parts if p.start <= span.start and span.end <= p.end), None)
        if part is None:
            losses[BETWEEN_TEXTS] += 1
        else:
            results.append(_make_result(document.text, span, number, part, losses))
    prediction: dict[str, Any] = {
        "model_version": stored.get("model_version", "vaner"),
        "result": results,
    }
    scores = [span.score for span in document.spans if span.score is not None]
    if scores:  # Label Studio sorts tasks by score: the least certain mention comes first
        prediction["score"] = min(scores)
    data = {**stored.get("data", {}), **texts, "id": document.id}
    return {"data": data, "predictions": [prediction]}


def _find_parts(text: str, stored: Mapping[str, Any], losses: Losses) -> list[_Part]:
    """Return the data fields with the text, one or several joined by line breaks."""
    parts, start = list[_Part](), 0
    for name, field in stored.get("fields", {}).items():
        names = {key: field[key] for key in DEFAULT_NAMES if key in field}
        end = start + field["length"]
        parts.append(_Part(name, start, end, {**DEFAULT_NAMES, "to_name": name, **names}))
        start = end + 1
    borders = [part.end for part in parts[:-1]]
    if parts and parts[-1].end == len(text) and all(text[end] == "\n" for end in borders):
        return parts
    losses[JOINED_TEXTS] += bool(parts)
    names = {**DEFAULT_NAMES, **stored.get("names", {})}
    return [_Part(stored.get("field", "text"), 0, len(text), names)]


def _make_result(text: str, span: Span, number: int, part: _Part, losses: Losses) -> dict[str, Any]:
    losses[FRAGMENTS] += span.is_discontinuous
    losses[IDENTIFIER] += len(span.identifiers)
    value = {
        "start": span.start - part.start,
        "end": span.end - part.start,
        "text": text[span.start : span.end],
        "labels": [span.type],
    }
    result = {"id": f"m{number}", **part.names, "type": "labels", "value": value}
    return result if span.score is None else {**result, "score": span.score}
