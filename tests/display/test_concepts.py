"""The table of concepts: TSV, CSV, Parquet and Excel, by the name of the file."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import Run
from vaner.display.concepts import list_concepts
from vaner.formats import write
from vaner.text.documents import Cue, Document, Span

HEADER = ["document", "identifier", "type", "name", "mentions", "score", "context"]
ROWS = [
    ["=1", "X:2", "Disease", "gout, acute", 2, 0.9123, ""],
    ["=1", "X:1", "Disease", "gout, acute", 1, 0.9123, ""],
    ["2", "X:2", "Disease", "gout", 1, None, ""],
    ["2", "X:2", "Disease", "gout", 1, None, "negated"],
]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    spans = (
        Span(0, 11, "Disease", 0.91234, ("X:2", "X:1")), Span(12, 16, "Disease", 0.5, ("X:2",)),
        Span(12, 16, "Gene", 0.4),
    )  # fmt: skip
    denied = Span(9, 13, "Disease", None, ("X:2",), context=(Cue("negated", 6, 8),))
    documents = [
        Document("=1", "gout, acute GOUT", spans),
        Document("2", "gout, no gout", (Span(0, 4, "Disease", None, ("X:2",)), denied)),
    ]
    write(documents, tmp_path / "in.jsonl")
    return tmp_path / "in.jsonl"


def convert(run: Run, source: Path, name: str) -> Path:
    target = source.with_name(name)
    result = run("corpus", "convert", source, target, "--to", "concepts")
    assert result.code == 0 and "mentions without an identifier" in result.err, result
    return target


@pytest.mark.parametrize("name", ["x.tsv", "x.csv", "x.txt", "x", "x.csv.gz"])
def test_text(run: Run, source: Path, name: str) -> None:
    target = convert(run, source, name)
    data = gzip.decompress(target.read_bytes()) if name.endswith("gz") else target.read_bytes()
    lines = data.decode().splitlines()
    delimiter = "," if ".csv" in name else "\t"
    quote = '"' if delimiter == "," else ""
    assert lines[0] == delimiter.join(HEADER)
    assert lines[1] == delimiter.join(
        ["=1", "X:2", "Disease", f"{quote}gout, acute{quote}", "2", "0.9123", ""]
    )
    assert lines[3] == delimiter.join(["2", "X:2", "Disease", "gout", "1", "", ""])
    assert lines[4] == delimiter.join(["2", "X:2", "Disease", "gout", "1", "", "negated"])


def test_parquet_has_numbers(run: Run, source: Path) -> None:
    parquet: Any = pytest.importorskip("pyarrow.parquet")
    table = parquet.read_table(convert(run, source, "x.parquet"))
    assert table.column_names == HEADER
    rows = [list(row.values()) for row in table.to_pylist()]
    assert rows == [[*cells, [context] if context else []] for *cells, context in ROWS]


def test_excel_has_numbers(run: Run, source: Path) -> None:
    openpyxl: Any = pytest.importorskip("openpyxl", reason="openpyxl is not installed")
    sheet = openpyxl.load_workbook(convert(run, source, "x.xlsx")).active
    rows = [[cell.value for cell in row] for row in sheet.rows]
    for row in rows:
        row[-1] = row[-1] or ""
    assert rows == [HEADER, *ROWS] and sheet["A2"].data_type == "s"


def test_a_table_in_parquet_needs_a_file(run: Run, source: Path) -> None:
    result = run("corpus", "convert", source, "-", "--to", "concepts.parquet")
    assert "concepts.parquet cannot be written to standard output" in result.error
    assert run("corpus", "convert", source, "-", "--to", "concepts").out.count("\n") == 5


def test_documents_without_concepts_have_a_header(run: Run, tmp_path: Path) -> None:
    write([Document("1", "Nothing.")], tmp_path / "in.jsonl")
    for name in ("x.csv", "x.parquet"):
        target = tmp_path / name
        command = ("corpus", "convert", tmp_path / "in.jsonl", target, "--to", "concepts")
        assert run(*command).code == 0 and target.stat().st_size


def test_concepts_count_mentions() -> None:
    spans = (
        Span(0, 4, "Disease", 0.5, ("X:2",)), Span(5, 9, "Disease", 0.9, ("X:2", "X:1")),
        Span(10, 14, "Gene", 0.4, ("X:2",)),
    )  # fmt: skip
    concepts = list_concepts(Document("1", "Gout gout GOUT", spans))
    assert [(c.identifier, c.type, len(c.spans)) for c in concepts] == [
        ("X:2", "Disease", 2), ("X:1", "Disease", 1), ("X:2", "Gene", 1),
    ]  # fmt: skip


def test_a_denied_mention_is_not_in_the_row_of_the_present_ones() -> None:
    denied = (Cue("negated", 0, 2), Cue("family", 0, 2), Cue("negated", 0, 2))
    spans = (
        Span(3, 7, "Disease", None, ("X:2",), context=denied),
        Span(8, 12, "Disease", None, ("X:2",)),
    )
    concepts = list_concepts(Document("1", "No gout gout", spans))
    assert [(c.context, len(c.spans)) for c in concepts] == [(("family", "negated"), 1), ((), 1)]
