"""PubTator: documents, identifiers and errors. All texts are invented."""

from __future__ import annotations

import io

import pytest

from vaner.errors import FormatError
from vaner.formats import detect_format, make_ids_unique, read, write, write_to
from vaner.text.documents import Document, Span

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


def test_an_id_with_spaces_is_detected(put, tmp_path):
    document = Document("doc 1", "Gout.", (Span(0, 4, "D"),))
    write([document], tmp_path / "s.txt", "pubtator")
    assert detect_format(tmp_path / "s.txt") == "pubtator"
    assert list(read(tmp_path / "s.txt")) == [document]
    for other in ("a b|t|x\na c|a|y\n", "a b|t|x\n", "a b|a|x\na b|t|y\n"):
        assert detect_format(put(other, "o.txt")) == "text"


def test_an_abstract_without_a_title_is_not_text(put):
    path = put("1|a|Flu only.\n1\t0\t3\tFlu\tD\tX:1\n", "a.txt")
    with pytest.raises(FormatError, match=r"a\.txt:1: expected ID\|t\|Title"):
        list(read(path))


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
        ("7\t9\t4\tfever\tDisease\tD1", r"mention 9:4 \(Disease\) ends before it starts"),
        ("7\t4\t4\t\tDisease\tD1", r"mention 4:4 \(Disease\) is empty"),
        ("7\t4.0\t9\tfever\tDisease\tD1", "not integers"),
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


def test_a_mention_that_ends_with_a_line_break_stays(put):
    (document,) = read(put("7|t|fièvre\n7|a|x\n7\t0\t7\tfièvre \tD\t\n", "x.txt"))
    assert document.spans == (Span(0, 7, "D"),)
