"""Exports in less usual forms: one column, several annotations of a task, fields of mentions."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.formats.test_publications import make_pdf
from vaner.errors import FormatError
from vaner.formats import detect_format, read, write
from vaner.formats.skipped_records import SkippedRecordsWarning
from vaner.text.documents import Document, Span

Put = Callable[..., Path]
TEXT = "Rat fever and swamp fever."


def left_out(path: Path, format: str | None = None) -> tuple[list[Document], str]:
    """Return the documents of a file, and what the only warning says is left out."""
    with pytest.warns(SkippedRecordsWarning) as caught:
        documents = list(read(path, format))
    (warning,) = caught
    return documents, str(warning.message).partition("left out: ")[2]


# One column -------------------------------------------------------------------------------------


@pytest.mark.parametrize("heading", ["text", "Abstract", '"Note"', "sentences", "raw text"])
@pytest.mark.parametrize("name", ["a.tsv", "a.csv"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_column_of_texts(put: Put, heading: str, name: str, end: str) -> None:
    path = put(end.join([heading, "Gout, mild.", '"Rat fever; ""bad"""']), name)
    assert detect_format(path) == "csv"
    documents = [(d.id, d.text) for d in read(path)]
    assert documents == [("a-1", "Gout, mild."), ("a-2", 'Rat fever; "bad"')]


def test_a_text_is_not_a_heading(put: Put) -> None:
    with pytest.raises(FormatError, match=r"a\.csv:1: the first line is a text, not a column"):
        list(read(put("Gout hurts a lot.\nFlu.\n", "a.csv")))
    assert detect_format(put("text\nGout hurts.\n", "a.txt")) == "text"


# Numbers of documents ---------------------------------------------------------------------------


def test_documents_of_an_object_are_numbered(put: Put) -> None:
    examples = [[text, {"entities": [[0, 4, "D"]]}] for text in ("Gout.", "Rash.")]
    annotator = {"classes": ["D"], "annotations": examples}
    assert [d.id for d in read(put(json.dumps(annotator), "x.json"))] == ["x-1", "x-2"]
    lines = "\n".join(map(json.dumps, [annotator, {"text": "Flu."}]))
    assert [d.id for d in read(put(lines, "x.jsonl"))] == ["x-1", "x-2", "x-3"]


# Several annotations of a task ------------------------------------------------------------------


def stored(id: int, task: int, label: str, **more: Any) -> dict[str, Any]:
    value = {"start": 0, "end": 6, "text": "Scurvy", "labels": [label]}
    result = {"from_name": "label", "to_name": "text", "type": "labels", "value": value}
    return {"id": id, "task": {"id": task, "data": {"text": "Scurvy."}}, "result": [result], **more}


TRUTH = [
    stored(1, 7, "first", updated_at="2026-01-01"),
    stored(2, 8, "other"),
    stored(3, 7, "truth", updated_at="2026-01-02", ground_truth=True),
    stored(4, 7, "last", updated_at="2026-01-03"),
]


def check_truth(path: Path) -> None:
    documents, message = left_out(path)
    types = [(d.id, [span.type for span in d.spans]) for d in documents]
    assert types == [("7", ["truth"]), ("8", ["other"])]
    assert message == "an annotation of a task with several (2)"


def test_annotations_of_a_task_in_any_order(put: Put) -> None:
    check_truth(put(json.dumps(TRUTH), "x.json"))
    check_truth(put("\n".join(map(json.dumps, TRUTH)), "x.jsonl"))


@pytest.mark.parametrize("suffix", ["", ".json"])
def test_a_target_storage_is_a_folder(put: Put, tmp_path: Path, suffix: str) -> None:
    for entry in TRUTH:
        put(json.dumps(entry), f"out/{entry['id']}{suffix}")
    assert detect_format(tmp_path / "out") == "label_studio"
    check_truth(tmp_path / "out")


def test_annotations_of_a_task_in_json_min(put: Put) -> None:
    tasks = [
        {
            "text": "Scurvy.",
            "id": 7,
            "label": [{"start": 0, "end": 6, "text": "Scurvy", "labels": [label]}],
            "annotation_id": number,
            "updated_at": f"2026-01-0{number}",
        }
        for number, label in enumerate(("old", "new"), 1)
    ]
    (document,), message = left_out(put(json.dumps(tasks), "x.json"))
    assert (document.id, [span.type for span in document.spans]) == ("7", ["new"])
    assert message == "an annotation of a task with several (1)"


# Fields of mentions -----------------------------------------------------------------------------

