"""Tables in and out: CSV, TSV and Excel with a text per row, and with a mention per row."""

from __future__ import annotations

import csv
import gc
import gzip
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import Run
from vaner.display.output_formats import FILE_VIEWS
from vaner.errors import FormatError, VanerError
from vaner.formats import FormatWarning, detect_format, read, write
from vaner.text.documents import Document, Span
from vaner.text.mention_details import Cue

pytest.importorskip("openpyxl", reason="the extra excel is not installed")

DOCUMENTS = [
    Document("a", "=Gout, 😀 fever", (Span(0, 5, "Disease", 0.51239, ("M:1", "M:2")),)),
    Document("b", "Nothing here."),
    Document(
        "c", "Rat or mouse fever\x01",
        (
            Span(0, 18, "D", fragments=((0, 3), (13, 18))),
            Span(0, 3, "S", 0.9, context=(Cue("negated", 4, 6),)),
        ),
    ),
]  # fmt: skip
HEADER = ["document", "start", "end", "type", "text", "score", "identifiers", "context"]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    write(DOCUMENTS, tmp_path / "in.jsonl")
    return tmp_path / "in.jsonl"


def make_book(path: Path, *sheets: list[list[Any]]) -> Path:
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.active)
    for rows in sheets:
        sheet = book.create_sheet()
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


@pytest.mark.parametrize(
    ("target", "options", "delimiter"),
    [("out.csv", [], ","), ("out.tsv", ["--to", "tsv"], "\t"), ("out.csv.gz", [], ",")],
)
def test_mentions_as_a_table_of_text(
    run: Run, source: Path, tmp_path: Path, target: str, options: list[str], delimiter: str
) -> None:
    import gzip

    done = run("corpus", "convert", source, tmp_path / target, *options)
    assert done.code == 0, done.err
    assert "discontinuous mention written from its first to its last character (1)" in done.err
    opener = gzip.open if target.endswith(".gz") else open
    with opener(tmp_path / target, "rt", encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file, delimiter=delimiter)
    assert header == HEADER
    assert rows == [
        ["a", "0", "5", "Disease", "=Gout", "0.5124", "M:1;M:2", ""],
        ["c", "0", "18", "D", "Rat fever", "", "", ""],
        ["c", "0", "3", "S", "Rat", "0.9000", "", "negated"],
    ]


