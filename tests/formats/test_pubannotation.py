"""PubAnnotation JSON, read and written."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.formats.test_overlaps import full, slow_is_fine
from tests.formats.test_round_trip import ANY, check
from vaner.errors import FormatError
from vaner.formats import detect_format, read, write
from vaner.formats.losses import DANGLING
from vaner.formats.skipped_records import SkippedRecordsWarning
from vaner.formats.unsupported_annotations import UNSUPPORTED
from vaner.text.documents import Document, Span

RECORD = {
    "target": "http://example.org/docs/1",
    "sourcedb": "PubMed",
    "sourceid": "17",
    "text": "Rat fever and cat fever.",
    "denotations": [
        {"id": "T3", "span": {"begin": 0, "end": 9}, "obj": "Disease"},
        {"id": "T5", "span": [{"begin": 4, "end": 9}, {"begin": 14, "end": 17}], "obj": "D"},
    ],
    "attributes": [
        {"id": "A1", "subj": "T3", "pred": "identifier", "obj": "MESH:D011906"},
        {"id": "A2", "subj": "T3", "pred": "certain", "obj": True},
    ],
    "relations": [{"id": "R1", "pred": "like", "subj": "T3", "obj": "T5"}],
}


def put(path: Path, content: Any) -> Path:
    path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    return path


@settings(deadline=None, max_examples=25, suppress_health_check=slow_is_fine)
@given(st.lists(full(ANY), max_size=1).map(lambda nested: nested[0] if nested else []))
def test_everything_is_written_and_read_again(documents: list[Document]) -> None:
    check(documents, "pubannotation")


def test_an_object_a_list_and_lines_are_read(tmp_path: Path) -> None:
    line = json.dumps(RECORD)
    contents = {
        line: 1, f"[{line}, {line}]": 2, f"{line}\n{line}\n": 2, json.dumps(RECORD, indent=1): 1,
    }  # fmt: skip
    for content, number in contents.items():
        path = put(tmp_path / "file", content)
        assert detect_format(path) == "pubannotation"
        documents = list(read(path))
        assert len(documents) == number
        for document in documents:
            assert document.id == "17"
            assert document.spans == (
                Span(0, 9, "Disease", None, ("MESH:D011906",)),
                Span(4, 17, "D", None, (), ((4, 9), (14, 17))),
            )


def test_a_file_is_written_unchanged(tmp_path: Path) -> None:
    documents = list(read(put(tmp_path / "in.json", [RECORD])))
    assert not write(documents, tmp_path / "all.jsonl").lost
    for again in (documents, list(read(tmp_path / "all.jsonl"))):
        assert not write(again, tmp_path / "out.json", "pubannotation").lost
        (record,) = json.loads((tmp_path / "out.json").read_text())
        record["attributes"].sort(key=lambda attribute: attribute["pred"], reverse=True)
        numbers = [attribute.pop("id") for attribute in record["attributes"]]
        assert len(set(numbers)) == 2
        expected = [{k: v for k, v in a.items() if k != "id"} for a in RECORD["attributes"]]
        assert record == {**RECORD, "attributes": expected}
    assert write(documents, tmp_path / "x.xml", "bioc_xml").lost == {UNSUPPORTED: 2}


def test_relations_of_removed_mentions_are_not_written(tmp_path: Path) -> None:
    (document,) = read(put(tmp_path / "in.json", [RECORD]))
    without = replace(document, spans=(Span(10, 13, "Word"),))
    assert write([without], tmp_path / "out.json", "pubannotation").lost == {DANGLING: 2}
    (record,) = json.loads((tmp_path / "out.json").read_text())
    assert [denotation["id"] for denotation in record["denotations"]] == ["T1"]
    assert "relations" not in record


def test_denotations_of_tracks(tmp_path: Path) -> None:
    track = {key: RECORD[key] for key in ("denotations", "relations")}
    record = {"text": RECORD["text"], "sourceid": "1", "divid": 2, "tracks": [track, track]}
    with pytest.warns(SkippedRecordsWarning, match=r"relations of a track \(2\)"):
        (document,) = read(put(tmp_path / "x.json", record))
    assert document.id == "1-2"
    assert len(document.spans) == 4


@pytest.mark.parametrize(
    ("denotation", "message"),
    [
        ({"id": "T1", "obj": "D"}, "a span is NoneType"),
        ({"id": "T1", "span": {"begin": 0}, "obj": "D"}, "not a pair|no pair"),
        ({"id": "T1", "span": {"begin": 0, "end": 99}, "obj": "D"}, "mention 0:99"),
        ("T1", "an entry of denotations is str"),
    ],
)
def test_errors_name_the_line(tmp_path: Path, denotation: Any, message: str) -> None:
    path = put(tmp_path / "x.json", f"\n{json.dumps({**RECORD, 'denotations': [denotation]})}")
    with pytest.raises(FormatError, match=rf"x\.json:2: .*({message})"):
        list(read(path))
