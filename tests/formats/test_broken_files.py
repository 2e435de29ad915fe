"""Readers give documents, or an error of a single line with file and line number."""

from __future__ import annotations

import gzip
import json
import tempfile
import tracemalloc
import warnings
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vaner.errors import FormatError, VanerError
from vaner.formats import FORMATS, detect_format, read, write
from vaner.text.documents import Document, Span

STREAMED = ["jsonl", "conll", "pubtator", "bioc_xml", "bioc_json"]
STREAMED += ["label_studio", "prodigy", "doccano"]
DOCUMENTS = [
    Document(str(i), f"Rat fever {i}\nIt spreads.", (Span(4, 9, "D", None, ("M:1",)),))
    for i in range(3)
]
SINGLE = [f.name for f in FORMATS.values() if f.name != "brat"]

BOMB = """<!DOCTYPE c [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>
<collection><document><id>&b;</id></document></collection>"""
EXTERNAL = """<!DOCTYPE c [<!ENTITY x SYSTEM "file:///etc/passwd">]>
<collection><document><id>&x;</id></document></collection>"""


@pytest.mark.parametrize("content", [BOMB, EXTERNAL])
@pytest.mark.parametrize("format", ["bioc_xml", "pubmed"])
def test_xml_entities_are_rejected(tmp_path, content, format):
    path = tmp_path / "x.xml"
    path.write_text(content)
    with pytest.raises(FormatError, match=r"x\.xml:1: declares entities") as caught:
        list(read(path, format))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("format", ["bioc_xml", "bioc_json", "label_studio"])
def test_truncated_collection_yields_complete_documents(tmp_path, format):
    path = tmp_path / "file"
    write(DOCUMENTS, path, format)
    content = path.read_text()
    path.write_text(content[: content.rindex("spreads")])
    ids = []
    with pytest.raises(FormatError, match=r"file:\d+: broken"):
        ids.extend(d.id for d in _collect(ids, read(path, format)))
    assert ids == ["0", "1"]


def _collect(ids, documents):
    for document in documents:
        ids.append(document.id)
    return ()


def test_truncated_gzip(tmp_path):
    path = tmp_path / "x.txt.gz"
    path.write_bytes(gzip.compress(bytes(range(128, 256)) * 80)[:-20])
    with pytest.raises(FormatError, match="the compression is broken"):
        list(read(path, "text", encoding="latin-1"))


def test_missing_files_and_unknown_formats(tmp_path):
    with pytest.raises(FormatError, match="No such file"):
        list(read(tmp_path / "none.txt"))
    with pytest.raises(VanerError, match="unknown format 'odt'"):
        read(tmp_path, "odt")
    (tmp_path / "x.bin").write_text("prose, no format")
    with pytest.raises(FormatError, match=r"cannot be detected; name it$") as caught:
        detect_format(tmp_path / "x.bin")
    assert caught.value.argument == "format"
    with pytest.raises(FormatError, match="standard input"):
        detect_format("-")
    with pytest.raises(VanerError, match="only be read"):
        write([], tmp_path / "x", "pubmed")
    with pytest.raises(FormatError, match="cannot be written"):
        write([], tmp_path / "x.bin" / "x.jsonl")


@contextmanager
def one_line_or_none():
    try:
        yield
    except FormatError as error:
        message = str(error)
        assert len(message.splitlines()) == 1, message


