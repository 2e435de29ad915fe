"""The readers, on small files of each format. All sentences are invented."""

from __future__ import annotations

import gzip
import io
import json
import os
import sys
import warnings

import pytest

from vaner.errors import FormatError
from vaner.formats import (
    FORMATS,
    FormatWarning,
    detect_format,
    make_ids_unique,
    read,
    write,
    write_to,
)
from vaner.formats.spans import make_span
from vaner.formats.unsupported_annotations import UNSUPPORTED
from vaner.text.documents import Document, Span, SpanError


@pytest.fixture
def put(tmp_path):
    def put(content, name="file", encoding="utf-8"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    return put


def mentions(document):
    return [(document.mention(s), s.type) for s in document.spans]


# text


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


@pytest.mark.parametrize("encoding", ["iso-8859-1", "utf-16", "utf-16-le"])
def test_xml_encoding_declaration_is_used(put, encoding):
    head = f'<?xml version="1.0" encoding="{encoding}"?>'
    mark = "\ufeff" if encoding == "utf-16-le" else ""
    content = "<passage><offset>0</offset><text>Ménière</text></passage>"
    made = f"{mark}{head}<collection><document><id>1</id>{content}</document></collection>"
    path = put(made.replace("utf-16-le", "utf-16"), "x.xml", encoding)
    assert [d.text for d in read(path)] == ["Ménière"]


def test_byte_order_mark_is_removed_in_any_encoding(put):
    path = put("\ufeffGout", "x.txt", "utf-16-le")
    assert [d.text for d in read(path, "text", encoding="utf-16-le")] == ["Gout"]


def test_bioc_json_lines_without_a_collection(put):
    lines = [json.dumps({"id": i, "passages": [{"offset": 0, "text": "Gout"}]}) for i in "12"]
    path = put("\n\n".join(lines) + "\n", "x.json")
    assert [(d.id, d.text) for d in read(path)] == [("1", "Gout"), ("2", "Gout")]
    with pytest.raises(FormatError, match=r"x\.json:4: broken JSON"):
        list(read(put("\n\n".join(lines) + "\n{", "x.json")))


def test_deeply_nested_xml_is_reported(put):
    deep = "<passage>" * 3000 + "</passage>" * 3000
    other = "<document><id>2</id><passage><offset>0</offset><text>Gout</text></passage></document>"
    path = put(f"<collection><document><id>1</id>{deep}</document>{other}</collection>", "x.xml")
    with pytest.raises(FormatError, match="nested too deeply"):
        list(read(path))
    errors = []
    assert [d.id for d in read(path, on_error=errors.append)] == ["2"] and len(errors) == 1


def test_parquet_wrong_offsets_are_reported(put, tmp_path):
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    spans = [{"start": 3, "end": 6, "type": "D", "text": "flu"}]  # of UTF-16 units
    pq.write_table(
        pa.Table.from_pylist([{"text": "😷 flu now", "spans": spans}]), tmp_path / "x.parquet"
    )
    with pytest.raises(FormatError, match=r"row 1: .*'lu ' in the text but 'flu'"):
        list(read(tmp_path / "x.parquet"))


def test_tokens_with_white_space_are_not_split(put):
    record = {"tokens": ["5\u00a0mg", "daily"], "ner_tags": ["B-Dose", "O"]}
    (document,) = read(put(json.dumps(record), "x.jsonl"))
    stream = io.StringIO()
    write_to([document], stream, "conll")
    assert stream.getvalue().startswith("5\u00a0mg\tB-Dose\ndaily\tO\n")


def test_hidden_files_are_ignored(put):
    put("Gout", "brat/a.txt")
    put("T1\tD 0 4\tGout\n", "brat/a.ann")
    path = put(b"\x00\xff", "brat/._a.txt")
    assert [d.id for d in read(path.parent)] == ["a"]


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


# jsonl


def test_jsonl_dialects(put):
    path = put(
        '{"text": "腹痛三天", "entities": [{"start": 0, "end": 2, "type": "sym"}]}\n'
        '{"doc_id": "M:1", "tokens": ["the", "jun B", "gene"], '
        '"entities": [{"start": 1, "end": 3, "type": "DNA"}]}\n'
        '{"tokens": ["Extract: ", "Rat", "fever"], "ner_tags": [0, 1]}\n'
        '{"tokens": ["Rat", "fever"], "ner_tags": ["B-Species", "O"]}\r\n',
        "x.jsonl",
    )
    chinese, nested, instructed, tagged = read(path)
    assert mentions(chinese) == [("腹痛", "sym")]
    assert mentions(nested) == [("jun B gene", "DNA")]
    assert nested.id == "x-2"
    assert nested.metadata["doc_id"] == "M:1"
    assert nested.metadata["tokens"] == ((0, 3), (4, 9), (10, 14))
    assert instructed.text == "Rat fever"
    assert instructed.metadata["instruction"] == "Extract: "
    assert mentions(instructed) == [("fever", "")]
    assert mentions(tagged) == [("Rat", "Species")]


def test_jsonl_records_without_tokens(put):
    path = put('{"tokens": [], "ner_tags": []}\n{"tokens": [], "tags": []}\n{"tokens": []}\n')
    assert [(d.text, d.spans) for d in read(path, "jsonl")] == [("", ())] * 3


def test_jsonl_tags_under_other_names(put):
    path = put(
        '{"tokens": ["Rat", "fever"], "tags": ["B-Species", "O"]}\n'
        '{"tokens": ["Rat", "fever"], "labels": [0, 1]}\n'
    )
    assert [mentions(d) for d in read(path, "jsonl")] == [[("Rat", "Species")], [("fever", "")]]


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ('{"tokens": ["He", "has", "gout"], "ner_tags": ["O", "B-D"]}', "3 tokens but 2 ner_tags"),
        ('{"tokens": ["gout", "aspirin"], "ner_tags": [1, 3]}', "tag 3 is a number without a name"),
        ('{"tokens": ["a", "b"], "ner_tags": [0, 2]}', "tag 2 continues no mention"),
        ('{"tokens": ["a", "b"], "ner_tags": [0, -1]}', "tag -1 is a number without a name"),
    ],
)
def test_jsonl_wrong_tags_are_reported(put, record, message):
    with pytest.raises(FormatError, match=message):
        list(read(put(record), "jsonl"))


