"""What a format can express comes back as it was, for any Unicode text."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vaner.formats import FORMATS, read, write, write_to
from vaner.formats.spans import merge_pieces
from vaner.text.documents import Document, Span

quick = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])

XML = st.characters(codec="utf-8", exclude_characters="\ufffe\uffff", exclude_categories=["Cs"])
XML = XML.filter(lambda c: c >= " " or c in "\t\n\r")
UTF8 = st.characters(codec="utf-8")
ANY = st.characters().filter(lambda c: not "\ud800" <= c <= "\udbff")  # no accidental pairs
ONE_LINE = st.characters(codec="utf-8", exclude_characters="\r\n")
NAME = st.text(st.characters(codec="utf-8", categories=["L", "N"]), min_size=1, max_size=8)
IDENTIFIER = NAME.filter(lambda name: name not in {"None", "null", "NULL", "NIL", "CUILESS"})
TRICKY = [
    "é",
    "e\u0301",
    "א",
    "😀",
    "👩‍🔬",
    "\r\n",
    "\u2028",
    "\x85",
    "\u00a0",
    "<&>\"'",
    "|a|",
    "  ",
]


@st.composite
def documents(
    draw, alphabet, *, score=True, fragments=True, type=NAME, identifier=IDENTIFIER, text=None
):
    piece = st.text(alphabet, max_size=12)
    allowed = [t for t in TRICKY if text is None or not set(t) & set("\r\n")]
    body = draw(
        text
        if text is not None
        else st.lists(piece | st.sampled_from(allowed), max_size=8).map("".join)
    )
    spans = []
    for _ in range(draw(st.integers(0, 4)) if body.strip() else 0):
        many = fragments and len(body) > 3 and draw(st.booleans())
        cuts = sorted(
            draw(
                st.lists(
                    st.integers(0, len(body)), min_size=4 if many else 2, max_size=4 if many else 2
                )
            )
        )
        pieces = tuple(zip(cuts[::2], cuts[1::2], strict=True))
        if all(s < e and body[s:e].strip() for s, e in pieces):
            pieces = tuple(merge_pieces(body, pieces))  # readers do, see make_span
            spans.append(Span(
                cuts[0], cuts[-1], draw(type),
                draw(st.none() | st.floats(0, 1)) if score else None,
                tuple(draw(st.lists(identifier, max_size=2))),
                pieces if len(pieces) > 1 else (),
            ))  # fmt: skip
    return Document(draw(NAME), body, tuple(spans))


def detailed(document):
    spans = [(s.pieces, s.type, s.score, s.identifiers) for s in document.spans]
    return document.id, document.text, spans


def written(docs, format):
    stream = io.StringIO(newline="")
    report = write_to(docs, stream, format)
    return stream.getvalue(), report


def read_back(content, format):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "file")
        path.write_bytes(content.encode())
        return list(read(path, format))


def check(docs, format):
    content, report = written(docs, format)
    assert not report.lost
    assert report.documents == len(docs)
    back = read_back(content, format)
    assert [detailed(d) for d in back] == [detailed(d) for d in docs]
    assert written(back, format)[0] == content
    return back


@quick
@given(st.lists(documents(ANY, type=st.text(ANY, max_size=5)), max_size=3))
def test_jsonl(docs):
    assert check(docs, "jsonl") == docs


@quick
@given(st.lists(documents(ANY), max_size=3))
def test_bioc_json(docs):
    check(docs, "bioc_json")


@quick
@given(st.lists(documents(XML), max_size=3))
def test_bioc_xml(docs):
    check(docs, "bioc_xml")


PUBTATOR_TEXT = st.tuples(  # an empty abstract is none
    st.text(ONE_LINE, max_size=20), st.text(ONE_LINE, min_size=1, max_size=20)
)


@quick
@given(
    st.lists(
        documents(
            ONE_LINE,
            score=False,
            fragments=False,
            text=PUBTATOR_TEXT.map("\n".join) | st.text(ONE_LINE, max_size=20),
        ),
        max_size=3,
    )
)
def test_pubtator(docs):
    check(docs, "pubtator")


@quick
@given(st.lists(documents(UTF8, score=False), max_size=3, unique_by=lambda d: d.id.casefold()))
def test_brat(docs):
    docs = [d for d in docs if not d.text.startswith("\ufeff")]  # reported as a loss
    with tempfile.TemporaryDirectory() as folder:
        report = write(docs, folder, "brat")
        assert not report.lost
        back = {d.id: d for d in read(folder, "brat")}
    assert {i: detailed(d) for i, d in back.items()} == {d.id: detailed(d) for d in docs}


TOKEN = st.text(st.characters(codec="utf-8"), min_size=1, max_size=4)
TOKEN = TOKEN.filter(lambda t: not any(c.isspace() for c in t))


@quick
@given(st.lists(st.tuples(TOKEN, NAME, st.booleans()), min_size=1, max_size=12))
def test_conll_of_pretokenized_text(tokens):
    tokens = [("word", "Gene", False), *tokens]  # a warning is right if every token is a number
    text, spans = " ".join(token for token, _, _ in tokens), []
    start = 0
    for token, type, marked in tokens:
        if marked:
            spans.append(Span(start, start + len(token), type))
        start += len(token) + 1
    metadata = {"pretokenized": True, "sentences": ((0, len(text)),)}
    document = Document("file-1", text, tuple(spans), metadata)
    content, report = written([document], "conll")
    assert not report.lost
    assert read_back(content, "conll") == [document]


@pytest.mark.heavy
@pytest.mark.filterwarnings("ignore::vaner.formats.FormatWarning")  # such as tags in a text
@quick
@given(st.lists(documents(st.characters()), max_size=3))
@pytest.mark.parametrize("format", [f.name for f in FORMATS.values() if f.writer])
def test_written_files_can_be_read(format, docs):
    """Lone surrogates, line breaks, overlaps, fragments: counted, and the file stays sound."""
    content, report = written(docs, format)
    back = read_back(content, format)
    if format in ("text", "lines"):  # which have no place for a mention, and say so
        mentions = sum(len(d.spans) for d in docs)
        assert sum(n for why, n in report.lost.items() if "mention" in why) == mentions
        assert not any(d.spans for d in back)
    elif format != "conll":  # where documents without words vanish, and are counted
        assert len(back) == len(docs)
        assert [len(d.text) for d in back] == [len(d.text) for d in docs]
        assert [len(d.spans) for d in back] == [len(d.spans) for d in docs]


def test_lone_surrogates_are_escaped_or_counted():
    document = Document("d", "a \udc80 b", (Span(0, 1, "X"),))
    content, report = written([document], "jsonl")
    assert r"\udc80" in content
    assert not report.lost
    assert read_back(content, "jsonl") == [document]
    content, report = written([document], "bioc_xml")
    assert "\ufffd" in content
    assert sum(report.lost.values()) == 1


@pytest.mark.parametrize("format", ["bioc_xml", "bioc_json", "pubtator"])
def test_identifier_with_a_separator_is_not_split(format):
    document = Document("d", "Gout", (Span(0, 4, "D", None, ("GO:1|2", "M:1")),))
    content, report = written([document], format)
    assert read_back(content, format)[0].spans[0].identifiers == ("GO:1_2", "M:1")
    assert report.lost == {"character of a name or type replaced by _": 1}


def test_conll_rows_have_equal_numbers_of_columns():
    def document(columns):
        metadata = {"pretokenized": True, "columns": columns}
        return Document("d-1", "fever rises", (Span(0, 5, "D"),), metadata)

    tagged, bare = document((("NN",), ("VB",))), document(())
    content, report = written([tagged, bare], "conll")
    rows = "fever\tNN\tB-D\nrises\tVB\tO\n\n"
    assert content == rows + "fever\t-X-\tB-D\nrises\t-X-\tO\n\n"
    assert not report.lost
    content, report = written([bare, tagged], "conll")
    assert content == 2 * "fever\tB-D\nrises\tO\n\n"
    assert report.lost == {"columns between token and tag left out, their number differs": 1}


@pytest.mark.parametrize("foreign", [3, "ab", [1, 2], [["NN"], ["VB", "I-V"]], [["NN"], [None]]])
@pytest.mark.parametrize("key", ["columns", "tokens"])
def test_conll_ignores_foreign_columns_and_tokens(key, foreign):
    document = Document("d", "fever rises", (), {key: foreign})
    assert written([document], "conll")[0] == "fever\tO\nrises\tO\n\n"


def test_conll_cleans_columns():
    document = Document("d", "fever", (), {"columns": [["N\tN\ud83d"]]})
    content, report = written([document], "conll")
    assert content == "fever\tN_N\ufffd\tO\n\n"
    assert report.lost["character of a name or type replaced by _"] == 1


def test_conll_losses_are_counted():
    spans = (
        Span(0, 6, "A", 0.5),
        Span(0, 10, "B", None, ("X:1",)),
        Span(0, 13, "C", None, (), ((0, 3), (11, 13))),
        Span(11, 13, "D"),
    )
    content, report = written([Document("d", "abcdef ghi jklm", spans)], "conll")
    assert content == "abcdef\tB-B\nghi\tI-B\njklm\tB-D\n\n"
    assert report.lost["overlapping mention left out, the longest is written"] == 1
    assert report.lost["discontinuous mention left out"] == 1
    assert report.lost["mention extended to full words, it begins or ends inside a word"] == 1
    assert report.lost["score has no place in the format"] == 1
    assert report.lost["identifier has no place in the format"] == 1


@pytest.mark.parametrize("format", [f.name for f in FORMATS.values() if f.is_writable])
def test_error_preserves_what_was_written(format, tmp_path):
    def failing():
        yield Document("a", "Fever .", (Span(0, 5, "Disease"),))
        yield Document("b", "Cough .", ())
        raise KeyError("model")

    path = tmp_path / ("folder" if format == "brat" else "file")
    with pytest.raises(KeyError):
        write(failing(), path, format)
    back = list(read(path, format))
    if format == "text":  # it has no borders between documents
        assert [d.text for d in back] == ["Fever .\n\nCough ."]
        return
    assert [d.text for d in back] == ["Fever .", "Cough ."]
    if format != "lines":
        assert back[0].spans == (Span(0, 5, "Disease"),)


def test_plain_text_round_trip_and_losses():
    documents = [Document("a", "One\r\ntwo", (Span(0, 3, "X"),)), Document("b", "three")]
    content, report = written(documents[:1], "text")
    assert content == documents[0].text
    assert report.lost == {"mention has no place in plain text": 1}
    content, report = written(documents, "lines")
    assert content == "One  two\nthree\n"
    assert report.lost == {
        "mention has no place in plain text": 1, "line break written as a space": 2
    }  # fmt: skip
