"""Label Studio: target storage, tasks one per line, several texts, and what is left out.

All texts are invented.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.formats.mentions import mentions
from tests.formats.test_round_trip import written
from vaner.errors import FormatError, VanerError
from vaner.formats import detect_format, read
from vaner.formats.label_studio.writer import BETWEEN_TEXTS, JOINED_TEXTS
from vaner.formats.skipped_records import SkippedRecordsWarning
from vaner.text.documents import Span


@pytest.fixture
def put(tmp_path: Path) -> Any:
    def put(*records: Any, name: str = "x.json", indent: int | None = None) -> Path:
        path = tmp_path / name
        lines = (json.dumps(record, ensure_ascii=False, indent=indent) for record in records)
        path.write_text("\n".join(lines), "utf-8")
        return path

    return put


def region(start: int, end: int, label: str = "D", to: str = "text", **value: Any) -> Any:
    value = {"start": start, "end": end, "labels": [label], **value}
    return {"from_name": "label", "to_name": to, "type": "labels", "value": value}


def annotation(*results: Any, **more: Any) -> dict[str, Any]:
    return {"result": list(results), "was_cancelled": False, **more}


def stored(id: int, *results: Any, text: str = "Scurvy, rickets.", **more: Any) -> dict[str, Any]:
    """Return an annotation with its task inside, as in a target storage."""
    return {"id": 70, "task": {"id": id, "data": {"text": text}}, **annotation(*results), **more}


@pytest.mark.parametrize("indent", [None, 2])
def test_annotations_of_a_target_storage(put: Any, indent: int | None) -> None:
    path = put(stored(4, region(0, 6, text="Scurvy")), name="70", indent=indent)
    assert detect_format(path) == "label_studio"
    (document,) = read(path)
    assert document.id == "4" and mentions(document) == [("Scurvy", "D")]


def test_annotations_of_the_same_task_count_once(put: Any) -> None:
    first = stored(4, region(0, 6), updated_at="2026-01-01")
    second = stored(4, region(8, 15), updated_at="2026-02-01")
    path = put([first, second, stored(5, was_cancelled=True), stored(6, region(0, 6))])
    with pytest.warns(SkippedRecordsWarning, match=r"with several \(1\); .*was skipped \(1\)"):
        documents = list(read(path))
    assert [(d.id, mentions(d)) for d in documents] == [
        ("4", [("rickets", "D")]), ("6", [("Scurvy", "D")]),
    ]  # fmt: skip


def test_tasks_one_per_line(put: Any) -> None:
    tasks = [
        {"id": 1, "data": {"text": "Scurvy."}, "annotations": [annotation(region(0, 6))]},
        {"id": 2, "data": {"text": "Rest."}, "annotations": [annotation()]},
    ]
    for name in ("x.jsonl", "x.json"):
        assert detect_format(put(*tasks, name=name)) == "label_studio"
        assert [d.id for d in read(put(*tasks, name=name))] == ["1", "2"]
    (document,) = read(put(tasks[0], indent=1))
    assert mentions(document) == [("Scurvy", "D")]
    webhook = {"action": "ANNOTATION_CREATED", "task": tasks[1], "annotation": annotation()}
    assert [d.text for d in read(put(webhook))] == ["Rest."]
    to_import = [{"data": {"text": "Scurvy."}}, {"data": {"text": "Rest."}}]
    assert [d.text for d in read(put(*to_import, name="i.jsonl"))] == ["Scurvy.", "Rest."]
    json_min = {"text": "Rest.", "id": 3, "annotator": 1, "annotation_id": 9}
    assert detect_format(put(json_min, name="m.jsonl")) == "label_studio"


def test_a_bad_line_is_skipped(put: Any) -> None:
    bad = {"id": 2, "data": {"text": "Rest."}, "annotations": [annotation(region(0, 60))]}
    good = {"id": 3, "data": {"text": "Rest."}, "annotations": [annotation(region(0, 4))]}
    errors: list[FormatError] = []
    documents = list(read(put(bad, good, name="x.jsonl"), on_error=errors.append))
    assert [len(d.spans) for d in documents] == [0, 1] and errors[0].line == 1
    assert "document 2" in str(errors[0])


def test_records_of_vaner_are_not_tasks(put: Any) -> None:
    record = {"id": "1", "text": "Scurvy.", "data": {"ward": 3}}
    assert detect_format(put(record, name="x.jsonl")) == "jsonl"


def test_other_answers_are_counted(put: Any) -> None:
    results = [
        region(0, 6, text="Scurvy"),
        {"type": "relation", "from_id": "a", "to_id": "b", "labels": ["with"]},
        {"type": "choices", "value": {"choices": ["mild"]}},
        {"type": "choices", "value": {"start": 0, "end": 6, "choices": ["now"]}},
        {"type": "textarea", "value": {"text": ["sic"]}},
        {**region(8, 15), "meta": {"text": ["sure?"]}},
        {"type": "labels", "value": {"start": 8, "end": 15, "labels": []}},
        {"type": "rating", "value": {"rating": 4}},
        {"type": "videorectangle", "value": {}},
    ]
    task = {"data": {"text": "Scurvy, rickets."}, "annotations": [annotation(*results)]}
    with pytest.warns(SkippedRecordsWarning) as caught:
        (document,) = read(put([task]))
    assert str(caught[0].message).partition("left out: ")[2] == (
        "a relation (1); a choice (2); a note (2); a region without a label (1); a rating (1); "
        "an answer of another type (1)"
    )
    assert mentions(document) == [("Scurvy", "D"), ("rickets", "D")]
    json_min = {"text": "Scurvy.", "annotation_id": 1, "mood": {"choices": ["a", "b"]}}
    with pytest.warns(SkippedRecordsWarning, match=r"a choice \(1\)"):
        assert len(list(read(put([json_min])))) == 1


def two_texts(names: Sequence[str], fields: Sequence[str] = ("title", "abstract")) -> Any:
    data = {"pmid": "12", fields[0]: "Scurvy at sea", fields[1]: "😷 Rickets too."}
    results = [
        region(3, 10, to=names[1], text="Rickets"), region(0, 6, to=names[0], text="Scurvy"),
    ]  # fmt: skip
    return {"id": 8, "data": data, "annotations": [annotation(*results)]}


TWO_TEXTS = [("Rickets", "D"), ("Scurvy", "D")]


@pytest.mark.parametrize("names", [("title", "abstract"), ("t1", "t2")])
@pytest.mark.parametrize("fields", [("title", "abstract"), ("text", "comment"), ("a", "b")])
def test_two_texts_are_a_document(put: Any, names: Any, fields: Any) -> None:
    (document,) = read(put([two_texts(names, fields)]))
    assert document.text == "Scurvy at sea\n😷 Rickets too."
    assert sorted(mentions(document)) == TWO_TEXTS
    content, report = written([document], "label_studio")
    assert not report.lost
    (task,) = json.loads(content)
    assert task["data"] == two_texts(names, fields)["data"] | {"id": "8"}
    results = task["predictions"][0]["result"]
    assert {(r["to_name"], r["value"]["start"]) for r in results} == {(names[0], 0), (names[1], 2)}


def test_two_texts_of_json_min_and_of_tasks_without_mentions(put: Any) -> None:
    labels = [region(0, 6, text="Scurvy")["value"], region(2, 9, text="Rickets")["value"]]
    data = {"title": "Scurvy at sea", "abstract": "😷 Rickets too."}
    (document,) = read(put([{**data, "annotation_id": 1, "label": labels}]))
    assert sorted(mentions(document)) == TWO_TEXTS
    (document,) = read(put([{"data": data}]))
    assert document.text == "Scurvy at sea\n😷 Rickets too."


def test_changed_texts_and_mentions_over_their_border(put: Any) -> None:
    (document,) = read(put([two_texts(("title", "abstract"))]))
    content, report = written([document.with_spans([Span(7, 24, "D")])], "label_studio")
    assert report.lost == {BETWEEN_TEXTS: 1} and '"result": []' in content
    content, report = written([replace(document, text="Scurvy", spans=())], "label_studio")
    assert report.lost == {JOINED_TEXTS: 1} and '"text": "Scurvy"' in content


def test_text_field(put: Any) -> None:
    path = put([{"data": {"a": "Scurvy.", "b": "Rest.", "n": 3}, "annotations": [annotation()]}])
    with pytest.raises(FormatError, match=r"which field .* a, b, n; name it with --text-field"):
        list(read(path))
    assert [d.text for d in read(path, text_column="b")] == ["Rest."]
    assert [d.text for d in read(path, text_column="b,a")] == ["Rest.\nScurvy."]
    with pytest.raises(FormatError, match="no field 'c'; it has a, b, n"):
        list(read(path, text_column="c"))
    with pytest.raises(FormatError, match="n is int"):
        list(read(path, text_column="n"))
    with pytest.raises(VanerError, match="no option text_column"):
        list(read(path, "jsonl", text_column="a"))