def test_jsonl_no_warning_for_other_lists(put):
    path = put(
        '{"text": "Gout.", "sentences": [{"start": 0, "end": 5}], "notes": ["a"]}', "x.jsonl"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (document,) = read(path)
    assert document.metadata["notes"] == ("a",)


@pytest.mark.parametrize(
    ("record", "name"),
    [
        ('{"text": "Gout.", "findings": [{"start": 0, "end": 4, "type": "D"}]}', "findings"),
        ('{"text": "Gout.", "x": [{"offset": 0, "length": 4, "label": "D"}]}', "x"),
        (
            '{"text": "Gout.", "spans": [{"start": 0, "end": 4, "type": "D"}], '
            '"entities": [{"start": 0, "end": 4, "type": "E"}]}',
            "entities",
        ),
    ],
)
def test_jsonl_warns_about_unread_mentions(put, record, name):
    with pytest.warns(FormatWarning, match=f"not read as mentions: {name}$"):
        list(read(put(f"{record}\n{record}"), "jsonl"))


def test_jsonl_null_fields_are_ignored(put):
    path = put(
        '{"text": "Gout.", "spans": null, "entities": [{"start": 0, "end": 4, "type": "D"}]}\n'
        '{"tokens": ["Gout"], "ner_tags": null, "spans": [{"start": 0, "end": 1, "type": "D"}]}\n'
    )
    assert [mentions(d) for d in read(path, "jsonl")] == [[("Gout", "D")]] * 2


def test_jsonl_tags_with_text_and_tokens(put):
    path = put(
        '{"text": "He has\\nhay fever.", "tokens": ["He", "has", "hay", "fever", "."], '
        '"ner_tags": ["O", "O", "B-D", "I-D", "O"]}\n'
        '{"text": "Gout.", "tokens": ["Flu", "."], "ner_tags": ["B-D", "O"]}\n'
        '{"text": "Gout.", "ner_tags": ["B-D", "O"]}\n',
        "x.jsonl",
    )
    errors = []
    (document,) = read(path, on_error=errors.append)
    assert document.text == "He has\nhay fever."
    assert mentions(document) == [("hay fever", "D")]
    assert [str(e).partition("x.jsonl:")[2] for e in errors] == [
        "2: token 'Flu' is not the next word of the text",
        "3: tokens is NoneType, expected list",
    ]


def test_bad_mentions_and_bad_records_are_skipped(put):
    path = put(
        '{"text": "Fever.", "spans": [{"start": 0, "end": 9, "type": "D"}, '
        '{"start": 0, "end": 5, "type": "D", "text": "Fever"}]}\n'
        "{broken\n"
        '{"id": "last", "text": "Cough."}\n'
    )
    errors = []
    good = list(read(path, "jsonl", on_error=errors.append))
    assert [d.id for d in good] == ["file-1", "last"]
    assert mentions(good[0]) == [("Fever", "D")]
    assert [e.line for e in errors] == [1, 2]
    with pytest.raises(FormatError, match=r"file:1: mention 0:9"):
        list(read(path, "jsonl"))


# conll


def test_conll_schemes_agree(put):
    rows = {
        "iob2": "Rat B-S\nfever B-D\nvirus I-D\nhit O\n",
        "iob1": "Rat I-S\nfever I-D\nvirus I-D\nhit O\n",
        "iobes": "Rat\tS-S\nfever\tB-D\nvirus\tE-D\nhit\tO\n",
    }
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name, content in rows.items():
            (document,) = read(put(content, name))
            assert mentions(document) == [("Rat", "S"), ("fever virus", "D")]


def test_conll_mixed_schemes_give_a_single_warning(put):
    path = put("a B-X\n\nb O\nc I-X\n\nd I-X\n")
    with pytest.warns(FormatWarning, match=r"file:4: 2 tags") as caught:
        assert sum(len(d.spans) for d in read(path, "conll")) == 3
    assert len(caught) == 1


def test_conll_docstart_groups_sentences(put):
    content = "-DOCSTART-\t-X-\tO\n\nRat\tNN\tB-S\nbit\tVB\tO\n\nHe\tPR\tO\n\n"
    path = put(content + content)
    first, second = read(path)
    assert first.text == "Rat bit\nHe"
    assert first.metadata["sentences"] == ((0, 7), (8, 10))
    assert second.id == "file-2"
    stream = io.StringIO()
    write_to([first, second], stream, "conll")
    assert stream.getvalue() == content + content


@pytest.mark.parametrize("line", ["-DOCSTART-", "-DOCSTART-\tO"])
def test_conll_docstart_needs_no_empty_line_before_it(put, line):
    rows = ("Rat\tNN\tB-S", "bit\tVB\tO", line, "He\tPR\tO", line, line, "", "She\tPR\tO")
    path = put("\n".join(rows))
    assert [d.text for d in read(path, "conll")] == ["Rat bit", "He", "She"]
    path = put("\n".join(rows[2:]))
    assert [d.text for d in read(path, "conll")] == ["He", "She"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a O\nb\n", r":2: expected 2 columns"),
        ("a O\nb X-Y\n", r":2: 'X-Y' is not a tag"),
        ("a\tO\n\tO\n", r":2: .*empty token"),
        ("word\n", "expected 2 columns"),
    ],
)
def test_conll_errors(put, content, message):
    with pytest.raises(FormatError, match=message):
        list(read(put(content), "conll"))


