"""Label Studio, Prodigy and doccano: round trips of predictions and annotations."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.formats.mentions import mentions
from tests.formats.test_overlaps import full, slow_is_fine
from tests.formats.test_round_trip import ANY, check, detailed, read_back, written
from tests.overlapping import documents as overlapping
from vaner.errors import FormatError
from vaner.formats import detect_format, read, write
from vaner.formats.label_studio import with_model_name
from vaner.formats.skipped_records import SkippedRecordsWarning
from vaner.formats.source import MalformedError
from vaner.formats.utf16 import get_unit_offsets, to_code_point
from vaner.text.documents import Document, Span

quick = settings(deadline=None, max_examples=25, suppress_health_check=slow_is_fine)
TOOLS = ["label_studio", "prodigy", "doccano"]
MASK = "😷 flu and 𝛼-synuclein"  # astral characters before and inside of mentions
MENTIONS = {"flu": (2, 5), "𝛼-synuclein": (10, 21)}
IN_UNITS = {"flu": (3, 6), "𝛼-synuclein": (11, 23)}


@pytest.fixture
def put(tmp_path: Path) -> Any:
    def put(content: object, name: str = "export.json") -> Path:
        path = tmp_path / name
        lines = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
        path.write_text(lines, "utf-8")
        return path

    return put


# Round trips --------------------------------------------------------------------------------


@quick
@given(full(ANY))
@pytest.mark.parametrize("format", TOOLS)
def test_round_trip_of_what_a_tool_can_hold(format: str, docs: list[Document]) -> None:
    content, report = written(docs, format)
    back = read_back(content, format)
    spans = [s for d in docs for s in d.spans]
    pieces = sum(s.is_discontinuous for s in spans)
    identifiers = sum(len(s.identifiers) for s in spans) if format != "prodigy" else 0
    scores = sum(s.score is not None for s in spans) if format == "doccano" else 0
    assert sum(report.lost.values()) == pieces + identifiers + scores
    for old, new in zip(docs, back, strict=True):
        assert (new.id, new.text) == (old.id, old.text)
        assert new.spans == tuple(Span(s.start, s.end, s.type) for s in old.spans)
        if format != "doccano":
            assert [s.score for s in new.spans] == [s.score for s in old.spans]
    assert written(back, format)[0] == content


@quick
@given(st.lists(overlapping(st.text(ANY, max_size=20), pieces=False, identifiers=True), max_size=3))
def test_prodigy_round_trip_with_identifiers(docs: list[Document]) -> None:
    check(docs, "prodigy")


@pytest.mark.parametrize("format", TOOLS)
def test_written_files_are_detected(tmp_path: Path, format: str) -> None:
    path = tmp_path / ("x.json" if format == "label_studio" else "x.jsonl")
    long = "Rat fever. " * 20_000  # mentions after more text than the first chunk
    write([Document("1", long, (Span(4, 9, "D"),)), Document("2", "Flu.")], path, format)
    assert detect_format(path) == format
    assert [detailed(d)[2] for d in read(path)] == [[(((4, 9),), "D", None, ())], []]


@pytest.mark.parametrize(
    ("line", "format"),
    [
        ('{"text": "a", "label": []}', "doccano"),
        ('{"id": 3, "data": "ab", "label": [[0, 1, "X"]]}', "doccano"),
        ('{"text": "ab", "entities": [{"id": 1, "label": "X", "start_offset": 0}]}', "doccano"),
        ('{"text": "ab", "entities": [{"start": 0, "end": 1, "type": "X"}]}', "jsonl"),
        ('{"text": "ab", "label": "good"}', "jsonl"),
        ('{"text": "ab", "labels": ["good"]}', "jsonl"),
        ('{"text": "ab", "_input_hash": 1, "answer": "accept"}', "prodigy"),
        ('{"text": "ab"}\n{"text": "ab", "spans": [{"start": 0, "end": 1, "label": "X"}]}',
         "prodigy"),
        ('{"text": "ab", "spans": [{"start": 0, "end": 1, "type": "X"}]}', "jsonl"),
        ('[{"id": 1, "annotations": [], "data": {"text": "a"}}]', "label_studio"),
        ('[{"text": "a", "id": 1, "annotator": 1, "annotation_id": 7}]', "label_studio"),
        ('[{"id": 3, "passages": [{"offset": 0, "text": "a", "annotations": []}]}]', "bioc_json"),
        ('{"id": "3", "passages": [{"offset": 0, "text": "a"}]}', "bioc_json"),
        ('{"text": "a", "metadata": {"bioc": {"passages": [{"offset": 0}]}}}', "jsonl"),
    ],
)  # fmt: skip
def test_dialects_are_detected(put: Any, line: str, format: str) -> None:
    assert detect_format(put(line + "\n", "file")) == format


# Offsets ------------------------------------------------------------------------------------


@given(st.text(st.characters(), max_size=20))
def test_unit_offsets_agree_with_utf_16(text: str) -> None:
    offsets = get_unit_offsets(text)
    for i in range(len(text) + 1):
        assert offsets[i] == len(text[:i].encode("utf-16-le", "surrogatepass")) // 2
        assert to_code_point(offsets, offsets[i]) == i


def test_offset_inside_a_character_is_rejected() -> None:
    with pytest.raises(MalformedError, match="offset 1 is inside a character"):
        to_code_point(get_unit_offsets(MASK), 1)
    # Offsets outside the text are reported later, with the length of the text.
    assert to_code_point(get_unit_offsets(MASK), 99) == 99


def labelled(where: tuple[int, int], label: str = "Disease", **more: object) -> dict[str, Any]:
    value = {"start": where[0], "end": where[1], "labels": [label], **more}
    return {"from_name": "label", "to_name": "text", "type": "labels", "value": value}


@pytest.mark.parametrize("counted", [MENTIONS, IN_UNITS])
def test_label_studio_offsets_in_code_points_or_units(put: Any, counted: Any) -> None:
    results = [labelled(where, text=mention) for mention, where in counted.items()]
    path = put([{"id": 1, "data": {"text": MASK}, "annotations": [{"result": results}]}])
    [document] = read(path)
    assert [mention for mention, _ in mentions(document)] == list(MENTIONS)


def test_label_studio_wrong_offsets_are_an_error(put: Any) -> None:
    results = [labelled((1, 4), text="flu"), labelled(MENTIONS["flu"], text="flu")]
    path = put([{"id": 1, "data": {"text": MASK}, "annotations": [{"result": results}]}])
    with pytest.raises(FormatError, match=r"export\.json:1: .*'flu' in the annotation"):
        list(read(path))
    bad: list[FormatError] = []
    [document] = read(path, on_error=bad.append)
    assert mentions(document) == [("flu", "Disease")] and len(bad) == 1


def test_doccano_offsets_are_units(put: Any, tmp_path: Path) -> None:
    record = {"id": 7, "text": MASK, "label": [[*where, "D"] for where in IN_UNITS.values()]}
    [document] = read(put(record, "d.jsonl"))
    assert [mention for mention, _ in mentions(document)] == list(MENTIONS)
    write([document], tmp_path / "out.jsonl", "doccano")
    assert json.loads((tmp_path / "out.jsonl").read_text())["label"] == record["label"]
    with pytest.raises(FormatError, match=r"d\.jsonl:1: offset 1 is inside a character"):
        list(read(put({"text": MASK, "label": [[1, 4, "D"]]}, "d.jsonl")))


# Label Studio -------------------------------------------------------------------------------


def annotation(label: str, **more: object) -> dict[str, Any]:
    return {"result": [labelled((0, 3), label)], "was_cancelled": False, **more}


def test_label_studio_annotations_take_precedence(put: Any) -> None:
    data = {"text": "Flu.", "ward": "3"}
    prediction = {"model_version": "m", "result": [labelled((0, 3), "Guess")], "score": 0.4}
    tasks = [
        {"id": 1, "data": data, "annotations": [annotation("A")], "predictions": [prediction]},
        {"id": 2, "data": data, "annotations": [], "predictions": [prediction]},
        {"id": 3, "data": data, "annotations": [annotation("A", was_cancelled=True)]},
        {"id": 4, "data": data, "annotations": [{"result": []}]},
        {"id": 5, "data": data, "annotations": [
            annotation("Old", updated_at="2026-01-01T08:00:00Z"),
            annotation("New", updated_at="2026-02-01T08:00:00Z"),
            annotation("Middle", updated_at="2026-01-15T08:00:00Z"),
        ]},
        {"id": 6, "data": data, "annotations": [
            annotation("Truth", ground_truth=True), annotation("Later", updated_at="2027"),
        ]},
        {"id": 7, "data": data, "predictions": [{"result": []}, prediction]},
        {"id": 8, "data": {"text": "Flu.", "id": "note-8"}},
    ]  # fmt: skip
    with pytest.warns(SkippedRecordsWarning) as caught:
        documents = {d.id: d for d in read(put(tasks))}
    assert [str(w.message).partition(": ")[2] for w in caught] == [
        "left out: a task without annotations (1); a task that was skipped (1); "
        "an annotation of a task with several (3)"
    ]
    types = {id: [s.type for s in d.spans] for id, d in documents.items()}
    assert types == {
        "1": ["A"], "4": [], "5": ["New"], "6": ["Truth"], "7": ["Guess"], "note-8": []
    }  # fmt: skip
    # A task for the same project still has its other data.
    content, _ = written([documents["1"]], "label_studio")
    [task] = json.loads(content)
    assert task["data"] == {"ward": "3", "text": "Flu.", "id": "1"} and "annotations" not in task


def test_label_studio_other_result_types_and_fields(put: Any) -> None:
    results = [
        {"from_name": "ner", "to_name": "note", "type": "labels",
         "value": {"start": 0, "end": 3, "labels": ["A", "B"], "text": "Flu"}},
        {"from_name": "mood", "to_name": "note", "type": "choices", "value": {"choices": ["x"]}},
        {"type": "relation", "from_id": "a", "to_id": "b"},
    ]  # fmt: skip
    with pytest.warns(SkippedRecordsWarning, match=r"left out: a choice \(1\); a relation \(1\)"):
        [document] = read(put([{"data": {"note": "Flu."}, "completions": [{"result": results}]}]))
    assert mentions(document) == [("Flu", "A"), ("Flu", "B")] and document.id == "export-1"
    [task] = json.loads(written([document], "label_studio")[0])
    assert task["data"]["note"] == "Flu."
    names = {(r["from_name"], r["to_name"]) for r in task["predictions"][0]["result"]}
    assert names == {("ner", "note")}


def test_label_studio_broken_json_after_a_list_is_an_error(put: Any) -> None:
    tasks = '[{"data": {"text": "Gout"}}]\n'
    documents = read(put(tasks + "\n]", "x.json"), "label_studio")
    assert next(documents).text == "Gout"
    with pytest.raises(FormatError, match=r"x\.json:3: broken JSON"):
        list(documents)


def test_label_studio_json_min(put: Any) -> None:
    path = put([
        {"text": "A\nflu.", "id": 4, "annotator": 1, "annotation_id": 9, "lead_time": 2.5,
         "created_at": "2026", "updated_at": "2026",
         "label": [{"start": 0, "end": 5, "text": "A\\nflu", "labels": ["D"]}]},
        {"text": "None.", "id": 5, "annotator": 1, "annotation_id": 10},
    ])  # fmt: skip
    first, second = read(path)
    assert (first.id, mentions(first)) == ("4", [("A\nflu", "D")]) and second.spans == ()


def test_label_studio_predictions_have_scores_and_a_model(put: Any) -> None:
    spans = (Span(0, 3, "D", 0.9), Span(8, 12, "D", 0.25))
    documents = with_model_name([Document("1", "Flu and gout", spans, {"ward": 3})], "letters")
    [task] = json.loads(written(documents, "label_studio")[0])
    [prediction] = task["predictions"]
    assert (prediction["model_version"], prediction["score"]) == ("letters", 0.25)
    assert [r["score"] for r in prediction["result"]] == [0.9, 0.25]
    unscored = written([Document("1", "Flu", (Span(0, 3, "D"),))], "label_studio")[0]
    assert "score" not in unscored and '"model_version": "vaner"' in unscored


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"a": {"text": "a"}}', "which field of the data is the text"),
        ('[{"data": {"a": "x", "b": "y"}}]', "which field of the data is the text"),
        ('[{"data": {"text": 3}}]', "text is int"),
        ('[{"data": {"text": "ab"}, "annotations": [{"result": [{"type": "labels", "value": '
         '{"start": 0, "end": 1, "labels": "X"}}]}]}]', "labels is str"),
        ('[{"data": {"text": "ab"}, "annotations": [{"result": [{"type": "hypertextlabels", '
         '"value": {}}]}]}]', "a mention in HTML"),
        ('[{"data": {"text": "ab"}}, {"data": ', "broken JSON"),
        ("[3]", "a task is int"),
    ],
)  # fmt: skip
def test_label_studio_errors(put: Any, content: str, message: str) -> None:
    with pytest.raises(FormatError, match=rf"export\.json:1: .*{message}"):
        list(read(put(content), "label_studio"))


# Prodigy ------------------------------------------------------------------------------------


def test_prodigy_reads_accepted_answers(put: Any, tmp_path: Path) -> None:
    span = {"start": 0, "end": 3, "label": "D", "token_start": 0, "token_end": 0}
    hashes = {"_input_hash": 5, "_task_hash": 6, "_timestamp": 7}
    tokens = [{"text": "Flu", "start": 0, "end": 3, "id": 0, "ws": False}]
    records = [
        {"text": "Flu.", "spans": [span], "tokens": tokens, "answer": "accept",
         "meta": {"id": "n1"}},
        {"text": "Flu.", "spans": [span], "answer": "reject"},
        {"text": "Flu.", "spans": [span], "answer": "ignore"},
        {"text": "Flu.", "spans": [span], "answer": "accept", "_is_binary": True},
        {"text": "Gout.", "answer": "accept", "source": "ward 3"},
        {"text": "Cough."},
    ]  # fmt: skip
    lines = "\n".join(json.dumps({**record, **hashes}) for record in records)
    with pytest.warns(
        SkippedRecordsWarning, match=r"rejected \(1\); ignored \(1\); a binary answer"
    ):
        documents = list(read(put(lines, "p.jsonl")))
    assert [(d.id, len(d.spans)) for d in documents] == [("n1", 1), ("p-5", 0), ("p-6", 0)]
    again, _ = written(documents[:2], "prodigy")
    first, second = map(json.loads, again.splitlines())
    assert first == {"text": "Flu.", "spans": [{"start": 0, "end": 3, "label": "D"}],
                     "meta": {"id": "n1"}}  # fmt: skip
    assert second["source"] == "ward 3"


@pytest.mark.parametrize("value", [[], {}, ["accept"], None, 1])
def test_wrong_field_types_are_reported(put: Any, value: object) -> None:
    path = put(json.dumps({"text": "Gout", "answer": value}), "x.jsonl")
    with pytest.raises(FormatError, match=r"x\.jsonl:1: answer"):
        list(read(path, "prodigy"))
    task = {"data": {"text": "Gout"}, "annotations": [{"result": [{"type": value}]}]}
    with pytest.warns(SkippedRecordsWarning, match=r"an answer of another type \(1\)"):
        (document,) = read(put(json.dumps([task]), "x.json"), "label_studio")
    assert document.spans == ()


def test_prodigy_files_that_begin_without_mentions(put: Any, tmp_path: Path) -> None:
    documents = [Document(f"doc{n}", "No mention here.") for n in range(600)]
    documents.append(Document("last", "Gout", (Span(0, 4, "D"),)))
    write(documents, tmp_path / "x.jsonl", "prodigy")
    assert detect_format(tmp_path / "x.jsonl") == "prodigy"
    read_documents = list(read(tmp_path / "x.jsonl"))
    assert [d.id for d in read_documents] == [d.id for d in documents]
    assert read_documents[-1].spans == documents[-1].spans
    task = {"text": "Gout", "spans": [], "meta": {"id": 1}}
    span = {"start": 0, "end": 4, "type": "D"}
    for other in ({"meta": {}}, {"meta": {"n": 1}}, {"id": "1"}, {"spans": [span]}):
        lines = [json.dumps(task), json.dumps(task | other)]
        assert detect_format(put("\n".join(lines), "o.jsonl")) == "jsonl"


def test_prodigy_null_meta_is_ignored(put: Any, tmp_path: Path) -> None:
    documents = list(read(put('{"text": "Gout", "meta": null}', "x.jsonl"), "prodigy"))
    assert not write(documents, tmp_path / "o.jsonl", "prodigy").lost


def test_prodigy_errors_name_the_line(put: Any) -> None:
    path = put(
        '{"text": "Flu.", "answer": "accept"}\n{"text": "Flu.", "answer": "maybe"}', "p.jsonl"
    )
    with pytest.raises(FormatError, match=r"p\.jsonl:2: answer is 'maybe', expected accept"):
        list(read(path, "prodigy"))


# doccano ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "record",
    [
        {"text": "A flu.", "label": [[2, 5, "D"]]},
        {"text": "A flu.", "labels": [[2, 5, "D"]]},
        {"data": "A flu.", "label": [[2, 5, "D"]], "Comments": []},
        {"text": "A flu.", "relations": [],
         "entities": [{"id": 1, "label": "D", "start_offset": 2, "end_offset": 5}]},
        {"text": "A flu.", "entities": [[2, 5, "D"]]},
    ],
)  # fmt: skip
def test_doccano_versions(put: Any, record: dict[str, Any]) -> None:
    [document] = read(put({"id": 9, **record}, "d.jsonl"))
    assert (document.id, mentions(document)) == ("9", [("flu", "D")])


def test_doccano_preserves_ids_and_other_fields(put: Any) -> None:
    record = {"id": 9, "text": "Flu.", "label": [], "doc_id": "note 3", "ward": "3"}
    [document] = read(put(record, "d.jsonl"))
    assert document.id == "note 3"
    again = json.loads(written([document], "doccano")[0])
    assert again == {"text": "Flu.", "label": [], "ward": "3", "doc_id": "note 3"}


@pytest.mark.parametrize(
    ("label", "message"),
    [([[0, 3]], r"\[0, 3\] is not \[start, end, label\]"), ([[0, 3, 17]], "label is int"),
     ([[0, 9, "D"]], "is outside the text"), ("D", "label is str")],
)  # fmt: skip
def test_doccano_errors_name_the_line(put: Any, label: object, message: str) -> None:
    with pytest.raises(FormatError, match=rf"d\.jsonl:1: .*{message}"):
        list(read(put({"text": "Flu.", "label": label}, "d.jsonl"), "doccano"))


def test_no_warning_if_nothing_was_skipped(put: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert list(read(put([{"data": {"text": "Flu."}, "annotations": [annotation("A")]}])))


def test_prodigy_answers_of_several_annotators(put):
    task = {"text": "Rat fever", "_input_hash": 5, "answer": "accept"}
    span = {"start": 0, "end": 3, "label": "Species"}
    answers = [
        {**task, "_session_id": "db-a", "_timestamp": 9, "spans": [{**span, "end": 9}]},
        {**task, "_session_id": "db-b", "_timestamp": 7, "spans": [span]},
        {**task, "_session_id": "db-c", "_timestamp": 10, "answer": "reject"},
        {**task, "_session_id": "db-b", "_input_hash": 6, "text": "Gout"},
        {**task, "_session_id": None, "text": "Flu"},
        {**task, "_session_id": None, "text": "Flu"},
    ]
    path = put("\n".join(map(json.dumps, answers)), "p.jsonl")
    with pytest.warns(SkippedRecordsWarning) as caught:
        documents = list(read(path))
    assert sorted(d.text for d in documents) == ["Flu", "Flu", "Gout", "Rat fever"]
    (document,) = (d for d in documents if d.text == "Rat fever")
    assert mentions(document) == [("Rat fever", "Species")]
    (message,) = map(str, (warning.message for warning in caught))
    assert "rejected (1)" in message and "answers of several sessions (1)" in message
    for answer in answers[:2]:
        answer["_timestamp"] = None
    with pytest.warns(SkippedRecordsWarning, match=r"sessions \(1\)"):
        (document,) = (d for d in read(put("\n".join(map(json.dumps, answers[:2])), "q.jsonl")))
    assert mentions(document) == [("Rat", "Species")]
