"""JSON of other programs: spaCy, GLiNER, BigBIO, BERN2, MedCATtrainer and records like theirs."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.formats.mentions import mentions
from vaner.errors import FormatError
from vaner.formats import FormatWarning, detect_format, read, write
from vaner.formats.dialects import DIALECTS, Dialect
from vaner.formats.skipped_records import SkippedRecordsWarning
from vaner.text.documents import Document, Span

TEXT = "Rat fever and hay fever."
FEVERS = [("Rat fever", "Disease"), ("hay fever", "Disease")]


@pytest.fixture
def put(tmp_path: Path) -> Any:
    def put(content: object, name: str = "file.json") -> Path:
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
        return path

    return put


def layouts(*records: object) -> list[str]:
    """Return files with the records: one per line, in a list, and indented."""
    return [
        "\n".join(map(json.dumps, records)),
        json.dumps(records),
        json.dumps(records, indent=2),
        "\n".join(json.dumps(record, indent=2) for record in records),
    ]


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_each_dialect_is_detected_and_read_in_any_layout(put: Any, dialect: Dialect) -> None:
    record = json.loads(dialect.example)
    for content in layouts(record, record):
        path = put(content)
        assert detect_format(path) == "jsonl"
        documents = list(read(path))
        assert [d.text.replace(" ", "") for d in documents] == ["Gout."] * 2
        assert [[text for text, _ in mentions(d)] for d in documents] == [["Gout"]] * 2


@pytest.mark.parametrize(
    "fields",
    [
        {"spans": [{"start": 0, "end": 9, "type": "Disease"}]},
        {"ner": [[0, 9, "Disease"]]},
        {"ents": [[0, 9, "Disease"]]},
        {"ner": [["Disease", 0, 9]]},
        {
            "annotations": [
                {"locations": [{"offset": 0, "length": 9}], "infons": {"type": "Disease"}}
            ]
        },
        {"mentions": [{"begin": 0, "end": 9, "entity_type": "Disease"}]},
        {"entities": [{"entity_group": "Disease", "word": "rat fever", "start": 0, "end": 9}]},
        {"entities": [{"labels": ["Disease"], "offset": 0, "length": 9}]},
        {"annotations": [{"span": [0, 9], "category": "Disease"}]},
        {"annotations": {"entities": [[0, 9, "Disease"]]}},
        {"label": [{"start": 0, "end": 9, "labels": ["Disease"]}]},
        {"spans": [], "entities": [{"start_char": 0, "end_char": 9, "label": "Disease"}]},
        {"entity_list": [{"text": "Rat fever", "type": "Disease", "char_span": [0, 9]}]},
        {"golden-entity-mentions": [{"start": 0, "end": 9, "entity-type": "Disease"}]},
    ],
    ids=json.dumps,
)
def test_mentions_under_other_names(put: Any, fields: dict[str, Any]) -> None:
    for content in layouts({"text": TEXT, **fields}):
        (document,) = read(put(content), "jsonl")
        assert mentions(document) == FEVERS[:1]


def test_lists_of_jsonl_records(put: Any, tmp_path: Path) -> None:
    spans = (Span(0, 9, "Disease", 0.5, ("MESH:D011906",)), Span(4, 9, "D", None, (), ()))
    documents = [Document(str(i), TEXT, spans, {"year": 2026}) for i in range(3)]
    write(documents, tmp_path / "own.jsonl")
    records = [json.loads(line) for line in (tmp_path / "own.jsonl").read_text().splitlines()]
    for content in layouts(*records):
        assert list(read(put(content))) == documents


def test_several_types_are_several_mentions(put: Any) -> None:
    (document,) = read(put({"text": TEXT, "spans": [{"start": 0, "end": 9, "labels": ["A", "B"]}]}))
    assert mentions(document) == [("Rat fever", "A"), ("Rat fever", "B")]


def test_text_under_other_names(put: Any) -> None:
    path = put([{"pmid": 7, "title": "Rat.", "abstract": "It bites."}, {"content": "Gout."}])
    first, second = read(path, "jsonl")
    assert (first.id, first.text) == ("7", "Rat.\nIt bites.")
    assert second.text == "Gout."
    for name in ("abstract_text", "abstractText"):
        (document,) = read(put([{"title": "Rat.", name: "It bites."}]))
        assert document.text == "Rat.\nIt bites."


def test_objects_with_all_documents(put: Any) -> None:
    record = {"content": TEXT, "annotations": [{"start": 0, "end": 9, "tag_name": "Disease"}]}
    for name in ("examples", "documents", "data"):
        documents = list(read(put({name: [record, record]})))
        assert [mentions(d) for d in documents] == [FEVERS[:1]] * 2
    for container in (
        {"articles": [record]},
        {"rasa_nlu_data": {"common_examples": [record], "lookup_tables": []}},
        {"hitCount": 1, "resultList": {"result": [record]}},
    ):
        assert [mentions(d) for d in read(put(container))] == [FEVERS[:1]]
    columns = {"text": {"0": TEXT, "1": "Gout."}, "ner": {"0": [[0, 9, "Disease"]], "1": []}}
    documents = list(read(put(columns)))
    assert [mentions(d) for d in documents] == [FEVERS[:1], []]


def test_a_bad_document_of_many_is_skipped(put: Any) -> None:
    errors: list[FormatError] = []
    path = put({"documents": [{"text": "Rat."}, {"text": 7}, {"text": "Gout."}]})
    assert [d.text for d in read(path, on_error=errors.append)] == ["Rat.", "Gout."]
    assert len(errors) == 1


def test_errors_in_lists_name_the_line(put: Any) -> None:
    content = json.dumps([{"text": "Rat."}, {"text": "Gout.", "ner": [[0, 9, "D"]]}], indent=1)
    with pytest.raises(FormatError, match=r"file\.json:5: document file-2: mention 0:9"):
        list(read(put(content)))
    with pytest.raises(FormatError, match=r"file\.json:\d+: broken JSON"):
        list(read(put(content[:-20]), "jsonl"))


@pytest.mark.parametrize("key", ["ner", "denotations"])
def test_errors_in_lists_on_one_line_name_the_document(put: Any, key: str) -> None:
    def make(end: int, **fields: Any) -> dict[str, Any]:
        span = {"span": {"begin": 0, "end": end}, "obj": "D"}
        return {"text": "Mumps.", key: [[0, end, "D"] if key == "ner" else span], **fields}

    id = {"id": "m7", "sourceid": "m7"}
    with pytest.raises(FormatError, match=r"file\.json:1: document m7: mention 0:9"):
        list(read(put([make(5), make(9, **id)])))
    with pytest.raises(FormatError, match=r"file\.json:1: document m7: text is int"):
        list(read(put([make(5), {**make(5, **id), "text": 7}])))
    for position, records in ((1, [make(9), make(5)]), (2, [make(5), make(9)])):
        with pytest.raises(FormatError, match=rf"document file-{position}: mention 0:9"):
            list(read(put(records)))


def test_a_broken_line_is_skipped(put: Any) -> None:
    errors: list[FormatError] = []
    path = put('{"text": "Rat."\n{"text": "Gout."}\n', "x.jsonl")
    assert [d.text for d in read(path, on_error=errors.append)] == ["Gout."]
    assert [error.line for error in errors] == [1]


def test_mentions_that_are_not_read_are_reported_once_per_file(put: Any) -> None:
    records = [
        {"text": TEXT, "spans": [{"start": 0, "end": 9, "type": "Disease"}]},
        {"text": TEXT, "findings": [{"start": 0, "end": 9, "type": "Disease"}]},
        {"text": TEXT, "findings": [[[0, 9, "Disease"]]]},
    ]
    with pytest.warns(FormatWarning, match=r"file\.json: not read as mentions: findings$") as all:
        assert len(list(read(put(records)))) == 3
    assert len(all) == 1


def test_mentions_without_type_or_position_are_reported(put: Any) -> None:
    for value in (["B-Disease", "O"], [[0, 5]], ["Mumps"], [{"name": "Mumps"}]):
        with pytest.warns(FormatWarning, match="not read as mentions: ner$"):
            (document,) = read(put({"text": "Mumps hurt today", "ner": value}))
        assert document.spans == ()
    with pytest.warns(FormatWarning, match="not read as mentions: row$"):
        list(read(put({"text": "Mumps hurt today", "row": ["B-Disease", "O"]})))
    with pytest.raises(FormatError, match="there are ner_tags, but no tokens"):
        list(read(put({"text": "Mumps hurt today", "ner_tags": ["B-Disease", "O"]})))


def test_unknown_types_are_reported(put: Any) -> None:
    path = put({"text": TEXT, "entities": [{"start": 0, "end": 9, "sort": "Disease"}]})
    with pytest.warns(SkippedRecordsWarning, match=r"type of a mention.* \(1\)"):
        (document,) = read(path)
    assert mentions(document) == [("Rat fever", "")]


# spaCy ------------------------------------------------------------------------------------------


def test_spacy_2_without_raw_text_and_with_missing_tags(put: Any) -> None:
    tokens = [{"orth": "Rat", "ner": "B-D"}, {"orth": "fever", "ner": "L-D"}, {"orth": "."}]
    tokens += [{"orth": "It", "ner": "-"}]
    paragraph = {"sentences": [{"tokens": tokens[:3]}, {"tokens": tokens[3:]}]}
    first, second = read(put([{"id": 5, "paragraphs": [paragraph, paragraph]}]))
    assert (first.id, second.id) == ("5-1", "5-2")
    assert mentions(first) == [("Rat fever", "D")]
    assert first.text == "Rat fever . It"


def test_spacy_docs_with_groups_of_spans_and_links(put: Any) -> None:
    ent = {"start": 0, "end": 9, "label": "Disease", "kb_id": "D011906"}
    nested = {"start": 4, "end": 9, "label": "Symptom"}
    (document,) = read(put({"text": TEXT, "ents": [ent], "spans": {"sc": [ent, nested]}}))
    assert mentions(document) == [("Rat fever", "Disease"), ("fever", "Symptom")]
    assert document.spans[0].identifiers == ("D011906",)


def test_ner_annotator(put: Any) -> None:
    example = [TEXT, {"entities": [[0, 9, "Disease"], [14, 23, "Disease"]]}]
    (document,) = read(put({"classes": ["Disease"], "annotations": [example, None]}))
    assert mentions(document) == FEVERS


def test_spacy_agrees_with_spacy(put: Any) -> None:
    spacy = pytest.importorskip("spacy")
    doc = spacy.blank("en")(TEXT)
    doc.ents = [doc.char_span(0, 9, "Disease"), doc.char_span(14, 23, "Disease")]
    (document,) = read(put(doc.to_json()))
    assert document.text == doc.text
    assert mentions(document) == [(ent.text, ent.label_) for ent in doc.ents]


def test_docbin(tmp_path: Path, put: Any) -> None:
    spacy = pytest.importorskip("spacy")
    doc = spacy.blank("en")(TEXT)
    doc.ents = [doc.char_span(0, 9, "Disease"), doc.char_span(14, 23, "Disease")]
    spacy.tokens.DocBin(docs=[doc, spacy.blank("en")("Gout.")]).to_disk(tmp_path / "train.spacy")
    assert detect_format(tmp_path / "train.spacy") == "docbin"
    first, second = read(tmp_path / "train.spacy")
    assert (first.id, first.text, mentions(first)) == ("train-1", TEXT, FEVERS)
    assert (second.text, second.spans) == ("Gout.", ())
    with pytest.raises(FormatError, match="cannot be read as DocBin"):
        list(read(put("no DocBin", "x.spacy")))


# Tokens -----------------------------------------------------------------------------------------


def test_last_tokens_are_included(put: Any) -> None:
    words = TEXT.removesuffix(".").split()
    gliner = {"tokenized_text": words, "ner": [[0, 1, "Disease"], [3, 4, "Disease"]]}
    dygie = {
        "doc_key": "9",
        "sentences": [words[:3], words[3:]],
        "ner": [[[0, 1, "Disease"]], [[3, 4, "Disease"]]],
        "relations": [[], [[0, 1, 3, 4, "r"]]],
    }
    for record in (gliner, {"tokens": words, "ner": gliner["ner"]}):
        (document,) = read(put(record))
        assert mentions(document) == FEVERS
    with pytest.warns(SkippedRecordsWarning, match=r"left out: relation \(1\)"):
        (document,) = read(put(dygie))
    assert (document.id, mentions(document)) == ("9", FEVERS)
    with pytest.raises(FormatError, match="5 tokens"):
        list(read(put({"tokenized_text": words, "ner": [[0, 7, "Disease"]]})))


def test_dygie_documents_without_mentions(put: Any) -> None:
    (document,) = read(put({"doc_key": "9", "sentences": [["Mumps", "today"], ["."]]}))
    assert (document.id, document.text, document.spans) == ("9", "Mumps today .", ())


# Corpora and services ---------------------------------------------------------------------------

BIGBIO = {
    "id": "0",
    "document_id": "23",
    "passages": [
        {"id": "1", "type": "title", "text": ["Rat fever."], "offsets": [[0, 10]]},
        {"id": "2", "type": "abstract", "text": ["Hay and cat fever."], "offsets": [[12, 30]]},
    ],
    "entities": [
        {
            "id": "3", "type": "Disease", "text": ["Rat fever"], "offsets": [[0, 9]],
            "normalized": [{"db_name": "MESH", "db_id": "D011906"}],
        },
        {
            "id": "4", "type": "Disease", "text": ["Hay", "fever"], "offsets": [[12, 15], [24, 29]],
            "normalized": [],
        },
    ],
    "events": [],
    "coreferences": [],
    "relations": [{"id": "5", "type": "r", "arg1_id": "3", "arg2_id": "4", "normalized": []}],
}  # fmt: skip


def check_bigbio(document: Document) -> None:
    assert (document.id, document.text) == ("23", "Rat fever.\n Hay and cat fever.")
    assert document.spans == (
        Span(0, 9, "Disease", None, ("MESH:D011906",)),
        Span(12, 29, "Disease", None, (), ((12, 15), (24, 29))),
    )


def test_bigbio_rows(put: Any, tmp_path: Path) -> None:
    pq.write_table(pa.Table.from_pylist([BIGBIO]), tmp_path / "rows.parquet")
    for path in (put(BIGBIO), put([BIGBIO], "list.json"), tmp_path / "rows.parquet"):
        with pytest.warns(SkippedRecordsWarning, match=r"left out: relations \(1\)"):
            (document,) = read(path)
        check_bigbio(document)
    write([document], tmp_path / "again.xml", "bioc_xml")
    (again,) = read(tmp_path / "again.xml")
    kinds = [p["infons"]["type"] for p in again.metadata["bioc"]["passages"]]
    assert kinds == ["title", "abstract"] and again.text == document.text
    write([document], tmp_path / "again.pubtator", "pubtator")
    title, abstract, *_ = (tmp_path / "again.pubtator").read_text().splitlines()
    assert (title, abstract) == ("23|t|Rat fever.", "23|a| Hay and cat fever.")


def test_bern2_identifiers_and_missing_scores(put: Any) -> None:
    entry = {"mention": "Rat fever", "obj": "disease", "span": {"begin": 0, "end": 9}}
    known = {**entry, "id": ["mesh:D011906", "mim:1"], "prob": 0.5}
    unknown = {**entry, "id": ["CUI-less"], "prob": None}
    (document,) = read(put([{"pmid": "8", "text": TEXT, "annotations": [known, unknown]}]))
    assert document.id == "8"
    assert [(s.score, s.identifiers) for s in document.spans] == [
        (0.5, ("mesh:D011906", "mim:1")), (None, ()),
    ]  # fmt: skip


def test_kazu_sections_are_joined(put: Any) -> None:
    entity = {
        "match": "fever", "entity_class": "disease", "start": 4, "end": 9,
        "spans": [{"start": 4, "end": 9}], "mappings": [{"idx": "MONDO:1", "source": "MONDO"}],
    }  # fmt: skip
    sections = [{"text": "Rat fever", "name": n, "entities": [entity]} for n in ("title", "body")]
    (document,) = read(put({"idx": "k", "sections": sections}))
    assert document.text == "Rat fever\nRat fever"
    assert [(s.start, s.end, s.identifiers) for s in document.spans] == [
        (4, 9, ("MONDO:1",)), (14, 19, ("MONDO:1",)),
    ]  # fmt: skip


def test_tagged_subwords_become_mentions(put: Any) -> None:
    def subword(tag: str, word: str, start: int, score: float) -> dict[str, Any]:
        end = start + len(word.removeprefix("##"))
        return {"entity": tag, "word": word, "start": start, "end": end, "score": score}

    entities = [
        subword("B-Disease", "Rat", 0, 0.5), subword("I-Disease", "fe", 4, 0.7),
        subword("I-Disease", "##ver", 6, 0.9), subword("B-Disease", "hay", 14, 0.5),
        subword("B-Disease", "fever", 18, 0.5),
    ]  # fmt: skip
    (document,) = read(put({"text": TEXT, "entities": entities}))
    assert mentions(document) == [
        ("Rat fever", "Disease"),
        ("hay", "Disease"),
        ("fever", "Disease"),
    ]
    assert document.spans[0].score == pytest.approx(0.7)


def test_rejected_mentions_of_medcat_are_counted(put: Any) -> None:
    entry = {"start": 0, "end": 9, "value": "Rat fever", "cui": "1", "correct": True}
    wrong = [{**entry, "deleted": True}, {**entry, "correct": False}]
    document = {"id": 4, "name": "note", "text": TEXT, "annotations": [entry, *wrong]}
    path = put({"projects": [{"name": "p", "documents": [document]}]})
    with pytest.warns(SkippedRecordsWarning, match=r"mention rejected by an annotator \(2\)"):
        (read_document,) = read(path)
    assert read_document.id == "note"
    assert read_document.spans == (Span(0, 9, "Concept", None, ("1",)),)


def test_documents_of_medcat_without_mentions(put: Any) -> None:
    empty = {"id": 1, "name": "first", "text": "No finding.", "annotations": []}
    entry = {"start": 0, "end": 5, "value": "Mumps", "cui": "9"}
    full = {"id": 2, "name": "second", "text": "Mumps.", "annotations": [entry]}
    projects = [{"name": "p", "documents": [empty]}, {"name": "q", "documents": [full, 7]}]
    errors: list[FormatError] = []
    first, second = read(put({"projects": projects}), on_error=errors.append)
    assert (first.id, first.spans) == ("first", ())
    assert (second.id, second.spans) == ("second", (Span(0, 5, "Concept", None, ("9",)),))
    assert len(errors) == 1
    other = {"text": "Mumps.", "annotations": [{"span": {"begin": 0, "end": 5}, "cui": "9"}]}
    assert next(iter(read(put(other)))).spans == second.spans
    entry["value"] = "Gumps"
    with pytest.raises(FormatError, match="document second: mention 0:5"):
        list(read(put({"projects": [{"documents": [empty, full]}]})))


def test_other_formats_are_still_detected(put: Any) -> None:
    passage = {"offset": 0, "text": "Gout."}
    bioc = {"id": "1", "passages": [passage]}
    task = {"data": {"text": "Gout."}, "predictions": []}
    files = {
        "bioc_json": [bioc, [bioc], {"documents": [bioc]}, {"PubTator3": [bioc]}],
        "label_studio": [[task], [{"id": 1, "text": "Gout.", "annotation_id": 4}]],
        "doccano": [{"text": "Gout.", "label": [[0, 4, "D"]]}],
        "prodigy": [{"text": "Gout.", "spans": [{"start": 0, "end": 4, "label": "D"}]}],
    }
    for format, contents in files.items():
        for content in contents:
            assert detect_format(put(content)) == format, content


def test_lists_of_anything_else_are_refused(put: Any) -> None:
    for content in ([1, 2], [{"a": 1}], {"a": {"b": 1}}, [[1], [2]]):
        with pytest.raises(FormatError), warnings.catch_warnings():
            list(read(put(content)))


@pytest.mark.parametrize("field", ["pmid", "doc_id", "document_id"])
def test_documents_are_named_by_a_usual_field(tmp_path: Path, field: str) -> None:
    path = tmp_path / "x.jsonl"
    entity = {"start": 4, "end": 8, "label": "Disease"}
    rows = [
        {field: 7, "text": "Her gout."},
        {field: 7, "text": "His gout.", "entities": [entity]},
        {field: "a", "title": "Gout", "abstract": "It hurts."},
        {field: "a", "id": "b", "text": "Gout."},
        {field: None, "text": "Gout."},
    ]
    path.write_text("\n".join(map(json.dumps, rows)))
    assert [document.id for document in read(path)] == ["7", "7-1", "a", "b", "x-5"]
