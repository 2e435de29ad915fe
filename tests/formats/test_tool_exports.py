"""Exports of tools and platforms: other names and offsets, and reports of what is not read."""

from __future__ import annotations

import json
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vaner.errors import FormatError
from vaner.formats import FormatWarning, detect_format, read
from vaner.formats.skipped_records import SkippedRecordsWarning
from vaner.text.documents import Document

Put = Callable[..., Path]
TEXT = "😀 Rat fever, then gout."
FOUND = [(2, 11, "Disease"), (18, 22, "Disease")]


def write_lines(*records: object) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


def read_quietly(path: Path) -> list[Document]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return list(read(path))


def spans(document: Document) -> list[tuple[int, int, str]]:
    return [(span.start, span.end, span.type) for span in document.spans]


SPOTS = [{"start_pos": s, "end_pos": e, "labels": [{"value": t}]} for s, e, t in FOUND]
CMEEE = [{"start_idx": s, "end_idx": e - 1, "type": t, "entity": TEXT[s:e]} for s, e, t in FOUND]
LIGHT_TAG = [{"start": s, "end": e, "tag": t, "value": TEXT[s:e]} for s, e, t in FOUND]
AMAZON = [{"BeginOffset": s, "EndOffset": e, "Type": t, "Score": 0.9} for s, e, t in FOUND]


@pytest.mark.parametrize(
    "fields",
    [
        {"entities": {"Disease": [{"indices": [2, 11]}, {"indices": [18, 22]}]}},
        {"label": {"Disease": {"Rat fever": [[2, 10]], "gout": [[18, 21]]}}},
        {"spans": {"sc": [{"start": s, "end": e, "label": t} for s, e, t in FOUND]}},
        {"labels": [], "ner": SPOTS},
        {"labels": [], "entities": SPOTS},
        {"Entities": AMAZON},
        {"entities": CMEEE},
        {"label": {t: [[s, e] for s, e, _ in FOUND] for _, _, t in FOUND}},
        {"annotations": LIGHT_TAG},
    ],
    ids=[
        "GATE",
        "CLUENER",
        "groups of spaCy",
        "flair",
        "older flair",
        "Comprehend Medical",
        "CMeEE",
        "pairs by type",
        "LightTag",
    ],
)
def test_mentions_under_other_names(put: Put, fields: dict[str, Any]) -> None:
    record = {"text": TEXT, **fields}
    for content in (write_lines(record, record), json.dumps([record, record])):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FormatWarning)  # of the converted ends
            documents = list(read(put(content, "file.jsonl")))
        assert [spans(document) for document in documents] == [FOUND, FOUND]


def test_records_of_ccks(put: Put) -> None:
    entities = [{"label_type": t, "start_pos": s, "end_pos": e, "overlap": 0} for s, e, t in FOUND]
    record = {"originalText": TEXT, "entities": entities}
    with pytest.warns(SkippedRecordsWarning, match=r"left out: field overlap of a mention \(2\)"):
        (document,) = read(put(json.dumps(record), "a.json"))
    assert (document.text, spans(document)) == (TEXT, FOUND)


def test_records_of_presidio(put: Put) -> None:
    entries = [
        {"entity_type": t, "entity_value": TEXT[s:e], "start_position": s, "end_position": e}
        for s, e, t in FOUND
    ]
    (document,) = read_quietly(put(json.dumps([{"full_text": TEXT, "spans": entries}]), "a.json"))
    assert (document.text, spans(document)) == (TEXT, FOUND)


def test_a_name_of_a_type_that_occurs_in_the_text_is_not_a_quote(put: Put) -> None:
    record = {"text": "Gout", "entities": [{"begin": 0, "end": 4, "entity": "Gout", "CUI": "C1"}]}
    (document,) = read(put(json.dumps(record), "a.json"))
    assert (spans(document), document.spans[0].identifiers) == ([(0, 4, "Gout")], ("UMLS:C1",))