def test_the_further_columns_of_a_table_follow_the_mentions(
    run: Run, source: Path, tmp_path: Path
) -> None:
    from openpyxl import load_workbook

    first = {"patient": "=P1", "type": None, "input_type": "b"}
    rows = [("1", first), ("2", {"patient": "P2", "x": "y"})]
    notes = [Document(id, "Gout.", (Span(0, 4, "D"),), {"table": cells}) for id, cells in rows]
    write([*notes, Document("3", "Flu.", (Span(0, 3, "D"),), {"ward": "W"})], source)
    done = run("corpus", "convert", source, tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        header, *lines = [row[:1] + row[8:] for row in csv.reader(file)]
    assert header == ["document", "patient", "input_type", "input_input_type"]
    assert lines == [["1", "=P1", "", "b"], ["2", "P2", "", ""], ["3", "", "", ""]]
    assert "metadata field has no place in the format (2)" in done.err
    run("corpus", "convert", source, tmp_path / "out.xlsx")
    sheet = load_workbook(tmp_path / "out.xlsx").active
    assert [cell.value for cell in sheet["I"]] == ["patient", "=P1", "P2", None]
    assert sheet["I2"].data_type == "s"  # no formula


def test_mentions_as_an_excel_table(run: Run, source: Path, tmp_path: Path) -> None:
    from openpyxl import load_workbook

    assert run("corpus", "convert", source, tmp_path / "out.xlsx").code == 0
    sheet = load_workbook(tmp_path / "out.xlsx").active
    header, first, *others = [[cell.value for cell in row] for row in sheet.rows]
    assert header == HEADER and len(others) == 2
    assert first == ["a", 0, 5, "Disease", "=Gout", 0.5124, "M:1;M:2", None]
    assert sheet["E2"].data_type == "s"  # no formula
    message = run("corpus", "convert", source, "-", "--to", "excel").error
    assert "xlsx cannot be written to standard output; give a file with -o FILE" in message


def test_an_excel_table_of_texts(tmp_path: Path) -> None:
    rows = [["Note ID", "Text", "page"], [17.0, "Gout and flu.", 3], [18, None, 4], [None] * 3,
            ["x", "Rat fever.", None]]  # fmt: skip
    path = make_book(tmp_path / "notes.xlsx", rows, [["other"]])
    assert detect_format(path) == "xlsx"
    with pytest.warns(UserWarning, match=r"left out: sheet after the first \(1\); row without"):
        documents = list(read(path, id_column="note id"))
    assert [(d.id, d.text) for d in documents] == [("17", "Gout and flu."), ("x", "Rat fever.")]
    assert documents[0].metadata == {"table": {"page": "3"}}


def test_empty_cells_of_further_columns_are_read(put: Any) -> None:
    path = put("id,text,date\n1,Gout.,\n2,Flu.,2026\n", "a.csv")
    tables = [document.metadata["table"] for document in read(path)]
    assert tables == [{"date": ""}, {"date": "2026"}]


def test_a_column_of_an_excel_table_is_chosen(tmp_path: Path) -> None:
    path = make_book(tmp_path / "notes.xlsx", [["key", "Befund", "other"], ["a", "Gout", "b"]])
    [document] = read(path, text_column="befund", id_column="key")
    assert (document.id, document.text) == ("a", "Gout")
    with pytest.raises(FormatError, match="which column is the text"):
        list(read(path))
    (tmp_path / "broken.xlsx").write_bytes(b"no table")
    with pytest.raises(FormatError, match="cannot be read as Excel"):
        list(read(tmp_path / "broken.xlsx", "xlsx"))


@pytest.mark.parametrize("name", ["table.csv", "table.xlsx"])
def test_a_table_of_mentions_is_not_read_as_texts(run: Run, source: Path, name: str) -> None:
    path = source.with_name(name)
    assert run("corpus", "convert", source, path).code == 0
    with pytest.raises(FormatError, match=r"is a table of mentions \(start, end, type\)"):
        list(read(path))


@pytest.mark.parametrize("format", ["xlsx", "concepts.xlsx", "concepts.parquet"])
def test_a_table_that_cannot_be_written_is_an_error_before_the_work(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], format: str
) -> None:
    remaining = iter(DOCUMENTS)
    (tmp_path / "file").write_text("")  # and not a folder
    with pytest.raises(OSError, match=r"Not a directory|File exists"):
        list(FILE_VIEWS[format](remaining, tmp_path / "file" / "table", Counter()))
    gc.collect()
    assert list(remaining) == DOCUMENTS and capfd.readouterr() == ("", "")


@pytest.mark.parametrize("format", ["xlsx", "concepts.xlsx", "concepts.parquet"])
def test_an_error_leaves_the_table_as_it_was(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], format: str
) -> None:
    def fail() -> Iterator[Document]:
        yield DOCUMENTS[0]
        raise OSError("No space left on device")

    path = tmp_path / "table"
    path.write_text("old")
    with pytest.raises(OSError, match="No space"):
        list(FILE_VIEWS[format](fail(), path, Counter()))
    gc.collect()
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("format", ["csv", "tsv", "xlsx"])
def test_tables_of_mentions_are_not_corpora(run: Run, source: Path, format: str) -> None:
    split = run("corpus", "split", source, "-o", source.parent / "splits", "--to", format)
    assert f"{format} cannot represent a corpus" in split.error


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import sys

    from vaner.formats.mention_rows import MENTIONS

    monkeypatch.setitem(sys.modules, "openpyxl", None)
    command = 'pip install "openpyxl>=3.1"'
    with pytest.raises(VanerError, match=command):
        list(MENTIONS.write_xlsx([], tmp_path / "x.xlsx", {}))  # type: ignore[arg-type]
    with pytest.raises(FormatError, match=command):
        list(read(make_book_bytes(tmp_path), "xlsx"))


