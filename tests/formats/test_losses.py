"""What readers leave out is counted in one line. All texts are invented."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vaner.errors import FormatError
from vaner.formats import read, write
from vaner.formats.skipped_records import SkippedRecordsWarning
from vaner.formats.source import FormatWarning
from vaner.formats.unsupported_annotations import METADATA_FIELD, UNSUPPORTED
from vaner.text.documents import Document

Put = Callable[..., Path]


def read_counted(path: Path, expected: str, format: str | None = None) -> list[Document]:
    """Return the documents of a file after checking the line about what is left out."""
    with pytest.warns(SkippedRecordsWarning) as caught:
        documents = list(read(path, format))
    assert [str(w.message).partition(": left out: ")[2] for w in caught] == [expected]
    return documents


@pytest.mark.parametrize(
    "line",
    [
        "7\t0\tx\tScurvy\tDisease", "7\t0\t\tScurvy\tDisease\tD1", "7\t0.0\t6\tScurvy\tDisease",
        "7\t0", "7\t0\tD1", "7\t-3\tCID\tD2", "7\t 0 \tsix\tScurvy\tDisease\tD1",
    ],
)  # fmt: skip
def test_a_pubtator_line_with_one_number_is_an_error(put: Put, line: str) -> None:
    path = put(f"7|t|Scurvy at sea\n7|a|\n{line}\n7\tCID\t12\tD1\n\n", "x.pubtator")
    with pytest.raises(FormatError, match=r"x\.pubtator:3: document 7: offsets .* not integers"):
        list(read(path))
    errors: list[FormatError] = []
    (document,) = read(path, on_error=errors.append)
    assert len(errors) == 1 and document.metadata["pubtator"]["lines"] == ("CID\t12\tD1",)


def test_a_pubtator_line_with_offsets_alone_is_an_error(put: Put) -> None:
    path = put("7|t|Scurvy at sea\n7|a|\n7\t0\t6\n\n", "x.pubtator")
    with pytest.raises(FormatError, match=r"x\.pubtator:3: .*expected id, start, end, mention"):
        list(read(path))


def test_fields_that_bioc_does_not_have(put: Put) -> None:
    entry = {"id": "1", "infons": {"type": "Disease"}, "text": "Scurvy", "role": "agent",
             "locations": [{"offset": 0, "length": 6}]}  # fmt: skip
    passage = {"offset": 0, "text": "Scurvy at sea", "annotations": [entry], "infons": {}}
    record = {
        "_id": "7|None", "id": "7", "passages": [passage], "pmid": 7, "pmcid": None, "meta": {},
        "journal": "Sea", "relations_display": [{"name": "cause|@A|@B"}],
    }  # fmt: skip
    path = put(json.dumps({"PubTator3": [record, {**record, "id": "8"}]}), "x.json")
    expected = "fields pmid, journal, relations_display, role (8)"
    assert len(read_counted(path, expected)) == 2


def test_further_abstracts(put: Put) -> None:
    other = "<OtherAbstract Language='fre'><AbstractText>En mer.</AbstractText></OtherAbstract>"
    article = f"""<PubmedArticle><MedlineCitation><PMID>7</PMID><Article>
    <ArticleTitle>Scurvy</ArticleTitle><Abstract><AbstractText>At sea.</AbstractText></Abstract>
    </Article>{other}{other}</MedlineCitation></PubmedArticle>"""
    path = put(f"<PubmedArticleSet>{article}</PubmedArticleSet>", "x.xml")
    (document,) = read_counted(path, "a further abstract of an article (2)")
    assert document.text == "Scurvy\nAt sea."
    path = put("PMID- 7\nTI  - Scurvy\nAB  - At sea.\nOAB - En mer.\n", "x.nbib")
    assert len(read_counted(path, "a further abstract of an article (1)")) == 1


def test_other_parts_of_full_texts(put: Put) -> None:
    article = """<article><front><article-meta><article-id pub-id-type="pmc">7</article-id>
    <title-group><article-title>Scurvy</article-title></title-group></article-meta></front>
    <body><p>At sea.<fn><p>Or not.</p></fn></p></body>
    <back><ack><p>Thanks.</p></ack><ref-list><ref/></ref-list></back></article>"""
    assert len(read_counted(put(article, "x.nxml"), "a footnote (1); acknowledgments (1)")) == 1


def test_relations_and_comments_of_doccano_and_prodigy(put: Put, tmp_path: Path) -> None:
    record: dict[str, Any] = {
        "id": 1, "text": "Scurvy.", "entities": [{"id": 1, "label": "D", "start_offset": 0,
        "end_offset": 6}], "relations": [{"id": 2, "from_id": 1, "to_id": 1}], "Comments": ["?"],
        "label": [],
    }  # fmt: skip
    expected = "a relation (1); a comment (1)"
    (document,) = read_counted(put(json.dumps(record), "d.jsonl"), expected, "doccano")
    assert len(document.spans) == 1
    task = {"text": "Scurvy.", "spans": [], "relations": [{"head": 0, "child": 1}], "topic": "sea"}
    (document,) = read_counted(put(json.dumps(task), "p.jsonl"), "a relation (1)", "prodigy")
    write([document], tmp_path / "again.jsonl", "prodigy")
    assert json.loads((tmp_path / "again.jsonl").read_text())["topic"] == "sea"


def test_further_features_of_webanno(put: Put) -> None:
    lines = (
        "#FORMAT=WebAnno TSV 3.3\n#T_SP=webanno.custom.Finding|identifier|value|sure\n\n\n"
        "#Text=Scurvy hurts\n1-1\t0-6\tScurvy\tD1\tDisease\tyes\t\n1-2\t7-12\thurts\t_\t_\t_\t\n"
    )
    (document,) = read_counted(put(lines, "x.tsv"), "a further feature of a mention (1)")
    assert document.spans[0].identifiers == ("D1",)


def test_relations_of_a_json_record_are_counted_in_other_formats(put: Put, tmp_path: Path) -> None:
    record = {"id": "1", "text": "Scurvy", "spans": [], "relations": [{"a": 1}, {"a": 2}]}
    documents = list(read(put(json.dumps(record), "x.jsonl")))
    assert not write(documents, tmp_path / "again.jsonl").lost
    assert write(documents, tmp_path / "x.pubtator").lost == {UNSUPPORTED: 2}


def test_mentions_in_the_cells_of_a_table_are_reported(put: Put) -> None:
    cell = json.dumps([{"start": 0, "end": 6, "text": "Scurvy", "labels": ["D"]}])
    quoted = '"' + cell.replace('"', '""') + '"'
    path = put(f"id,text,label\n1,Scurvy,{quoted}\n2,Rest,[1]\n", "x.csv")
    with pytest.warns(FormatWarning, match="not read as mentions: label; use JSON"):
        assert len(list(read(path))) == 2


WITHOUT_FIELDS = [
    "pubtator", "bioc_xml", "bioc_json", "brat", "label_studio", "prodigy", "doccano",
    "pubannotation", "webanno",
]  # fmt: skip


@pytest.mark.parametrize("format", WITHOUT_FIELDS)
def test_metadata_fields_are_counted(put: Put, tmp_path: Path, format: str) -> None:
    fields = {"foo": 1, "empty": "", "sentences": [[0, 9]], "source": {"a": 1}}
    record = {"id": "1", "text": "Gout here", "spans": [], "bar": 0, "metadata": fields}
    documents = list(read(put(json.dumps(record), "a.jsonl")))
    assert write(documents, tmp_path / "out", format).lost == {METADATA_FIELD: 3}
    assert not write(documents, tmp_path / "b.jsonl").lost


TASK = {"id": 7, "data": {"text": "Gout", "ward": "3"}, "annotations": [{"result": []}]}
RECORDS = {
    "csv": ("id,text,year,note\n1,Gout,2026,\n", "a.csv"),
    "prodigy": (
        json.dumps({"text": "Gout", "meta": {"id": "1", "ward": "3"}, "answer": "accept"}),
        "a.jsonl",
    ),
    "doccano": (json.dumps({"id": 1, "text": "Gout", "label": [], "ward": "3"}), "a.jsonl"),
    "label_studio": (json.dumps([TASK]), "a.json"),
}


@pytest.mark.parametrize("source", RECORDS)
def test_columns_and_fields_of_tools_are_counted(put: Put, tmp_path: Path, source: str) -> None:
    documents = list(read(put(*RECORDS[source]), source))
    assert write(documents, tmp_path / "a.txt", "pubtator").lost == {METADATA_FIELD: 1}
    if source != "csv":
        assert not write(documents, tmp_path / "b.json", source).lost