def test_a_record_without_text_names_its_fields(put: Put) -> None:
    with pytest.raises(FormatError, match="has neither text nor tokens; it has detail, status"):
        list(read(put('{"detail": "not found", "status": 404}', "a.json")))


def test_a_text_under_another_name_is_not_from_doccano(put: Put) -> None:
    entities = [[start, end, type] for start, end, type in FOUND]
    (document,) = read_quietly(put(write_lines({"content": TEXT, "entities": entities}), "a.jsonl"))
    assert (document.text, spans(document)) == (TEXT, FOUND)


def test_a_list_of_prodigy_has_rejected_answers(put: Put) -> None:
    records = [{"text": TEXT, "_task_hash": 1, "answer": a} for a in ("accept", "reject")]
    path = put(json.dumps(records), "a.json")
    assert detect_format(path) == "prodigy"
    with pytest.warns(SkippedRecordsWarning, match=r"rejected \(1\)"):
        assert [document.id for document in read(path)] == ["a-1"]


def test_a_list_of_doccano_counts_utf16_units(put: Put) -> None:
    label = [[start + 1, end + 1, type] for start, end, type in FOUND]
    path = put(json.dumps([{"id": 1, "text": TEXT, "label": label, "Comments": []}]), "a.json")
    assert detect_format(path) == "doccano"
    assert spans(next(read(path))) == FOUND


@pytest.mark.parametrize("is_converted", [True, False])
def test_utf16_units_are_recognized_by_the_words_they_cut(put: Put, is_converted: bool) -> None:
    label = [[start + is_converted, end + is_converted, type] for start, end, type in FOUND]
    path = put(json.dumps([{"text": TEXT, "label": label}]), "a.json")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        (document,) = read(path)
    assert spans(document) == FOUND
    messages = ["count UTF-16 units; converted" in str(warning.message) for warning in caught]
    assert messages == [True] * is_converted


def test_offsets_that_cut_words_in_any_convention_are_not_converted(put: Put) -> None:
    label = [[2, 11, "Disease"], [12, 14, "Disease"]]  # ", "
    (document,) = read_quietly(put(json.dumps([{"text": TEXT, "label": label}]), "a.json"))
    assert spans(document) == [(2, 11, "Disease"), (12, 14, "Disease")]


@pytest.mark.parametrize(
    ("record", "field"),
    [
        ({"text": TEXT, "meta": {"entities": [{"start": 2, "end": 11, "type": "D"}]}}, "meta"),
        ({"text": TEXT, "matches": [[{"start": 2, "end": 11, "semtypes": ["T047"]}]]}, "matches"),
        ({"text": TEXT, "found": [{"where": [2, 11], "type": "D"}]}, "found"),
        (
            {"text": "gout", "type": "Disease", "start": 18, "end": 22},
            "the records, which are mentions",
        ),
    ],
)
def test_mentions_that_are_not_read_are_reported(put: Put, record: object, field: str) -> None:
    for content in (write_lines(record), json.dumps([record])):
        with pytest.warns(FormatWarning, match=f"not read as mentions: {field}"):
            assert [document.spans for document in read(put(content))] == [()]