def make_book_bytes(folder: Path) -> Path:
    (folder / "x.xlsx").write_bytes(b"PK")
    return folder / "x.xlsx"


@pytest.mark.parametrize(
    "cell", ["B-Dis O", "\"['B-Dis', 'O']\"", '"[""B-Dis"",""O""]"', '"B-Dis,O"']
)
def test_tags_in_a_cell_are_reported(put: Any, cell: str) -> None:
    path = put(f"text,drug,labels\nGout hurts.,L-dopa,{cell}\n", "a.csv")
    with pytest.warns(FormatWarning, match="not read as mentions: labels;"):
        assert [document.text for document in read(path)] == ["Gout hurts."]


@pytest.mark.parametrize(
    "header",
    [
        "doc,text,start,end,label",
        "tweet,begin,end,type,extraction",
        "id,Start,End,Type,Text",
        "id,Start-Offset,EndOffset,ENTITY_TYPE,Text",
        "id,start_span,end_span,label,text",
    ],
)
@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.txt"])
def test_a_table_of_mentions_is_an_error(put: Any, header: str, name: str) -> None:
    path = put(f"{header}\n1,2,3,4,5\n".replace(",", "\t" if name == "a.tsv" else ","), name)
    with pytest.raises(FormatError, match=r":1: is a table of mentions \((start|begin).*, end"):
        list(read(path))
    column = header.split(",")[1]
    assert [document.text for document in read(path, text_column=column)] == ["2"]


def test_a_table_of_mentions_is_recognized_by_its_rows(put: Any) -> None:
    rows = ["n1,2,6,gout,D1", "n1,11,16,fever,D2"]
    path = put("\n".join(["code,begins,ends,text,name", *rows]), "a.csv")
    with pytest.raises(FormatError, match=r":1: is a table of mentions \(code, begins, ends, "):
        list(read(path))
    assert [document.text for document in read(path, text_column="text")] == ["gout", "fever"]
    for name in ("a.csv", "b.tsv", "c.txt"):
        content = "\n".join(rows).replace(",", "\t" if name != "a.csv" else ",")
        with pytest.raises(FormatError, match="is a table of mentions without their texts"):
            list(read(put(content, name)))
    content = "\n".join(["file,from,until,span,code", *rows]).replace(",", "\t")
    with pytest.raises(FormatError, match="is a table of mentions without their texts"):
        list(read(put(content, "d.tsv")))
    texts = put("idx,length,text\n0,4,gout\n1,5,fever\n2,3,flu\n", "e.csv")
    assert [document.text for document in read(texts)] == ["gout", "fever", "flu"]


@pytest.mark.parametrize("blank", ["\n", "\n \n", "\r\n\t\r\n"])
def test_blank_lines_around_a_table(put: Any, blank: str) -> None:
    tokens = put(f"{blank}Word,Tag\nGout,B-D\n{blank}", "a.csv")
    (document,) = read(tokens)
    assert (document.text, len(document.spans)) == ("Gout", 1)
    assert [d.text for d in read(put(f"{blank}id,text\n1,Gout\n{blank}", "b.csv"))] == ["Gout"]


def test_backslashes_before_quotation_marks(put: Any) -> None:
    rows = ('1,"pain \\"severe\\" now"', '2,"C:\\\\"', "3,a\\\\b", '4,"x\\y"', '5,"rat \\", cat"')
    path = put("\n".join(("id,text", *rows)), "a.csv")
    texts = [document.text for document in read(path)]
    assert texts == ['pain "severe" now', "C:\\", "a\\\\b", "x\\y", 'rat ", cat']