def test_conll_continues_after_a_bad_sentence(put):
    errors = []
    documents = read(put("a O\nb\nc\n\nd O\n"), "conll", on_error=errors.append)
    assert [d.text for d in documents] == ["d"]
    assert len(errors) == 1


# pubtator

PUBTATOR = (
    "7|t|Rat fever\r\n7|a|It spreads.\r\n"
    "7\t4\t9\tfever\tDisease\tD1|D2\r\n7\tCID\tD1\tD2\r\n\r\n"
    "8|t|Nothing\n8|a|\n\n"
    "7|t|Rat fever\n7|a|\n7\t0\t3\tRat\tSpecies\t-1\n"
)


def test_pubtator(put):
    documents = list(read(put(PUBTATOR, "x.txt")))
    assert [d.id for d in documents] == ["7", "8", "7"]
    assert [d.text for d in documents] == ["Rat fever\nIt spreads.", "Nothing", "Rat fever"]
    assert documents[0].spans[0].identifiers == ("D1", "D2")
    assert documents[2].spans[0].identifiers == ()
    assert [d.id for d in make_ids_unique(documents)] == ["7", "8", "7#2"]
    again = [*documents, Document("7#2", ""), Document("7", "")]
    assert [d.id for d in make_ids_unique(again)] == ["7", "8", "7#2", "7#2#2", "7#3"]
    stream = io.StringIO()
    assert not write_to(documents, stream, "pubtator").lost
    assert stream.getvalue() == PUBTATOR.replace("\r", "") + "\n"