NEGATED = [
    ("jsonl", {"text": TEXT, "spans": [{"start": 0, "end": 9, "type": "D", "negated": True}]}),
    ("jsonl", {"text": TEXT, "ents": [{"start": 0, "end": 9, "label": "D", "negated": False}]}),
    ("jsonl", [TEXT, {"entities": [{"start": 0, "end": 9, "label": "D", "negated": 1}]}]),
    ("prodigy", {"text": TEXT, "spans": [{"start": 0, "end": 9, "label": "D", "negated": 1}]}),
    (
        "doccano",
        {"text": TEXT, "entities": [
            {"id": 4, "start_offset": 0, "end_offset": 9, "label": "D", "negated": "yes"}
        ]},
    ),
    (
        "pubannotation",
        {"text": TEXT, "denotations": [
            {"id": "T1", "span": {"begin": 0, "end": 9}, "obj": "D", "negated": True}
        ]},
    ),
    (
        "label_studio",
        {"data": {"text": TEXT}, "annotations": [{"result": [
            {"type": "labels", "value": {"start": 0, "end": 9, "labels": ["D"]},
             "meta": {"negated": [True]}}
        ]}]},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("format", "record"), NEGATED)
def test_fields_of_mentions_that_are_not_read_are_counted(
    put: Put, format: str, record: Any
) -> None:
    (document,), message = left_out(put(json.dumps(record), "x.jsonl"), format)
    assert [document.mention(span) for span in document.spans] == ["Rat fever"]
    assert message == "field negated of a mention (1)"


def test_usual_fields_of_mentions_are_not_reported(put: Put) -> None:
    span = {"id": 3, "start": 0, "end": 9, "type": "D", "label": "D", "token_start": 0, "note": ""}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (document,) = read(put(json.dumps({"text": TEXT, "spans": [span]}), "x.jsonl"))
    assert len(document.spans) == 1


def test_other_fields_of_a_mention_do_not_remove_its_context(put: Put) -> None:
    context = [{"attribute": "negated", "start": 0, "end": 3, "text": "Rat"}]
    span = {"start": 0, "end": 9, "type": "D", "context": context, "note": "x"}
    (document,), message = left_out(put(json.dumps({"text": TEXT, "spans": [span]}), "x.jsonl"))
    assert message == "field note of a mention (1)" and len(document.spans[0].context) == 1
    span["context"] = "…Rat fever and…"
    _, message = left_out(put(json.dumps({"text": TEXT, "spans": [span]}), "x.jsonl"))
    assert message == "field context of a mention (1); field note of a mention (1)"


def test_many_fields_are_counted_together(put: Put) -> None:
    span = {"start": 0, "end": 9, "type": "D"} | {f"f{number}": 1 for number in range(500)}
    _, message = left_out(put(json.dumps({"text": TEXT, "spans": [span]}), "x.jsonl"))
    assert message.endswith("field f7 of a mention (1); another field of a mention (492)")


# MedCAT -----------------------------------------------------------------------------------------

CONCEPT = {"start": 0, "end": 9, "value": "Rat fever", "cui": "C1", "correct": True}


@pytest.mark.parametrize(
    "wrap",
    [
        lambda documents: documents,
        lambda documents: {"documents": documents},
        lambda documents: [{"name": "project", "documents": documents}],
        lambda documents: {"projects": [{"name": "project", "documents": documents}]},
    ],
)
def test_exports_of_medcat_trainer(put: Put, wrap: Callable[[Any], Any]) -> None:
    documents = [
        {"id": 1, "name": "n1", "text": TEXT, "annotations": [CONCEPT]},
        {"id": 2, "name": "n2", "text": "None.", "annotations": []},
    ]
    first, second = read(put(json.dumps(wrap(documents)), "x.json"))
    assert (first.id, second.id) == ("n1", "n2")
    assert [(s.type, s.identifiers) for s in first.spans] == [("Concept", ("C1",))]


def test_an_export_of_medcat_trainer_without_texts(put: Put) -> None:
    export = {"projects": [{"documents": [{"name": "n1", "annotations": [CONCEPT]}]}]}
    with pytest.raises(FormatError, match=r"x\.json:1: document n1: the export has no text;"):
        list(read(put(json.dumps(export), "x.json")))


def test_numbered_mentions_of_medcat(put: Put) -> None:
    entity = {"start": 0, "end": 9, "source_value": "Rat fever", "cui": "C1", "types": ["D"]}
    (document,) = read(put(json.dumps({"text": TEXT, "entities": {"0": entity}}), "x.json"))
    assert [(s.type, s.identifiers) for s in document.spans] == [("D", ("UMLS:C1",))]


# PDF, DOCX, DocBin ------------------------------------------------------------------------------


def test_what_a_pdf_has_in_addition(put: Put) -> None:
    pypdf = pytest.importorskip("pypdf")
    from pypdf.annotations import FreeText, Link

    writer = pypdf.PdfWriter(clone_from=put(make_pdf("Rat fever.", ""), "plain.pdf"))
    writer.add_annotation(0, FreeText(text="Really?", rect=(0, 0, 9, 9)))
    writer.add_annotation(0, Link(rect=(0, 0, 9, 9), url="https://example.org"))
    writer.add_attachment("data.csv", b"a,b")
    writer.write(put("", "paper.pdf"))
    (document,), message = left_out(put("", "x").with_name("paper.pdf"))
    assert document.text.strip() == "Rat fever."
    assert message == "comment (1); attached file (1); page without text (1)"


def test_what_a_word_document_has_in_addition(tmp_path: Path) -> None:
    docx = pytest.importorskip("docx")
    from docx.oxml import parse_xml

    def parse(xml: str) -> Any:
        name = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
        return parse_xml(xml.replace(">", f' xmlns:w="{name}">', 1))

    document = docx.Document()
    paragraph = document.add_paragraph("Rat ")
    run = "<w:r><w:t>fever</w:t></w:r>"
    paragraph._p.append(parse(f'<w:ins w:id="1" w:author="a">{run}</w:ins>'))
    gone = "<w:r><w:delText>gout</w:delText></w:r>"
    paragraph._p.append(parse(f'<w:del w:id="2" w:author="a">{gone}</w:del>'))
    control = f"<w:sdt><w:sdtContent><w:p>{run}</w:p></w:sdtContent></w:sdt>"
    document.element.body.insert(0, parse(control))
    document.sections[0].header.paragraphs[0].text = "Ward 3"
    document.save(tmp_path / "x.docx")
    (read_document,), message = left_out(tmp_path / "x.docx")
    assert read_document.text == "fever\nRat fever"
    assert message == "tracked deletion (1); header (1)"


def test_what_a_docbin_has_in_addition(tmp_path: Path) -> None:
    spacy = pytest.importorskip("spacy")
    doc = spacy.blank("en")(TEXT)
    doc.ents = [doc.char_span(0, 9, "D", kb_id="D1")]
    doc.spans["sc"] = [doc.char_span(14, 25, "S")]
    doc[0].tag_ = "NN"
    doc[0].is_sent_start, doc.user_data["source"] = True, "me"
    path = tmp_path / "x.spacy"
    spacy.tokens.DocBin(docs=[doc], store_user_data=True).to_disk(path)
    (document,), message = left_out(path)
    assert document.spans == (Span(0, 9, "D", identifiers=("D1",)), Span(14, 25, "S"))
    assert message == (
        "annotation of a token (1); name of a group of spans (1); value of user data (1)"
    )


# Identifiers and places -------------------------------------------------------------------------


@pytest.mark.parametrize("format", ["webanno", "xmi"])
def test_all_identifiers_are_preserved(tmp_path: Path, format: str) -> None:
    pytest.importorskip("cassis")
    names = ("http://example.org/1", "D013276", "c|DEL|68_69|AG"), ("MESH:D1", "7157", "8626")
    spans = (Span(0, 9, "D", identifiers=names[0][:2]), Span(14, 25, "D", identifiers=names[1]))
    variant = Span(14, 19, "V", identifiers=names[0][2:])
    documents = [Document("a", TEXT, spans), Document("b", TEXT, (variant,))]
    assert not write(documents, tmp_path / "out", format).lost
    assert [d.spans for d in read(tmp_path / "out")] == [spans, (variant,)]


def test_errors_name_the_place_in_xml(put: Put, tmp_path: Path) -> None:
    documents = [Document(id, TEXT, (Span(0, 9, "D"),)) for id in "ab"]
    write(documents, tmp_path / "x.xml", "bioc_xml")
    content = (tmp_path / "x.xml").read_text("utf-8")
    start, _, end = content.rpartition("</annotation>")
    with pytest.raises(FormatError, match=r"in collection/document\[2\]/passage/annotation: mism"):
        list(read(put(f"{start}</x>{end}", "y.xml")))


def test_errors_name_the_annotation_of_a_cas(tmp_path: Path) -> None:
    pytest.importorskip("cassis")
    write([Document("a", TEXT, (Span(14, 25, "D"),))], tmp_path / "out", "xmi")
    path = tmp_path / "out" / "a.xmi"
    content = path.read_text("utf-8")
    start = content.index("NamedEntity ")
    path.write_text(content[:start] + content[start:].replace('end="25"', 'end="26"', 1), "utf-8")
    list(read(path))
    path.write_text(content[:start] + content[start:].replace('begin="14"', 'begin="26"', 1))
    with pytest.raises(FormatError, match=r"a\.xmi: NamedEntity with the id \d+: mention 26:25"):
        list(read(path))