@pytest.mark.parametrize(
    ("rows", "line", "message"),
    [
        ('1,"a 5" nail"', 2, "has text after the quotation mark that closes a cell; write"),
        ('0,x\n1,"Big mass\n2,seen on CT "here" now\n3,z', 3, "has text after"),
        ('1,"Big mass\n2,z', 2, "opens a cell and does not close it; write"),
        ('1,"rat ""A"""\n2,"rat \\"B\\""', 3, "has a backslash before it, unlike in line 2"),
        ('1,"rat \\"A\\""\n2,"rat ""B"""', 3, "no backslash before it, unlike in line 2"),
    ],
)
@pytest.mark.parametrize("delimiter", [";", ","])
def test_quotation_marks_that_cannot_be_read(
    put: Any, rows: str, line: int, message: str, delimiter: str
) -> None:
    path = put(f"id,text\n{rows}\n".replace(",", delimiter), "a.csv")
    with pytest.raises(FormatError, match=f"a.csv:{line}: .*{message}"):
        list(read(path, "csv"))


def test_quotation_marks_between_tabs_are_text_if_they_do_not_quote(put: Any) -> None:
    rows = ('1\t"Big mass', '2\tseen on CT "here" now', '3\t"Aspirin" helps', '4\t"a\tb ""c"""')
    path = put("\n".join(("id\ttext", *rows)), "a.tsv")
    texts = [document.text for document in read(path, "csv")]
    assert texts == ['"Big mass', 'seen on CT "here" now', '"Aspirin" helps', 'a\tb "c"']
    with pytest.raises(FormatError, match=r"a\.tsv:2: .*text after"):
        list(read(put('id\ttext\n1\t"Big\t"mass" x\n', "a.tsv"), "csv"))


def test_quotation_marks_of_valid_tables(put: Any) -> None:
    rows = ('1,"a\nb ""c"", d"', '2,5" nail', '3,"C:\\"', '4,"D:\\"', '5,"x" ')
    path = put("\n".join(("id,text", *rows)), "a.csv")
    texts = [document.text for document in read(path)]
    assert texts == ['a\nb "c", d', '5" nail', "C:\\", "D:\\", "x "]


def test_a_backslash_in_a_row_with_too_many_cells(put: Any) -> None:
    errors: list[FormatError] = []
    path = put('id,text\n1,"C:\\",x,y\n2,Gout.\n', "a.csv")
    assert [document.text for document in read(path, on_error=errors.append)] == ["Gout."]
    assert "a.csv:2: expected 2 columns, found 4" in str(errors[0])


@pytest.mark.parametrize("name", ["c.tsv", "c.csv", "c.txt", "c.tsv.gz"])
def test_the_name_of_a_column_implies_a_table(put: Any, name: str) -> None:
    content = b"patient\tcomment\nn1\tMetformin treats diabetes.\n"
    path = put(gzip.compress(content) if name.endswith(".gz") else content, name)
    (document,) = read(path, text_column="comment", id_column="patient")
    assert (document.id, document.text) == ("n1", "Metformin treats diabetes.")


def test_the_name_of_a_column_does_not_imply_a_table_of_another_format(put: Any) -> None:
    path = put("patient\tcomment\nn1\tGout.\n", "c.tsv")
    with pytest.raises(VanerError, match="the format conll has no option text_column"):
        read(path, "conll", text_column="comment")
    with pytest.raises(VanerError, match="the format jsonl has no option text_column"):
        read(put('{"text": "Gout."}\n', "c.txt"), text_column="text")


@pytest.mark.parametrize("name", ["comment", "text note", "Score"])
def test_a_table_that_is_read_as_tokens_is_named(put: Any, name: str) -> None:
    path = put(f"patient\t{name}\nn1\tMetformin treats diabetes.\n", "c.tsv")
    with pytest.raises(FormatError, match=rf"c.tsv:1: '{name}' is not a tag: .*t csv --text-c"):
        list(read(path))
    with pytest.raises(FormatError, match=r"c\.tsv:2: 'X-D' is not a tag: [^;]*$"):
        list(read(put("Gout\tB-D\nFlu\tX-D\n", "c.tsv")))