def test_pubtator_writes_both_lines_for_a_text_of_one(put):
    spans = (Span(0, 3, "Species"), Span(4, 9, "Disease"))
    for text, lost in (("Rat fever", 0), ("Rat fever\n", 1), ("", 0), ("\nRat fever", 0)):
        stream = io.StringIO()
        document = Document("7", text, spans if text.startswith("Rat") else ())
        report = write_to([document], stream, "pubtator")
        lines = stream.getvalue().split("\n")
        assert [line[:4] for line in lines[:2]] == ["7|t|", "7|a|"]
        assert sum(report.lost.values()) == lost
        [back] = read(put(stream.getvalue(), "x.txt"))
        assert back.text == (text.replace("\n", " ") if lost else text)
        assert [back.mention(span) for span in back.spans] == ["Rat", "fever"][: len(back.spans)]
    assert [d.text for d in read(put("8|t|Nothing\n"), "pubtator")] == ["Nothing"]


def test_pubtator_writes_new_identifiers(put):
    document = list(read(put(PUBTATOR)))[2]
    linked = document.with_spans([Span(0, 3, "Species", None, ("10116",))])
    stream = io.StringIO()
    write_to([linked], stream, "pubtator")
    assert "Rat\tSpecies\t10116\n" in stream.getvalue()


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("7\t4\t8\tfever\tDisease\tD1", "is 'feve' in the text but 'fever'"),
        ("7\t4\t99\tfever\tDisease\tD1", "is outside the text"),
        ("7\t9\t4\tfever\tDisease\tD1", "is outside the text"),
        ("7\t4.0\t9\tfever\tDisease\tD1", "no integers"),
        ("7\t4\t9\tfever", "expected id, start"),
        ("9\t4\t9\tfever\tDisease\tD1", "annotation of 7"),
    ],
)
def test_pubtator_errors_skip_a_mention(put, row, message):
    path = put(f"7|t|Rat fever\n7|a|It.\n{row}\n7\t0\t3\tRat\tSpecies\t1\n\n8|t|Next\n")
    with pytest.raises(FormatError, match=f"file:3: .*{message}"):
        list(read(path, "pubtator"))
    errors = []
    first, second = read(path, "pubtator", on_error=errors.append)
    assert len(first.spans) == 1
    assert second.text == "Next"
    assert len(errors) == 1


def test_line_breaks_in_a_pubtator_text_are_counted():
    stream = io.StringIO()
    report = write_to([Document("1", "a\r\nb\nc")], stream, "pubtator")
    assert stream.getvalue() == "1|t|a \n1|a|b c\n\n"
    assert report.lost == {"line break written as a space": 2}


# bioc

