"""Input files: plain text, encodings, compression, pipes, standard input. Invented texts only."""

from __future__ import annotations

import gzip
import io
import os
import sys
import zipfile

import pyarrow as pa
import pytest

from vaner.errors import FormatError
from vaner.formats import detect_format, read
from vaner.text.documents import Document


def test_text_is_unchanged(put):
    path = put("\ufeffOne\r\ntwo\x00\u2028three\r", "note.txt")
    (document,) = read(path)
    assert document == Document("note", "One\r\ntwo\x00\u2028three\r")


@pytest.mark.parametrize(
    "text",
    [
        "The patient has chronic hepatitis B",
        "She was treated with L-dopa\n",
        "Her blood is of type O",
        "He lacks vitamin B\nShe lacks vitamin E\n",
        "blood group: o\nblood group: b\nvitamin B: l\n",
    ],
)
def test_note_that_ends_like_a_tag_is_text(put, text):
    path = put(text, "note.txt")
    assert detect_format(path) == "text"
    assert [d.text for d in read(path)] == [text]


@pytest.mark.parametrize(
    "text", ["Sodium\t128\tL\nPotassium\t3.1\tL\n", "Blood group:\tB\nRhesus:\tB\n"]
)
def test_table_of_values_is_text(put, text):
    path = put(text, "lab.txt")
    assert [(d.text, d.spans) for d in read(path)] == [(text, ())]


def test_pipe_needs_a_format_name(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(FormatError, match="the format of a pipe cannot be detected; name it"):
        list(read(pipe))


def test_byte_order_mark_is_removed_in_any_encoding(put):
    path = put("\ufeffGout", "x.txt", "utf-16-le")
    assert [d.text for d in read(path, "text", encoding="utf-16-le")] == ["Gout"]


def test_lines_from_standard_input(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"first\r\n\n second")))
    assert [(d.id, d.text) for d in read("-", "lines")] == [
        ("stdin-1", "first"),
        ("stdin-3", " second"),
    ]


def test_standard_input_takes_precedence_over_a_folder(tmp_path, monkeypatch):
    (tmp_path / "-").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"gout")))
    assert [d.text for d in read("-", "text")] == ["gout"]


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (bytes(range(256)), "utf-8"),
        (bytes(range(256)), "latin-1"),
        (bytes(500), "utf-8"),
        ("Gout in men.".encode("utf-16-le"), "utf-8"),
        ("Fièvre".encode("utf-16-le"), "utf-8"),
    ],
)
def test_binary_files_are_not_read_as_text(put, content, encoding):
    for name in ("a.txt", "a.jsonl", "a.bin"):
        path = put(content, name)
        with pytest.raises(FormatError, match=f"is binary, or in another encoding than {encoding}"):
            list(read(path, encoding=encoding))
    text = "Fièvre, \x00 and \x01\x02."
    assert next(read(put(text, "b.txt", "utf-16-le"), encoding="utf-16-le")).text == text
    text = "\x00" * 9
    assert next(read(put(text, "c.txt"), "text")).text == text


@pytest.mark.parametrize("content", ["", " \n\t\n", "[]", " [ ]\n"])
@pytest.mark.parametrize("name", ["a.xml", "a.nxml", "a.json", "a.jsonl", "a.zip", "a", "b.gz"])
def test_an_empty_file_has_no_documents(put, name, content):
    assert list(read(put(content, name))) == []
    assert list(read(put(gzip.compress(content.encode()), name))) == []


def test_an_empty_archive_has_no_documents(put):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w"):
        pass
    path = put(content.getvalue(), "a.zip")
    assert list(read(path)) == []
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("README.md", "About")
    with pytest.raises(FormatError, match=r"a\.zip: the archive has no file that is a document"):
        list(read(path))


@pytest.mark.parametrize("name", ["a.xlsx", "a.docx", "a.pdf"])
def test_an_empty_office_file_is_an_error(put, name):
    for content in ("", " \n"):
        with pytest.raises(FormatError, match=f"{name}: is empty$"):
            detect_format(put(content, name))


@pytest.mark.parametrize("kind", ["table", "stream"])
def test_arrow_files_are_named(put, kind):
    table, content = pa.table({"text": ["Gout."]}), io.BytesIO()
    writer = pa.ipc.new_stream if kind == "stream" else pa.ipc.new_file
    with writer(content, table.schema) as stream:
        stream.write_table(table)
    with pytest.raises(FormatError, match=f"it looks like an Arrow {kind}; save it as Parquet"):
        list(read(put(content.getvalue(), "data.arrow")))


@pytest.mark.parametrize(("name", "kind"), [("a.xlsx", "Excel"), ("a.docx", "DOCX")])
def test_damaged_office_files_are_an_error_of_their_format(put, name, kind):
    path = put(bytes(range(128, 256)), name)
    with pytest.raises(FormatError, match=f"{name}: cannot be read as {kind}"):
        list(read(path))


def test_gzip_is_detected_from_the_content(put):
    assert next(read(put(gzip.compress("häm".encode()), "a.txt"), "text")).text == "häm"
    assert next(read(put(gzip.compress(b"ham"), "a.txt.gz"))).id == "a"


def test_other_encodings(put):
    path = put("Fieber\nHüfte\n", "a.txt", "latin-1")
    with pytest.raises(FormatError, match=r"a\.txt:2: byte 8 is not utf-8; name"):
        list(read(path, "text"))
    assert next(read(path, encoding="latin-1")).text == "Fieber\nHüfte\n"
    assert next(read(put("Hüfte", "b.txt", "utf-16"), encoding="utf-16")).text == "Hüfte"
    with pytest.raises(FormatError, match="unknown encoding"):
        list(read(path, "text", encoding="klingon"))