@pytest.mark.parametrize(
    ("entities", "message"),
    [
        ([{"text": "gout", "type": "D"}], "a mention needs start and end; this one has text, type"),
        ([{"entity": "D", "startPos": 18}], "this one has entity, startPos"),
        ({"Disease": ["gout"]}, "entities is dict, expected list"),
        ([{"start": 18, "end": 18, "type": "D"}], r"mention 18:18 \(D\) is empty"),
        ([{"start": 22, "end": 18, "type": "D"}], r"mention 22:18 \(D\) ends before it starts"),
    ],
)
def test_mentions_without_offsets_are_named(put: Put, entities: object, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        list(read(put(write_lines({"text": TEXT, "entities": entities}), "a.jsonl")))


def test_fragments_of_w2ner_and_hits_of_elasticsearch(put: Put) -> None:
    sentence = {"sentence": ["rat", "or", "hay", "fever"], "ner": [{"index": [0, 3], "type": "D"}]}
    (document,) = read_quietly(put(write_lines(sentence), "a.jsonl"))
    assert document.spans[0].fragments == ((0, 3), (11, 16))
    hits = {"hits": {"hits": [{"_id": "7", "_source": {"text": "Gout."}}]}}
    assert [(d.id, d.text) for d in read_quietly(put(json.dumps(hits), "b.json"))] == [
        ("7", "Gout.")
    ]


def test_documents_under_their_ids_and_titles_alone(put: Put) -> None:
    records = {"d1": {"text": "Gout.", "entities": [[0, 4, "D"]]}, "d2": {"text": "Flu."}}
    documents = read_quietly(put(json.dumps(records), "a.json"))
    assert [(d.id, d.text, len(d.spans)) for d in documents] == [
        ("d1", "Gout.", 1),
        ("d2", "Flu.", 0),
    ]
    titles = [
        {"pmid": n, "title": "Gout.", "abstract": a} for n, a in enumerate([None, "Bad.", ""])
    ]
    for content in (json.dumps(titles), write_lines(*titles)):
        texts = [document.text for document in read_quietly(put(content, "b.jsonl"))]
        assert texts == ["Gout.", "Gout.\nBad.", "Gout."]


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        ("[('Gout hurts', {'entities': [(0, 4, 'D')]})]", "a.txt", "data in Python; save it with"),
        ('[("Gout\'s", [(0, 4, "D")])]', "a.txt", "data in Python"),
        ("{'text': 'Gout', 'spans': []}", "a.txt", "data in Python"),
        ("[{'text': 'Gout', 'spans': []}]", "a.json", "data in Python"),
        ("Gout/B-D hurts/O me/O\n", "a.txt", "words with tags; write one word per line"),
        ("Gout|NN|B-D hurts|VB|O\n", "a.txt", "words with tags"),
        ("#begin document (d); part 000\nd 0 0 Gout NN (D)\n", "a.txt", "looks like CoNLL-2012"),
        ("<Note><TEXT>Gout</TEXT></Note>", "a.xml", "XML with the root <Note>"),
        ("<DOC>Gout</DOC>", "a.sgml", "XML with the root <DOC>"),
    ],
)
def test_errors_say_what_a_file_seems_to_be(
    put: Put, content: str, name: str, message: str
) -> None:
    with pytest.raises(FormatError, match=message):
        list(read(put(content, name)))


def test_tags_in_plain_text_are_reported(put: Put) -> None:
    with pytest.warns(FormatWarning, match="tags such as </ENAMEX> are read as text"):
        list(read(put('<ENAMEX TYPE="D">Gout</ENAMEX> hurts.', "a.txt")))
    assert read_quietly(put("H/O C/O B-cell gout", "c.txt"))
    assert read_quietly(put("[Gout], p < 0.05 <b and ['x', 1] {'a': 2}", "b.txt"))


def test_python_mentions_in_a_cell_are_reported(put: Put) -> None:
    for cell in ("[[0, 4, 'D']]", "[(0, 4, 'D')]", "[{'start': 0, 'end': 4, 'label': 'D'}]"):
        with pytest.warns(FormatWarning, match="not read as mentions: label;"):
            list(read(put(f'text,label\nGout,"{cell}"\n', "a.csv")))


@pytest.mark.parametrize("extra", [{}, {"text": "Rat fever"}])
def test_offsets_that_count_the_tokens_of_a_text(put: Put, extra: dict[str, str]) -> None:
    tokens = ["Then", "Rat", "fever", "."]
    record = {"text": "Then  Rat fever.", "tokens": tokens}
    for start, end in ((1, 3), (6, 15)):
        span = {"start": start, "end": end, "type": "D", **extra}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FormatWarning)
            (document,) = read(put(json.dumps([{**record, "entities": [span]}]), "a.json"))
        assert spans(document) == [(6, 15, "D")]