BIOC = """<?xml version="1.0"?><!DOCTYPE collection SYSTEM "BioC.dtd">
<collection><source>us</source><date>today</date><key>k</key><infon key="a">b</infon>
<document><id>d1</id><infon key="y">2026</infon>
<passage><infon key="type">title</infon><offset>0</offset><text>Rats &amp; 😀 fever</text>
<annotation id="A"><infon key="type">Disease</infon><infon key="MESH">D1|D2</infon>
<location offset="9" length="5"/><text>fever</text></annotation></passage>
<passage><offset>17</offset>
<sentence><offset>17</offset><text>Left arm.</text></sentence>
<sentence><offset>28</offset><text>Left or right leg.</text>
<annotation id="B"><infon key="type">Part</infon><location offset="28" length="4"/>
<location offset="42" length="3"/><text>Left leg</text></annotation>
<relation id="R"><infon key="type">near</infon><node refid="A" role="x"/>
<node refid="B" role="y"/></relation></sentence></passage>
</document></collection>"""


@pytest.mark.parametrize("format", ["bioc_xml", "bioc_json"])
def test_bioc_round_trip(put, tmp_path, format):
    path = put(BIOC, "x.xml")
    (document,) = read(path)
    assert document.text == "Rats & 😀 fever\n  Left arm.  Left or right leg."
    assert mentions(document) == [("fever", "Disease"), ("Left leg", "Part")]
    assert document.spans[0].identifiers == ("MESH:D1", "MESH:D2")
    assert document.metadata["sentences"] == ((0, 14), (17, 26), (28, 46))
    assert not write([document], tmp_path / "out", format).lost
    assert list(read(tmp_path / "out")) == [document]
    # A relation goes with its mention, and says so.
    fewer = document.with_spans(document.spans[:1])
    report = write([fewer], tmp_path / "out", format)
    assert report.lost == {"relation or attribute left out, its mention is gone": 1}


INDUCED = "1|t|Aspirin\n1|a|It hurts gout.\n1\t0\t7\tAspirin\tChemical\tD1\n1\tCID\tD1\tD2\n\n"
SCORED = "1|t|Aspirin\n1|a|It hurts.\n1\t0\t7\tAspirin\tChemical\tD1\t0.9\n\n"
ANN = "T1\tDrug 0 7\tAspirin\nN1\tReference T1 MESH:D1\tAspirin\nA1\tOld T1\n#1\tNote T1\tsic\n"


@pytest.mark.parametrize("by_jsonl", [False, True])
@pytest.mark.parametrize(
    ("name", "content", "formats", "number"),
    [
        ("x.xml", BIOC, ("bioc_xml", "bioc_json"), 1),
        ("x.pubtator", INDUCED, ("pubtator",), 1),
        ("x.pubtator", SCORED, ("pubtator",), 1),
        ("x.ann", ANN, ("brat",), 2),
    ],
)
def test_unsupported_annotations_are_preserved_or_counted(
    put, tmp_path, name, content, formats, number, by_jsonl
):
    put("Aspirin", "x.txt")
    documents = list(read(put(content, name)))
    if by_jsonl:
        assert not write(documents, tmp_path / "all.jsonl").lost
        documents = list(read(tmp_path / "all.jsonl"))
    for format in FORMATS.values():
        if format.is_writable:
            lost = write(documents, tmp_path / format.name, format.name).lost
            is_preserved = format.name in (*formats, "jsonl", "parquet")
            assert lost.get(UNSUPPORTED, 0) == (0 if is_preserved else number), format.name


def test_several_bioc_json_collections(put):
    def collection(id):
        passage = {"offset": 0, "text": "Gout"}
        return json.dumps({
            "source": id, "documents": [{"id": id, "passages": [passage]}], "infons": {"a": "b"}
        })  # fmt: skip

    first, second = collection("A"), collection("B")
    # The BioC API of PMC returns a list with a single collection.
    for content in (
        f"[{first}]",
        f"[{first},\n{second}]\n",
        f"{first}\n{second}\n",
        first + second,
    ):
        documents = list(read(put(content, "x.json")))
        sources = [(d.id, d.metadata["bioc"]["collection"]["source"]) for d in documents]
        assert sources == [("A", "A"), ("B", "B")][: 1 + ("B" in content)]
    for damaged in (first[:-1], f"{first}\n{second[:-1]}", f"{first}\nmore", f"{first}\n{{}}"):
        documents = read(put(damaged, "x.json"))
        assert next(documents).id == "A"
        with pytest.raises(FormatError, match=r"x\.json:[12]: broken JSON"):
            list(documents)


