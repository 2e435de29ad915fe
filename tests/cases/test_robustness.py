"""Inputs that are hard to read or to print: one line, soon, and nothing for the terminal to run."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.command_line import Run
from vaner.corpora.statistics import count_overlapping_pairs
from vaner.errors import FormatError, RecipeError
from vaner.formats import read, write
from vaner.text.documents import Document, Span
from vaner.text.span_relations import SpanRelation, find_overlapping_pairs
from vaner.training.recipe.file import read_recipe


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("name: a\nsteps: !!int 0b_", ":2: not YAML: '0b_' is not a valid int"),
        ("name: 2023-13-41", ":1: not YAML: '2023-13-41' is not a valid timestamp"),
        ("name: !!float many", ":1: not YAML: 'many' is not a valid float"),
        ("name: !!timestamp now", ":1: not YAML: 'now' is not a valid timestamp"),
        ("name: " + "7" * 6000, "is not a valid int; put text in quotation marks"),
        ("name: " + "[" * 3000, "nested too deeply"),
        ("name: " + "{a: " * 3000, "nested too deeply"),
        ("name: a\nmodel: tiny\nstages: []\ndev: []", ":2: model: should be a mapping"),
        ("name: a\nmodel: [1]\nstages: []\ndev: []", ":2: model: "),
        ("name: a\nmodel: {family: [1]}\nstages: []\ndev: []", ":2: model"),
        ("name: a\nstages: [{sources: [5]}]\ndev: []", ":2: stages.0.sources.0: "),
        ("name: &x [*x]", ":1: "),
    ],
)
def test_recipes_that_yaml_cannot_represent(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "r.yaml").write_text(content)
    with pytest.raises(RecipeError) as caught:
        read_recipe(tmp_path / "r.yaml")
    text = str(caught.value)
    assert "r.yaml" in text and message in text and len(text) < 400 and "\n" not in text


def test_control_characters_are_not_printed(run: Run, tmp_path: Path) -> None:
    bad = {"id": "1", "text": "Mumps", "spans": [{"start": 0, "end": 5, "type": "\x1b[2J"}]}
    path = tmp_path / "x.jsonl"
    path.write_text(json.dumps(bad))
    for command in (["corpus", "stats", path], ["corpus", "check", path],
                    ["evaluate", "--predictions", path, "--corpus", path]):  # fmt: skip
        done = run(*command)
        assert done.code == 0 and "\x1b" not in done.out + done.err, command
    path.write_text(json.dumps({**bad, "spans": [{"start": 0, "end": 9, "type": "\x1b[2J\n"}]}))
    error = run("corpus", "convert", path, "-", "--to", "jsonl").error
    assert "x.jsonl:1: document 1: mention 0:9" in error and "\x1b" not in error


def test_rows_that_are_not_utf_8(tmp_path: Path) -> None:
    good, wrong = b"Mumps", "Röteln".encode("latin-1")
    texts = pa.array([good, wrong, good], pa.binary())
    data = pa.StringArray.from_buffers(3, *texts.buffers()[1:])
    pq.write_table(pa.table({"text": data}), tmp_path / "t.parquet")
    with pytest.raises(FormatError, match=r"t\.parquet: row 2: a text is not UTF-8"):
        list(read(tmp_path / "t.parquet"))
    errors: list[FormatError] = []
    assert len(list(read(tmp_path / "t.parquet", on_error=errors.append))) == 2
    assert len(errors) == 1


def test_pairs_are_counted_as_if_they_were_listed() -> None:
    spans = [Span(i, i + length, "D") for i in range(12) for length in (1, 3, 6)]
    spans += [Span(2, 11, "D", fragments=((2, 4), (8, 11))), Span(5, 7, "E"), Span(5, 7, "D")]
    relations = [relation for _, _, relation in find_overlapping_pairs(spans)]
    crossing = relations.count(SpanRelation.CROSSING)
    assert count_overlapping_pairs(spans) == (len(relations) - crossing, crossing)


def test_many_nested_mentions_and_chains_of_relations(run: Run, tmp_path: Path) -> None:
    number = 4000
    nested = [Span(i, 2 * number - i, "D") for i in range(number)]
    assert count_overlapping_pairs(nested) == (number * (number - 1) // 2, 0)
    lines = ["R1\tX Arg1:T9 Arg2:T9"]
    lines += [f"R{i}\tX Arg1:R{i - 1} Arg2:T1" for i in range(2, number)]
    document = Document("1", "Mumps", (Span(0, 5, "D"),), {
        "brat": {"lines": tuple(lines), "ids": {"0-5 D": ("T1",), "1-2 D": ("T9",)}}
    })  # fmt: skip
    report = write([document], tmp_path / "x.jsonl")
    assert sum(report.lost.values()) == number - 1


def test_a_bad_mention_in_a_file_of_one_line_names_its_document(tmp_path: Path) -> None:
    documents = [Document(str(300 + i), "Mumps again.", (Span(0, 5, "D"),)) for i in range(60)]
    for format in ("bioc_json", "label_studio", "jsonl"):
        path = tmp_path / f"{format}.json"
        write(documents, path, format)
        records = path.read_text().splitlines() if format == "jsonl" else None
        text = f"[{','.join(records)}]" if records else " ".join(path.read_text().split())
        start = text.index("341")
        text = text[:start] + text[start:].replace('"Mumps"', '"Rubella"', 1)
        path.write_text(text)
        with pytest.raises(FormatError, match=r"\.json:1: .*document 341: mention 0:5"):
            list(read(path, format))
