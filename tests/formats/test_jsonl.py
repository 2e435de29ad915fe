"""JSON Lines: dialects and errors. All texts are invented."""

from __future__ import annotations

import json
import warnings

import pytest

from tests.formats.mentions import mentions
from vaner.errors import FormatError
from vaner.formats import FormatWarning, detect_format, read, write


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
    assert nested.id == "M:1"
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
        '{"text": "Gout.", "sentences": [{"start": 0, "end": 5, "text": "Gout."}], "notes": ["a"]}',
        "x.jsonl",
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
        ('{"text": "Gout.", "x": [{"place": {"begin": 0, "end": 4}, "entity_type": "D"}]}', "x"),
        ('{"content": "Gout.", "x": [{"start": 0, "end": 4, "text": "Gout"}], "prompt": "D"}', "x"),
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
        "3: there are ner_tags, but no tokens",
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


@pytest.mark.parametrize("blank", ["", " "])
def test_blank_tokens_at_the_edges_of_a_mention_are_left_out(put, blank):
    record = {
        "tokens": [blank, "Gout", "hurts", blank, " x"],
        "ner_tags": ["B-D", *["I-D"] * 3, "O"],
    }
    (document,) = read(put(json.dumps(record), "a.jsonl"))
    assert [document.mention(span) for span in document.spans] == ["Gout hurts"]
    record = {"tokens": [blank, "hurts"], "ner_tags": ["B-D", "O"]}
    with pytest.raises(FormatError, match=r"mention 0:[01] \(D\) is (empty|blank)"):
        list(read(put(json.dumps(record), "a.jsonl")))


def test_empty_token_does_not_change_the_other_tokens(put):
    record = {"tokens": ["Gout disease", "", "a b"], "ner_tags": ["B-D", "O", "O"]}
    path = put(json.dumps(record), "a.jsonl")
    report = write(read(path), path.with_name("a.conll"))
    assert path.with_name("a.conll").read_text() == "Gout disease\tB-D\na b\tO\n\n"
    assert report.lost == {"empty token left out": 1}


def test_tokens_with_labels_are_not_a_task_of_prodigy(put):
    record = {"tokens": ["Rat", "fever"], "spans": [{"start": 0, "end": 2, "label": "D"}]}
    path = put(json.dumps(record), "a.jsonl")
    assert detect_format(path) == "jsonl"
    (document,) = read(path)
    assert mentions(document) == [("Rat fever", "D")]