PUBTATOR3 = {
    "source": "PubTator3", "date": 20261122, "infons": {"license": None},
    "documents": [{
        "id": 7, "infons": {"year": 2026},
        "passages": [{
            "infons": {"type": "title", "authors": ["A", "B"]}, "offset": 0, "text": "Rat fever",
            "annotations": [{
                "id": 3, "infons": {"type": "Disease", "valid": True, "identifier": ["D1", "D2"],
                                    "normalized": [1, {"a": None}], "score": 0.5},
                "locations": [{"offset": 4, "length": 5}], "text": "fever",
            }, {"id": 4, "infons": {"valid": False}, "locations": [], "text": "rabies"}],
        }],
        "relations": [{"id": "R", "infons": {"role1": {"name": "x"}, "score": 0.9},
                       "nodes": [{"refid": 3, "role": ""}]}],
    }],
}  # fmt: skip


def test_bioc_json_infons_of_other_types_are_preserved(put, tmp_path):
    (document,) = read(put(json.dumps(PUBTATOR3), "x.json"))
    assert document.spans == (Span(4, 9, "Disease"),)
    assert document.spans[0].identifiers == ("D1", "D2")
    assert document.spans[0].score == 0.5
    write([document], tmp_path / "o.jsonl")
    (held,) = read(tmp_path / "o.jsonl")
    assert held == document
    for name in ("o.json", "o.xml"):
        assert not write([held], tmp_path / name).lost
    infons = [i for i in _infons(PUBTATOR3) if i]
    assert sorted(map(str, _infons(json.loads((tmp_path / "o.json").read_text())))) == sorted(
        map(str, infons)
    )
    (reread,) = read(tmp_path / "o.xml")
    assert reread.spans == document.spans
    content = (tmp_path / "o.xml").read_text()
    for infon in ('"valid">true<', '"normalized">[1, {"a": null}]<', '"identifier">D1|D2<'):
        assert f"<infon key={infon}/infon>" in content


def _infons(record):
    """Return all infons in a record."""
    if isinstance(record, list):
        return [infons for item in record for infons in _infons(item)]
    if not isinstance(record, dict):
        return []
    inner = [
        infons for key, value in record.items() if key != "infons" for infons in _infons(value)
    ]
    return [infons for infons in (record.get("infons"), *inner) if infons]


def test_bioc_library_reads_what_we_write(put, tmp_path):
    biocxml = pytest.importorskip("bioc.biocxml")
    biocjson = pytest.importorskip("bioc.biocjson")
    documents = list(read(put(BIOC, "x.xml")))
    write(documents, tmp_path / "o.xml")
    write(documents, tmp_path / "o.json")
    with open(tmp_path / "o.xml", "rb") as xml, open(tmp_path / "o.json") as json:
        for collection in (biocxml.load(xml), biocjson.load(json)):
            (theirs,) = collection.documents
            annotations = [*theirs.passages[0].annotations]
            annotations += [a for s in theirs.passages[1].sentences for a in s.annotations]
            assert collection.source == "us"
            assert [(a.text, a.infons["type"], a.total_span.offset) for a in annotations] == [
                ("fever", "Disease", 9),
                ("Left leg", "Part", 28),
            ]


def test_bioc_wrong_passage_offsets_are_corrected(put):
    wrong = BIOC.replace("<offset>17<", "<offset>99<").replace("<offset>28<", "<offset>110<")
    (document,) = read(put(BIOC, "a.xml"))
    with pytest.warns(FormatWarning, match="do not fit"):
        (repaired,) = read(
            put(wrong.replace('"28"', '"26"').replace('"42"', '"40"'), "b.xml"), "bioc_xml"
        )
    assert mentions(repaired) == mentions(document)