def test_entities_of_spacy_3_without_tags(put: Put) -> None:
    sentence = {"tokens": [{"id": 0, "orth": "Gout", "space": ""}]}
    paragraph = {"raw": "Gout", "sentences": [sentence], "entities": [[0, 4, "D"]]}
    (document,) = read_quietly(put(json.dumps([{"id": 0, "paragraphs": [paragraph]}]), "a.json"))
    assert (document.id, document.text, spans(document)) == ("0", "Gout", [(0, 4, "D")])


def test_mentions_as_json_in_a_string(put: Put) -> None:
    value = json.dumps([{"start": 0, "end": 4, "label": "D"}])
    (document,) = read_quietly(put(json.dumps([{"text": "Gout", "entities": value}]), "a.json"))
    assert spans(document) == [(0, 4, "D")]


@pytest.mark.parametrize("label", [0, 3])
def test_a_class_without_a_name_is_an_error(put: Put, label: int) -> None:
    mention = {"start": 0, "end": 4, "label": label}
    with pytest.raises(FormatError, match="type is int, expected str"):
        list(read(put(json.dumps([{"text": "Gout", "entities": [mention]}]), "a.json")))


SPAN = {"start": 2, "end": 11, "label": "D"}
QUOTED = {"text": "Rat fever", "type": "D"}


@pytest.mark.parametrize(
    "fields",
    [
        {"text": TEXT, "annotations": {"spans": [SPAN]}},
        {"text": TEXT, "annotation": {"entities": [SPAN], "relations": [{"head": 0, "tail": 0}]}},
        {"text": TEXT, "annotations": [[2, 11, "D"]]},
        {"text": TEXT, "entities": [["Rat fever", 2, 11, "D"]]},
        {"text": TEXT, "entities": [["D", 2, 11, "Rat fever"]]},
        {"text": TEXT, "entities": {"T1": SPAN}},
        {"text": TEXT, "entities": [{"start": 2, "length": 9, **QUOTED}]},
        {"text": TEXT, "entities": [{"start": 2, "end": 11, "label": {"name": "D"}}]},
        {"text": TEXT, "entities": {"D": [{"start": 2, "end": 11, "kind": "x"}]}},
        {"note_text": TEXT, "entities": [SPAN]},
        {"id": "7", "sections": [{"text": TEXT, "entities": [SPAN]}]},
        {"id": "7", "paragraphs": [{"text": TEXT, "entities": [SPAN]}]},
        {"text": TEXT, "labels": ["O", "B-D", "I-D", "O", "O"]},
        {"text": TEXT, "tags": "O B-D I-D O O"},
        {"sentence": TEXT, "tags": ["O", "B-D", "I-D", "O", "O"]},
    ],
)
def test_one_mention_in_many_forms(put: Put, fields: dict[str, Any]) -> None:
    has_tags = any(name in fields for name in ("labels", "tags"))  # the word includes the comma
    for content, name in ((write_lines(fields), "a.jsonl"), (json.dumps([fields]), "a.json")):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FormatWarning)  # of further values
            (document,) = read(put(content, name))
        assert document.text == TEXT
        assert spans(document) == [(2, 12 if has_tags else 11, "D")]


def test_a_readme_is_not_a_document(tmp_path: Path, put: Put) -> None:
    for folder, names in (("texts", ["a.txt"]), ("brat", ["a.txt", "a.ann"])):
        for name in ("README.txt", "LICENSE", *names):
            put("" if name.endswith("ann") else "Gout.", f"{folder}/{name}")
        assert [document.id for document in read(tmp_path / folder)] == ["a"]
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("x/README.md", "About it.")
        archive.writestr("x/a.txt", "Gout.")
    assert [document.id for document in read(tmp_path / "a.zip")] == ["a"]
