"""Habits of other exporters: what offsets count, separators, encodings, headers, names of tags."""

from __future__ import annotations

import codecs
import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.formats.mentions import mentions
from tests.formats.test_publications import make_zip
from vaner.errors import FormatError
from vaner.formats import detect_format, read
from vaner.formats.skipped_records import SkippedRecordsWarning
from vaner.formats.source import FormatWarning
from vaner.text.documents import Document

Put = Callable[..., Path]
TEXT = "Gout 😷 and TNF-α\r\nrise in Ménière’s disease."
MENTIONS = [("Gout", "Disease"), ("TNF-α", "Gene"), ("Ménière’s disease", "Disease")]
Counting = Callable[[str, int], int]


def read_one(path: Path, format: str | None = None) -> Document:
    """Return the only document of a file, read without a warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (document,) = read(path, format)
    return document


# Offsets ----------------------------------------------------------------------------------------

COUNTINGS: dict[str, tuple[Counting, Counting]] = {
    "count UTF-16 units": (
        lambda text, i: len(text[:i].encode("utf-16-le")) // 2,
        lambda text, i: len(text[:i].encode("utf-16-le")) // 2,
    ),
    "count bytes": (lambda text, i: len(text[:i].encode()), lambda text, i: len(text[:i].encode())),
    "count the two characters of a line end as one": (
        lambda text, i: len(text[:i].replace("\r\n", "\n")),
        lambda text, i: len(text[:i].replace("\r\n", "\n")),
    ),
    "do not count line ends": (
        lambda text, i: len("".join(text[:i].splitlines())),
        lambda text, i: len("".join(text[:i].splitlines())),
    ),
    "include the last character": (lambda text, i: i, lambda text, i: i - 1),
    "count from 1 and include the last character": (lambda text, i: i + 1, lambda text, i: i),
    "count from 1": (lambda text, i: i + 1, lambda text, i: i + 1),
}


def locate(text: str, count: tuple[Counting, Counting]) -> list[tuple[int, int, str, str]]:
    """Return start, end, mention and type of the mentions in the offsets of a program."""
    located = []
    for mention, type in MENTIONS:
        start = text.index(mention)
        offsets = count[0](text, start), count[1](text, start + len(mention))
        located.append((*offsets, mention, type))
    return located


def write_file(format: str, put: Put, count: tuple[Counting, Counting]) -> Path:
    text = TEXT.replace("\r\n", "\n") if format in ("pubtator", "bioc_json") else TEXT
    located = locate(text, count)
    if format == "brat":
        put(text, "a.txt")
        lines = (f"T{n}\t{t} {s} {e}\t{m}\n" for n, (s, e, m, t) in enumerate(located, 1))
        return put("".join(lines), "a.ann")
    if format == "pubtator":
        title, abstract = text.split("\n")
        lines = (f"1\t{s}\t{e}\t{m}\t{t}\tX:1\n" for s, e, m, t in located)
        return put(f"1|t|{title}\n1|a|{abstract}\n{''.join(lines)}\n", "a.pubtator")
    if format == "bioc_json":
        annotations = [
            {
                "text": m, "infons": {"type": t},
                "locations": [{"offset": s, "length": e - s}],
            }
            for s, e, m, t in located
        ]  # fmt: skip
        passage = {"offset": 0, "text": text, "annotations": annotations}
        return put(json.dumps({"documents": [{"id": "1", "passages": [passage]}]}), "a.json")
    spans = [{"start": s, "end": e, "type": t, "text": m} for s, e, m, t in located]
    return put(json.dumps({"text": text, "spans": spans}), "a.jsonl")


@pytest.mark.parametrize("format", ["brat", "pubtator", "bioc_json", "jsonl"])
@pytest.mark.parametrize("description", COUNTINGS)
def test_offsets_that_count_something_else(put: Put, format: str, description: str) -> None:
    path = write_file(format, put, COUNTINGS[description])
    if "two characters" in description and format in ("pubtator", "bioc_json"):
        assert mentions(read_one(path)) == MENTIONS  # there is no \r
        return
    with pytest.warns(FormatWarning) as caught:
        (document,) = read(path)
    assert mentions(document) == MENTIONS
    (message,) = [str(warning.message) for warning in caught]
    assert message.endswith(f" {description}; converted") and "document " in message


@pytest.mark.parametrize(
    ("text", "counted", "description"),
    [
        ("\n  Rat fever, gout", "Rat fever, gout", "do not count white space at the start"),
        (" Rat \n fever,  gout", "Rat fever, gout", "count several spaces as one"),
        ("&lt; 5 Rat fever, gout", "< 5 Rat fever, gout", "count entities such as &lt; as one"),
        ("< 5 Rat & fever, gout", "&lt; 5 Rat &amp; fever, gout", "count < as the four characters"),
        ("Cafe\u0301: Rat fever, gout", "Caf\u00e9: Rat fever, gout", "do not count accents"),
        ("Caf\u00e9\u2014 Rat fever, gout", "Cafe\u0301\u2014 Rat fever, gout", "count accents as"),
    ],
)
def test_offsets_of_a_text_that_was_changed(
    put: Put, text: str, counted: str, description: str
) -> None:
    starts = [(counted.index(mention), mention) for mention in ("Rat", "fever", "gout")]
    spans = [{"start": s, "end": s + len(m), "type": "D", "text": m} for s, m in starts]
    with pytest.warns(FormatWarning, match=description):
        (document,) = read(put(json.dumps({"text": text, "spans": spans}), "a.jsonl"))
    assert mentions(document) == [("Rat", "D"), ("fever", "D"), ("gout", "D")]


def test_a_wrong_mention_does_not_move_the_others(put: Put) -> None:
    spans = [{"start": 0, "end": 3, "text": "Rat"}, {"start": 4, "end": 8, "text": "fever"}]
    record = {"text": "Rat fever.", "spans": [{**span, "type": "D"} for span in spans]}
    errors: list[FormatError] = []
    (document,) = read(put(json.dumps(record), "a.jsonl"), on_error=errors.append)
    assert mentions(document) == [("Rat", "D")] and len(errors) == 1


def test_offsets_of_a_passage(put: Put) -> None:
    passages = [{"offset": 0, "text": "Title."}, {"offset": 7, "text": "Rat fever hurts."}]
    location = {"offset": 0, "length": 9}
    annotation = {"text": "Rat fever", "infons": {"category": "D"}, "locations": location}
    passages[1]["annotations"] = [annotation]
    with pytest.warns(FormatWarning, match="count from the start of the passage; converted"):
        (document,) = read(put(json.dumps({"documents": [{"passages": passages}]}), "a.json"))
    assert mentions(document) == [("Rat fever", "D")]


@pytest.mark.parametrize("pair", [("0", "9"), (0.0, 9.0), (" 0", 9)])
def test_offsets_as_strings_and_decimals(put: Put, pair: tuple[Any, Any]) -> None:
    start, end = pair
    text = {"text": "Rat fever hurts."}
    value = {"start": start, "end": end, "labels": ["D"]}
    denotation = {"id": "T1", "span": {"begin": start, "end": end}, "obj": "D"}
    for record in (
        {"data": text, "annotations": [{"result": [{"type": "labels", "value": value}]}]},
        {**text, "spans": [{"start": start, "end": end, "type": "D"}]},
        {**text, "spans": [{"start": start, "end": end, "label": "D"}], "answer": "accept"},
        {**text, "label": [[start, end, "D"]]},
        {**text, "denotations": [denotation]},
    ):
        assert mentions(read_one(put(json.dumps(record), "a.jsonl"))) == [("Rat fever", "D")]


@pytest.mark.parametrize("denotation", [{"span": [0, 9]}, {"begin": 0, "end": 9}])
def test_spans_of_pubannotation(put: Put, denotation: dict[str, Any]) -> None:
    record = {"text": "Rat fever hurts.", "denotations": [{**denotation, "obj": "D"}]}
    assert mentions(read_one(put(json.dumps(record), "a.json"))) == [("Rat fever", "D")]


# Layout -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        "T1\tD\t0\t9\tRat fever", "T1 D 0 9 Rat fever", "T1\tD 0 9", "T1   D  0  9   Rat fever",
        "T1\tD 0 9\tRat\u00a0fever", "\ufeffT1\tD 0 9\tRat fever\r",
    ],
)  # fmt: skip
def test_mention_lines_of_brat(put: Put, line: str) -> None:
    put("Rat fever hurts.", "a.txt")
    assert mentions(read_one(put(line, "a.ann"))) == [("Rat fever", "D")]


def test_tools_write_json_over_several_lines_and_in_lists(put: Put) -> None:
    prodigy = {"text": "Rat fever.", "spans": [{"start": 0, "end": 9, "label": "D"}]}
    doccano = {"text": "Rat fever.", "label": [[0, 9, "D"]]}
    for format, record in (("prodigy", prodigy), ("doccano", doccano)):
        for content in (json.dumps(record, indent=1), json.dumps([record])):
            path = put("\ufeff" + content, "a.json")
            assert mentions(read_one(path, format)) == [("Rat fever", "D")]


@pytest.mark.parametrize(
    "content",
    [
        "# made by a program\n1|t|Rat fever\n1|a|It hurts.\n{}",
        "\n1 | t | Rat fever\n1 | a | It hurts.\n{}",
        "\ufeff1|t|Rat fever\r\n1|a|It hurts.\r\n{}\r\n",
    ],
)
def test_layouts_of_pubtator(put: Put, content: str) -> None:
    path = put(content.format("1\t0\t9\tRat fever\tD\tX:1"), "a.txt")
    assert detect_format(path) == "pubtator"
    document = read_one(path)
    assert (document.id, document.text) == ("1", "Rat fever\nIt hurts.")
    assert mentions(document) == [("Rat fever", "D")]


def test_mentions_before_their_text_are_not_plain_text(put: Put) -> None:
    path = put("1\t0\t3\tRat\tD\n1|t|Rat fever\n1|a|\n", "a.txt")
    with pytest.raises(FormatError, match=r"a\.txt:1: expected ID\|t\|Title at the beginning"):
        list(read(path))


@pytest.mark.parametrize("mark", [codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE])
def test_utf_16_with_a_byte_order_mark(put: Put, mark: bytes) -> None:
    encoding = "utf-16-le" if mark == codecs.BOM_UTF16_LE else "utf-16-be"
    path = put(mark + "id\ttext\r\n1\tMénière 😷\r\n".encode(encoding), "a.txt")
    assert detect_format(path) == "csv"
    assert read_one(path).text == "Ménière 😷"


def test_a_namespace_of_bioc(put: Put) -> None:
    content = (
        '<collection xmlns="http://example.org"><document><id>1</id><passage><offset>0</offset>'
        '<text>Rat fever.</text><annotation id="1"><infon key="type">D</infon>'
        '<location offset="0" length="9"/><text>Rat fever</text></annotation></passage></document>'
        "</collection>"
    )
    assert mentions(read_one(put(content, "a.xml"))) == [("Rat fever", "D")]


# Tokens and tags --------------------------------------------------------------------------------

TOKENS = [("Rat", "B-D"), ("fever", "I-D"), (",", "O")]
HEADERS = [("word", "tag"), ("Token", "NER_Tag"), ("form", "label")]


@pytest.mark.parametrize("delimiter", ["\t", ",", ";"])
@pytest.mark.parametrize("header", HEADERS)
@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.txt"])
def test_tables_of_tokens(put: Put, delimiter: str, header: tuple[str, str], name: str) -> None:
    rows = [header, *((f'"{word}"' if word == delimiter else word, tag) for word, tag in TOKENS)]
    path = put("\r\n".join(delimiter.join(row) for row in rows), name)
    assert detect_format(path) == "conll"
    document = read_one(path)
    assert (document.text, mentions(document)) == ("Rat fever ,", [("Rat fever", "D")])


def test_sentences_of_a_table_of_tokens(put: Put) -> None:
    rows = (
        "Sentence #,Word,POS,Tag\nSentence: 1,Rat,NN,B-D\n,fever,NN,I-D\nSentence: 2,Gout,NN,B-D\n"
    )
    documents = list(read(put(rows, "ner.csv")))
    assert [mentions(document) for document in documents] == [[("Rat fever", "D")], [("Gout", "D")]]
    assert documents[0].metadata["columns"] == (("NN",), ("NN",))


DOCUMENTS = {
    "doc_id,sentence_id,token,label": ("d1,0,Gout,B-D", "d1,0,in,O", "d2,0,rat,B-S", "d2,0,x,O"),
    "sent_id,word,ner,pmid": ("1,Gout,B-D,d1", "1,in,O,d1", "1,rat,B-S,d2", "1,x,O,d2"),
    "document_id,Sentence #,token,tag": ("d1,1,Gout,B-D", ",,in,O", "d2,1,rat,B-S", ",,x,O"),
}


@pytest.mark.parametrize("delimiter", ["\t", ","])
@pytest.mark.parametrize("header", DOCUMENTS)
def test_documents_and_sentences_of_a_table_of_tokens(
    put: Put, header: str, delimiter: str
) -> None:
    content = "\n".join((header, *DOCUMENTS[header])).replace(",", delimiter)
    first, second = read(put(content, "tok.csv"))
    assert (first.id, first.text, mentions(first)) == ("d1", "Gout in", [("Gout", "D")])
    assert (second.id, second.text, mentions(second)) == ("d2", "rat x", [("rat", "S")])
    assert "columns" not in first.metadata


def test_sentences_in_the_documents_of_a_table_of_tokens(put: Put) -> None:
    rows = ("pmid\tsent_id\tword\tner", "7\t1\tGout\tB-D", "7\t2\tRat\tO", "8\t2\tFlu\tB-D")
    documents = list(read(put("\n".join(rows), "tok.tsv")))
    assert [(document.id, document.text) for document in documents] == [
        ("7", "Gout\nRat"),
        ("8", "Flu"),
    ]
    assert documents[0].metadata["sentences"] == ((0, 4), (5, 8))


@pytest.mark.parametrize("name", ["doc_id", "document_id", "pmid", "sentence_id"])
def test_one_column_of_documents_or_sentences(put: Put, name: str) -> None:
    content = f"{name},token,tag\n1,Gout,B-D\n1,in,O\n2,rat,B-S\n"
    documents = list(read(put(content, "tok.csv")))
    assert [(document.id, document.text) for document in documents] == [
        ("tok-1", "Gout in"),
        ("tok-2", "rat"),
    ]


def test_documents_without_an_id_in_a_table_of_tokens(put: Put) -> None:
    content = "doc_id,sentence_id,token,tag\n,,Gout,B-D\n,,in,O\n,1,rat,B-S\n"
    document = read_one(put(content, "tok.csv"))
    assert (document.id, document.text) == ("tok-1", "Gout in rat")


def test_a_quotation_mark_is_a_token_between_tabs(put: Put) -> None:
    rows = ("0\tGout\tB-D", '0\t"\tO', "0\tbad\tO", "1\tRat\tB-S", '1\t"fever\tO')
    path = put("\n".join(("sentence_id\tword\ttag", *rows)), "tok.tsv")
    assert [document.text for document in read(path)] == ['Gout " bad', 'Rat "fever']


def test_a_table_of_labeled_texts_is_not_a_table_of_tokens(put: Put) -> None:
    assert detect_format(put("text,label\nRat fever hurts.,sick\n", "a.csv")) == "csv"
    assert detect_format(put("word,tag\nRat fever hurts,a b\n", "a.txt")) == "text"


@pytest.mark.parametrize("tags", ["b-D i-D o", "B_D I_D O", "D-B D-I O", "B:D I:D O"])
def test_spellings_of_tags(put: Put, tags: str) -> None:
    rows = zip([word for word, _ in TOKENS], tags.split(), strict=True)
    path = put("\n".join("\t".join(row) for row in rows), "a.tsv")
    assert mentions(read_one(path)) == [("Rat fever", "D")]


def test_types_without_a_prefix(put: Put) -> None:
    with pytest.warns(FormatWarning, match="tags are types without B- and I-"):
        (document,) = read(put("Rat\tDisease\nfever\tDisease\n.\tO\n", "a.tsv"))
    assert mentions(document) == [("Rat fever", "Disease")]


NUMBERED = {"tokens": ["Rat", "fever", "."], "ner_tags": [1, 2, 0]}
NAMES = ["O", "B-D", "I-D"]
FEATURE = {"feature": {"names": NAMES, "_type": "ClassLabel"}, "_type": "Sequence"}
CARD = """---
dataset_info:
  features:
  - name: ner_tags
    sequence:
      class_label:
        names:
          '0': O
          '1': B-D
          '2': I-D