def test_single_bioc_json_documents(put):
    record = '{"id": 3, "passages": [{"offset": 0, "text": "Fever.", "infons": {}}]}'
    for content in (record, f"[{record}]", f'{{"PubTator3": [{record}]}}'):
        (document,) = read(put(content, "x.json"))
        assert (document.id, document.text) == ("3", "Fever.")


# brat


def test_brat(put, tmp_path):
    put("Left\nor right leg, fever\r\n", "in/a.txt")
    ann = (
        "T2\tPart 0 4;14 17\tLeft leg\nT7\tDisease 19 24\tfever\n"
        "R1\tNear Arg1:T2 Arg2:T7\nA1\tNegated T7\n#1\tAnnotatorNotes T7\tsure?\n"
        "N1\tReference T7 MESH:D5\tFever\n"
    )
    put(ann, "in/a.ann")
    put("No mention", "in/b.txt")
    first, second = read(tmp_path / "in")
    assert mentions(first) == [("Left leg", "Part"), ("fever", "Disease")]
    assert first.spans[1].identifiers == ("MESH:D5",)
    assert first.text.endswith("\r\n")
    assert second.spans == ()
    write([first, second], tmp_path / "out", "brat")
    assert (tmp_path / "out/a.ann").read_text() == ann
    assert (tmp_path / "out/b.ann").read_text() == ""
    # New mentions must not inherit annotations of the old ones.
    other = first.with_spans([Span(8, 13, "Side")])
    report = write([other], tmp_path / "new", "brat")
    assert (tmp_path / "new/a.ann").read_text() == "T1\tSide 8 13\tright\n"
    assert sum(report.lost.values()) == 4


def test_brat_names_stay_in_the_folder(tmp_path):
    documents = [Document(i, "x") for i in ("../up", "a/b", "a:b", "A_B", "", "é" * 300)]
    report = write(documents, tmp_path / "out", "brat")
    assert report.documents == 6
    assert len(list((tmp_path / "out").glob("*.txt"))) == 6
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_brat_errors(put, tmp_path):
    put("T1\tX 0 1\ta\n", "only.ann")
    with pytest.raises(FormatError, match=r"only\.txt: cannot be read"):
        list(read(tmp_path / "only.ann"))
    put("abc", "c.txt")
    put("T1\tX 0 q\ta\n", "c.ann")
    with pytest.raises(FormatError, match=r"c\.ann:1: expected T1"):
        list(read(tmp_path / "c.ann"))


# pubmed

PUBMED = """<?xml version="1.0"?>
<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle//EN" "https://example.org/p.dtd">
<PubmedArticleSet><PubmedArticle><MedlineCitation><PMID Version="1">11</PMID><Article>
<ArticleTitle>Ca<sup>2+</sup> in <i>Mus <b>minor</b></i> &lt;5&#176;.</ArticleTitle>
<Abstract><AbstractText Label="AIM">H<sub>2</sub>O.</AbstractText><AbstractText>Let
<mml:math xmlns:mml="m"><mml:mi>x</mml:mi><mml:mo>=</mml:mo></mml:math>1.</AbstractText>
</Abstract></Article><CommentsCorrectionsList><CommentsCorrections><PMID>99</PMID>
</CommentsCorrections></CommentsCorrectionsList></MedlineCitation></PubmedArticle>
<PubmedArticle><MedlineCitation><PMID>12</PMID><Article><ArticleTitle>Only.</ArticleTitle>
</Article></MedlineCitation></PubmedArticle></PubmedArticleSet>"""


def test_pubmed(put):
    first, second = read(put(gzip.compress(PUBMED.encode()), "p.xml.gz"))
    assert first.id == "11"
    assert first.text == "Ca2+ in Mus minor <5°.\nAIM: H2O. Let\nx=1."
    assert (second.id, second.text) == ("12", "Only.")


def test_xml_in_another_encoding_is_read_as_declared(put):
    content = PUBMED.replace('"1.0"', '"1.0" encoding="latin-1"', 1).replace("Only", "Hüfte")
    assert list(read(put(content, "p.xml", "latin-1"), "pubmed"))[1].text == "Hüfte."