def _consume(path, format, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for document in read(path, format, **options):
            for span in document.spans:
                assert document.mention(span).strip()


@settings(deadline=None, max_examples=80)
@given(content=st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
@pytest.mark.parametrize("format", SINGLE)
def test_random_content_gives_documents_or_an_error(format, content):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "file")
        path.write_bytes(content)
        for options in ({}, {"on_error": lambda error: None}):
            with one_line_or_none():
                _consume(path, format, **options)


@pytest.mark.parametrize(
    ("format", "content"),
    [
        ("conll", "Gout\tB-D\ris\tO\r"),
        ("conll", "Gout\tNN\tB-D\ris\tVB\tO\r\rHe\tPR\tO"),
        ("conll", "-DOCSTART- O\r\rGout B-D\ris O\r"),
        ("pubtator", "1|t|Gout\r1|a|bad\r1\t0\t4\tGout\tD\tM:1\r"),
        ("pubtator", "1|t|Gout\r1\t0\t4\tGout\tD\tM:1\r\r2|t|Flu"),
    ],
)
def test_lone_carriage_returns_are_reported(tmp_path, format, content):
    (tmp_path / "x").write_bytes(content.encode())
    with pytest.raises(FormatError, match=r"x:1: .*carriage return"):
        list(read(tmp_path / "x", format))


@pytest.mark.parametrize("depth", [700, 100_000])
@pytest.mark.parametrize(
    ("format", "content"),
    [
        ("jsonl", '{"text": "Gout", "x": DEEP}'),
        ("prodigy", '{"text": "Gout", "x": DEEP}'),
        ("doccano", '{"text": "Gout", "x": DEEP}'),
        ("label_studio", '[{"data": {"text": "Gout", "x": DEEP}}]'),
        ("bioc_json", '{"documents": [{"infons": {"x": DEEP}, "passages": []}]}'),
        ("bioc_json", '{"infons": {"x": DEEP}, "documents": [{"passages": []}]}'),
    ],
)
def test_deeply_nested_json_is_reported(tmp_path, format, content, depth):
    (tmp_path / "x").write_text(content.replace("DEEP", "[" * depth + "]" * depth))
    with pytest.raises(FormatError, match="x:1: "):
        list(read(tmp_path / "x", format))


@pytest.mark.parametrize("number", ["9" * 20, "9" * 5000, "-" + "9" * 5000])
def test_overlong_offsets_are_reported(tmp_path, number):
    (tmp_path / "a.txt").write_text("Gout")
    (tmp_path / "a.ann").write_text(f"T1\tD {number} {number}\tGout\n")
    (tmp_path / "b.pubtator").write_text(f"1|t|Gout\n1|a|\n1\t{number}\t{number}\tGout\tD\tM\n")
    (tmp_path / "GENE.eval").write_text(f"1|{number} {number}|Gout\n")
    (tmp_path / "c.in").write_text("1 Gout\n")
    for name, format in (("a.ann", "brat"), ("b.pubtator", "pubtator"), ("c.in", "genetag")):
        errors = []
        (document,) = read(tmp_path / name, format, on_error=errors.append)
        assert not document.spans
        assert len(errors) == 1


@settings(deadline=None, max_examples=80)
@given(data=st.data())
@pytest.mark.parametrize("format", STREAMED)
def test_damaged_files(format, data):
    """A part of a valid file is cut out or overwritten."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "file")
        write(DOCUMENTS, path, format)
        content = path.read_text()
        start = data.draw(st.integers(0, len(content)))
        stop = data.draw(st.integers(start, min(start + 30, len(content))))
        filler = data.draw(
            st.sampled_from(["", "\t", "\n", "9", '"', "<", "-1", "{", "null", "[]"])
        )
        path.write_text(content[:start] + filler + content[stop:])
        with one_line_or_none():
            _consume(path, format, on_error=lambda error: None)


def _peak(path, format, number, change=lambda content: content):
    """Return the peak memory while reading a number of documents."""
    documents = (Document(str(i), "Rat fever . " * 40, (Span(4, 9, "D"),)) for i in range(number))
    write(documents, path, format)
    path.write_text(change(path.read_text()))
    tracemalloc.start()
    try:
        assert sum(1 for _ in read(path, format)) >= number
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.heavy
@pytest.mark.parametrize("format", STREAMED)
def test_memory_is_bounded_by_a_document(tmp_path, format):
    # 300 documents fill more than one chunk of the file, so only what grows with it differs.
    assert _peak(tmp_path / "many", format, 1200) < 1.3 * _peak(tmp_path / "few", format, 300)


@pytest.mark.heavy
@pytest.mark.parametrize("listed", [True, False])
def test_memory_is_bounded_by_a_document_without_a_collection(tmp_path, listed):
    def bare(content):
        documents = json.loads(content)["documents"]
        return json.dumps(documents) if listed else "\n".join(map(json.dumps, documents))

    few, many = (_peak(tmp_path / str(n), "bioc_json", n, bare) for n in (300, 1200))
    assert many < 1.3 * few


@pytest.mark.parametrize("encoding", ["base64", "rot13", "hex", "zlib", "klingon", ""])
def test_binary_encodings_are_rejected(tmp_path, encoding):
    (tmp_path / "x.txt").write_text("asthma")
    with pytest.raises(FormatError, match="unknown encoding"):
        list(read(tmp_path / "x.txt", encoding=encoding))


@pytest.mark.parametrize("encoding", ["punycode", "undefined"])
def test_encoding_errors_without_position(tmp_path, encoding):
    (tmp_path / "x.txt").write_text("sjogren fever - a b")
    with pytest.raises(FormatError, match=f"is not {encoding}"):
        list(read(tmp_path / "x.txt", encoding=encoding))


def test_empty_files_and_tables(tmp_path):
    path = tmp_path / "empty.tsv"
    write([Document("1", " ")], path)
    assert list(read(path)) == []
    (tmp_path / "table.tsv").write_text("name\tage\nAda\t36\n")
    with pytest.raises(FormatError, match=r"table\.tsv:1: .*tag"):
        list(read(tmp_path / "table.tsv"))


LISTS = {
    "jsonl": ("[", '{{"id": "{id}", "text": "{text}"}}', "]"),
    "bioc_json": (
        '{"documents": [',
        '{{"id": "{id}", "passages": [{{"offset": 0, "text": "{text}"}}]}}',
        "]}",
    ),
    "label_studio": (
        "[",
        '{{"id": {id}, "data": {{"text": "{text}"}}, "annotations": [{{"result": []}}]}}',
        "]",
    ),
    "pubannotation": ("[", '{{"sourceid": "{id}", "text": "{text}", "denotations": []}}', "]"),
}


@pytest.mark.parametrize("format", LISTS)
@pytest.mark.parametrize("is_last", [False, True])
@pytest.mark.parametrize("end", [4095, 4096, 4097, 69631, 69632, 69633])
def test_chunk_may_end_between_the_records_of_a_list(tmp_path, format, is_last, end):
    start, record, stop = LISTS[format]
    first = start + record.format(id=1, text="")
    first = start + record.format(id=1, text="x" * (end - len(first)))
    rest = "" if is_last else ", " + record.format(id=2, text="Gout.")
    path = tmp_path / "list.json"
    path.write_text(first + rest + stop + "\n")
    assert [len(d.text) > 5 for d in read(path, format)] == [True, False][: 2 - is_last]