---
# Rats
"""


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("dataset_info.json", json.dumps({"features": {"ner_tags": FEATURE}})),
        ("dataset_infos.json", json.dumps({"default": {"features": {"ner_tags": FEATURE}}})),
        ("dataset_info.json", json.dumps({"features": {"ner_tags": [FEATURE["feature"]]}})),
        ("README.md", CARD),
        ("label.json", json.dumps({"O": 0, "B-D": 1, "I-D": 2})),
        ("id2label.json", json.dumps({"2": "I-D", "0": "O", "1": "B-D"})),
        ("labels.json", json.dumps(NAMES)),
    ],
)
def test_names_of_tags_next_to_the_file(put: Put, name: str, content: str) -> None:
    path = put(json.dumps(NUMBERED), "train.jsonl")
    assert mentions(read_one(path)) == [("Rat fever", "")]
    put(content, name)
    assert mentions(read_one(path)) == [("Rat fever", "D")]


@pytest.mark.parametrize("field", ["label_names", "id2label", "tag_names"])
def test_names_of_tags_around_the_records(put: Put, field: str) -> None:
    names = dict(enumerate(NAMES)) if field == "id2label" else NAMES
    path = put(json.dumps({field: names, "data": [NUMBERED]}), "a.json")
    assert mentions(read_one(path)) == [("Rat fever", "D")]


@pytest.mark.parametrize(
    "record",
    [
        {"words": ["Rat", "fever", "."], "labels": ["B-D", "I-D", "O"]},
        {"words": ["Rat", "fever", "."], "ner": ["B-D", "I-D", "O"]},
        {"tokens": "Rat fever .", "ner_tags": "B-D I-D O"},
    ],
)
def test_names_of_tokens_and_tags(put: Put, record: dict[str, Any]) -> None:
    assert mentions(read_one(put(json.dumps(record), "a.jsonl"))) == [("Rat fever", "D")]


@pytest.mark.parametrize("separator", ["\t", " "])
def test_the_tag_may_be_first(put: Put, separator: str) -> None:
    path = put("B-D\tRat\nI-D\tfever\nO\t.\n".replace("\t", separator), "a.txt")
    assert mentions(read_one(path)) == [("Rat fever", "D")]


def test_words_that_look_like_tags_are_text(put: Put) -> None:
    path = put("acute B-cell leukemia\nchronic B-cell leukemia\n", "a.txt")
    assert detect_format(path) == "text"


def test_columns_and_rows_of_datasets(put: Put) -> None:
    columns = {"tokens": [["Rat", "fever"], ["."]], "ner_tags": [["B-D", "I-D"], ["O"]]}
    first, second = read(put(json.dumps(columns), "a.json"))
    assert mentions(first) == [("Rat fever", "D")] and second.text == "."
    feature = {"feature_idx": 0, "name": "ner_tags", "type": FEATURE}
    viewer = {"features": [feature], "rows": [{"row_idx": 0, "row": NUMBERED}]}
    assert mentions(read_one(put(json.dumps(viewer), "b.json"))) == [("Rat fever", "D")]


# Other programs ---------------------------------------------------------------------------------


def test_dataturks_includes_the_last_character(put: Put) -> None:
    points = [{"start": 0, "end": 8, "text": "Rat fever"}]
    record = {"content": "Rat fever.", "annotation": [{"label": ["D"], "points": points}]}
    assert mentions(read_one(put(json.dumps(record), "a.json"))) == [("Rat fever", "D")]
    assert read_one(put(json.dumps({**record, "annotation": None}), "b.json")).spans == ()


def test_pairs_of_text_and_triples(put: Put) -> None:
    pairs = [["Rat fever.", [[0, 9, "D"]]]]
    assert mentions(read_one(put(json.dumps(pairs), "a.json"))) == [("Rat fever", "D")]


def test_labels_of_doccano_as_objects(put: Put) -> None:
    label = {"start_offset": 2, "end_offset": 11, "label": "D"}
    path = put(json.dumps({"id": 1, "data": "😷Rat fever", "label": [label]}), "a.jsonl")
    assert detect_format(path) == "doccano"
    assert mentions(read_one(path)) == [("Rat fever", "D")]


def test_an_archive_of_inception(put: Put) -> None:
    pytest.importorskip("cassis")
    from tests.formats.test_inception import XMI

    archive = make_zip({"a.xmi": XMI, "TypeSystem.xml": "<typeSystemDescription/>"})
    with pytest.warns(SkippedRecordsWarning):
        (document,) = read(put(archive, "a.zip"))
    assert mentions(document)[0][1] == "Disease"


def test_passages_without_offsets(put: Put) -> None:
    location = {"offset": 7, "length": 9}
    annotation = {"text": "Rat fever", "infons": {"type": "D"}, "locations": [location]}
    passages = [{"text": "Title."}, {"text": "Rat fever.", "annotations": [annotation]}]
    document = read_one(put(json.dumps({"documents": [{"passages": passages}]}), "a.json"))
    assert document.text == "Title.\nRat fever." and mentions(document) == [("Rat fever", "D")]


def test_a_cas_in_json(put: Put) -> None:
    pytest.importorskip("cassis")
    label = {"%NAME": "label", "%RANGE": "uima.cas.String"}
    type = {"%NAME": "custom.Span", "%SUPER_TYPE": "uima.tcas.Annotation", "label": label}
    sofa = {"%ID": 1, "%TYPE": "uima.cas.Sofa", "sofaNum": 1, "sofaID": "_InitialView"}
    span = {"%ID": 2, "%TYPE": "custom.Span", "@sofa": 1, "begin": 0, "end": 9, "label": "D"}
    cas = {
        "%TYPES": {"custom.Span": type},
        "%FEATURE_STRUCTURES": [{**sofa, "sofaString": "Rat fever."}, span],
        "%VIEWS": {"_InitialView": {"%SOFA": 1, "%MEMBERS": [2]}},
    }
    path = put(json.dumps(cas), "a.json")
    assert detect_format(path) == "xmi"
    assert mentions(read_one(path)) == [("Rat fever", "D")]
    with pytest.raises(FormatError, match=r"a\.json: cannot be read as UIMA CAS JSON"):
        list(read(put(json.dumps({**cas, "%TYPES": {}}), "a.json")))