# genetag


def test_genetag(put):
    put("@@1|1 3|Abc ( e )\n@@1|0 0|wrong\n@@1|9 4|The\n", "Gold.format")
    path = put("@@1/CD The/DT Abc(d)/NN gene/NN ./. \n@@2/CD No/DT\n", "s.test")
    errors = []
    first, second = read(path, on_error=errors.append)
    assert detect_format(path) == "genetag"
    assert first.text == "The Abc(d) gene ."
    assert first.spans == ()
    assert len(errors) == 3
    for tokens in ("1 4", "1 3", "7 12"):  # its tokens, or others and a text that occurs once
        put(f"@@1|{tokens}|Abc ( d )\n", "Gold.format")
        assert mentions(next(read(path))) == [("Abc(d)", "GENE")]
    put("@@1|7 7|e\n", "Gold.format")
    with pytest.raises(FormatError, match=r"Gold.format:1: mention is 'nothing' in sentence @@1"):
        next(read(path))
    assert second.text == "No"


def test_genetag_warns_about_mentions_of_other_sentences(put):
    put("P1|0 3|BRCA\nP2|0 1|p5\nP2|0 2|p53\nP3|0 1|ab\n", "GENE.eval")
    path = put("P1 BRCA.\n", "test.in")
    with pytest.warns(
        FormatWarning, match=r"GENE\.eval: 3 mentions are of sentences that .*test\.in"
    ):
        (document,) = read(path, "genetag")
    assert mentions(document) == [("BRCA", "GENE")]


def test_genetag_of_biocreative_two(put):
    put("P1|3 5|p53\n", "two/GENE.eval")
    assert mentions(next(read(put("P1 The p53 gene.\n", "two/train.in"), "genetag"))) == [
        ("p53", "GENE")
    ]


def test_piece_that_is_one_character_off_is_moved():
    """Only where the file repeats the mention, and where just one move makes it agree."""
    text = "renal and hepatic failure"
    with pytest.warns(FormatWarning, match="'renal failure' .* was moved"):
        span = make_span(text, [(0, 5), (17, 24)], "Disease", quoted="renal failure")
    assert span.fragments == ((0, 5), (18, 25))
    for pieces, quoted in [
        ([(0, 5), (16, 23)], "renal failure"),  # two characters off
        ([(17, 24)], "failure"),  # in one piece: the file's offsets are wrong, not its gaps
        ([(0, 5), (17, 24)], "renal disease"),
    ]:
        with pytest.raises(SpanError, match="in the text but"):
            make_span(text, pieces, "Disease", quoted=quoted)


def test_brat_of_the_bionlp_shared_tasks(put):
    put("p53 binds MDM2.", "bionlp/PMID-1.txt")
    put("T1\tProtein 0 3\tp53\nT2\tProtein 10 14\tMDM2\n", "bionlp/PMID-1.a1")
    path = put("T3\tBinding 4 9\tbinds\nE1\tBinding:T3 Theme:T1 Theme2:T2\n", "bionlp/PMID-1.a2")
    assert detect_format(path) == detect_format(path.parent) == "brat"
    (document,) = read(path.parent)
    assert mentions(document) == [("p53", "Protein"), ("MDM2", "Protein"), ("binds", "Binding")]
    assert document.metadata["brat"]["lines"] == ("E1\tBinding:T3 Theme:T1 Theme2:T2",)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (" T2\tX 0 4\tGout", "begins with none of T R E A M N # *"),
        ("t2\tX 0 4\tGout", "begins with none"),
        ("T1\tX 0 4\tGout", "T1 occurs twice"),
    ],
)
def test_brat_malformed_mention_lines(put, line, message):
    put("Gout", "b/a.txt")
    path = put(f"T1\tD 0 4\tGout\n{line}\n", "b/a.ann")
    with pytest.raises(FormatError, match=f"a.ann:2: {message}".replace("*", r"\*")):
        list(read(path.parent))
