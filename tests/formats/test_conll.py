"""CoNLL: schemes, documents and errors. All texts are invented."""

from __future__ import annotations

import io
import json
import warnings

import pytest

from tests.formats.mentions import mentions
from vaner.errors import FormatError
from vaner.formats import FormatWarning, read, write_to
from vaner.formats.conll import ID


def test_tokens_with_white_space_are_not_split(put):
    record = {"tokens": ["5\u00a0mg", "daily"], "ner_tags": ["B-Dose", "O"]}
    (document,) = read(put(json.dumps(record), "x.jsonl"))
    stream = io.StringIO()
    write_to([document], stream, "conll")
    assert stream.getvalue().startswith("5\u00a0mg\tB-Dose\ndaily\tO\n")


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


@pytest.mark.parametrize("comment", ["# newdoc id = {}", "# doc_id = {}", "###MEDLINE:{}"])
def test_comments_begin_documents(put, comment):
    first, second = (f"{comment.format(id)}\n\n" for id in ("d1", "d2"))
    path = put(f"{first}Rat\tB-S\nbit\tO\n\nHe\tO\n\n{second}She\tO\n", "a.conll")
    documents = list(read(path))
    assert [(d.id, d.text) for d in documents] == [("d1", "Rat bit\nHe"), ("d2", "She")]
    assert mentions(documents[0]) == [("Rat", "S")]
    assert write_to(documents, io.StringIO(), "conll").lost == {ID: 2}


def test_a_comment_may_begin_a_document_without_an_id(put):
    path = put("# newdoc\nRat\tB-S\n\nHe\tO\n\n# newdoc\n# sent_id = 1\nShe\tO\n", "a.conll")
    assert [(d.id, d.text) for d in read(path)] == [("a-1", "Rat\nHe"), ("a-2", "She")]


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
