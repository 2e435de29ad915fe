"""Nested, crossing, equal and discontinuous mentions are written and read, or counted."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.formats.test_round_trip import (
    ANY,
    ONE_LINE,
    UTF8,
    XML,
    check,
    detailed,
    read_back,
    written,
)
from tests.overlapping import documents, spans_of
from vaner.formats import read, write
from vaner.text.documents import Document, Span

slow_is_fine = [HealthCheck.too_slow, HealthCheck.data_too_large]
quick = settings(deadline=None, max_examples=60, suppress_health_check=slow_is_fine)
MARKS = ["\ufeff", "e\u0301", "👩‍🔬", "אב", "क्ष", "\u200d", "糖尿病", " "]


def texts(alphabet: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Return texts with multi-character graphemes, which mentions may split."""
    piece = st.text(alphabet, max_size=6) | st.sampled_from(MARKS)
    return st.lists(piece, max_size=8).map("".join)


def full(alphabet: st.SearchStrategy[str]) -> st.SearchStrategy[list[Document]]:
    document = documents(texts(alphabet), scores=True, identifiers=True)
    return st.lists(document, max_size=3)


@quick
@given(full(ANY))
def test_jsonl(docs: list[Document]) -> None:
    assert check(docs, "jsonl") == docs


@quick
@given(full(ANY))
def test_bioc_json(docs: list[Document]) -> None:
    check(docs, "bioc_json")


@pytest.mark.heavy
@quick
@given(full(XML))
def test_bioc_xml(docs: list[Document]) -> None:
    check(docs, "bioc_xml")


@quick
@given(st.lists(
    documents(texts(UTF8), identifiers=True), max_size=3, unique_by=lambda d: d.id.casefold()
))  # fmt: skip
def test_brat(docs: list[Document]) -> None:
    docs = [d for d in docs if not d.text.startswith("\ufeff")]
    with tempfile.TemporaryDirectory() as folder:
        assert not write(docs, folder, "brat").lost
        back = {d.id: d for d in read(folder, "brat")}
    assert {i: detailed(d) for i, d in back.items()} == {d.id: detailed(d) for d in docs}


@quick
@given(st.lists(documents(texts(ONE_LINE), pieces=False, identifiers=True), max_size=3))
def test_pubtator(docs: list[Document]) -> None:
    check(docs, "pubtator")


@quick
@given(documents(texts(ONE_LINE)))
def test_pubtator_writes_hulls_of_discontinuous_mentions(document: Document) -> None:
    content, report = written([document], "pubtator")
    pieces = sum(span.is_discontinuous for span in document.spans)
    name = "discontinuous mention written from its first to its last character"
    assert report.lost == ({name: pieces} if pieces else {})
    [back] = read_back(content, "pubtator")
    assert back.spans == tuple(Span(s.start, s.end, s.type) for s in document.spans)


@st.composite
def passages(draw: st.DrawFn) -> Document:
    """A document of two passages, the second in sentences, with mentions across all borders."""
    lengths = draw(st.lists(st.integers(1, 8), min_size=3, max_size=3))
    title, first, second = ("abcdefgh"[:length] for length in lengths)
    text = f"{title}\n{first} {second}"
    start = len(title) + 1
    sentences = ((start, len(first)), (start + len(first) + 1, len(second)))
    stored = {
        "passages": (
            {"offset": 0, "length": len(title)},
            {
                "offset": start,
                "length": len(text) - start,
                "sentences": tuple({"offset": o, "length": n} for o, n in sentences),
            },
        )
    }
    metadata = {"bioc": stored, "sentences": tuple((o, o + n) for o, n in sentences)}
    return Document("d", text, tuple(draw(spans_of(text))), metadata)


@quick
@given(passages())
@pytest.mark.parametrize("format", ["bioc_json", "bioc_xml"])
def test_mentions_across_passages_and_sentences(format: str, document: Document) -> None:
    content, report = written([document], format)
    assert not report.lost
    [back] = read_back(content, format)
    assert (back.text, sorted(back.spans)) == (document.text, sorted(document.spans))
    assert written([back], format)[0] == content


@st.composite
def tokenised(draw: st.DrawFn) -> Document:
    """Words of a source with mentions, most of them on the edges of words."""
    words = draw(st.lists(st.sampled_from(["IL-2", "क्ष", "x", "e\u0301"]), min_size=1, max_size=9))
    text = " ".join(words)
    edges = [0]
    for word in words:
        edges += [edges[-1] + len(word), edges[-1] + len(word) + 1]
    cut = draw(st.integers(1, len(words)))
    sentences = [(edges[0], edges[2 * cut - 1]), (edges[2 * cut], edges[-2])][
        : 1 + (cut < len(words))
    ]
    kinds = st.sampled_from("ABC")
    spans = list(draw(spans_of(text, most=3, scores=True)))
    for _ in range(draw(st.integers(0, 7))):
        first = draw(st.integers(0, len(words) - 1))
        last = draw(st.integers(first, len(words) - 1))
        score = draw(st.none() | st.sampled_from([0.25, 0.5, 0.75]))
        spans.append(Span(edges[2 * first], edges[2 * last + 1], draw(kinds), score))
    metadata = {"pretokenized": True, "sentences": tuple(sentences), "docstart": True}
    return Document("file-1", text, tuple(spans), metadata)


def expected_in_tags(document: Document) -> tuple[list[Span], int]:
    """Return the mentions that CoNLL can hold, extended to full words, and the number of others."""
    text, used, expected = document.text, set[int](), list[Span]()
    order = sorted(document.spans, key=lambda s: (-s.length, -(s.score or 0), s.start, s.type))
    for span in order:
        start, end = span.start, span.end
        while start > 0 and not (text[start - 1].isspace() or text[start].isspace()):
            start -= 1
        start += text[start].isspace()
        while end < len(text) and not (text[end].isspace() or text[end - 1].isspace()):
            end += 1
        end -= text[end - 1].isspace()
        one_sentence = any(s <= start and end <= e for s, e in document.metadata["sentences"])
        if one_sentence and not span.is_discontinuous and not used & set(range(start, end)):
            used |= set(range(start, end))
            expected.append(Span(start, end, span.type))
    return sorted(expected), len(document.spans) - len(expected)


@settings(deadline=None, max_examples=200)
@given(tokenised())
def test_conll_writes_the_outermost_and_counts_the_others(document: Document) -> None:
    content, report = written([document], "conll")
    expected, left_out = expected_in_tags(document)
    [back] = read_back(content, "conll")
    assert sorted(back.spans) == expected
    assert sum(n for why, n in report.lost.items() if "left out" in why) == left_out
    exact = {(s.start, s.end, s.type) for s in document.spans if not s.is_discontinuous}
    changed = sum((s.start, s.end, s.type) not in exact for s in expected)
    extended = "mention extended to full words, it begins or ends inside a word"
    assert report.lost.get(extended, 0) >= changed


def test_conll_writes_the_most_probable_of_equal_mentions() -> None:
    spans = (Span(0, 5, "Chemical", 0.3), Span(0, 5, "Disease", 0.9), Span(0, 5, "Gene"))
    content, _ = written([Document("d", "Fever", spans)], "conll")
    assert content == "Fever\tB-Disease\n\n"
    content, _ = written([Document("d", "Fever", spans[::2])], "conll")
    assert content == "Fever\tB-Chemical\n\n"


def test_text_that_begins_with_a_byte_order_mark(tmp_path: Path) -> None:
    """CMeEE has such texts. Their offsets must not change."""
    text = "\ufeffgout , flu"
    document = Document("d", text, (Span(0, 5, "A"), Span(1, 5, "A"), Span(8, 11, "A")))
    for format in ("brat", "text", "lines"):
        path = tmp_path / format
        report = write([document, Document("e", "gout")], path, format)
        assert sum(n for why, n in report.lost.items() if "U+FEFF" in why) == 1
        back = next(d for d in read(path, format) if d.id != "e")
        assert back.text[0] == "\u2060" and "\ufeff" not in back.text
        if format == "brat":
            assert back.spans == document.spans


def test_conll_leaves_out_a_byte_order_mark(tmp_path: Path) -> None:
    document = Document("d", "\ufeffgout , flu", (Span(1, 5, "A"), Span(8, 11, "A")))
    write([document], tmp_path / "x.conll", "conll")
    assert (tmp_path / "x.conll").read_text("utf-8") == "gout\tB-A\n,\tO\nflu\tB-A\n\n"


@pytest.mark.parametrize("format", ["text", "lines"])
def test_plain_text_counts_mentions(format: str) -> None:
    spans = (
        Span(0, 5, "A"),
        Span(0, 9, "A"),
        Span(0, 5, "B"),
        Span(0, 9, "A", None, (), ((0, 2), (7, 9))),
    )
    _, report = written([Document("d", "ab cd fgh", spans)], format)
    assert report.lost == {"mention has no place in plain text": 4}


def test_nested_dialects_of_json_lines(tmp_path: Path) -> None:
    """The two in which nested corpora are handed round: characters, and tokens."""
    path = tmp_path / "nested.jsonl"
    path.write_text(
        '{"text": "肺炎症", "entities": [{"start": 0, "end": 1, "type": "bod"},'
        ' {"start": 0, "end": 3, "type": "dis"}, {"start": 0, "end": 3, "type": "sym"}]}\n'
        '{"tokens": ["IL-2", "gene", "promoter"], "entities": ['
        '{"start": 0, "end": 1, "type": "protein"},'
        ' {"start": 0, "end": 2, "type": "DNA"}, {"start": 1, "end": 3, "type": "DNA"}]}\n',
        "utf-8",
    )
    first, second = read(path)
    assert [(first.mention(s), s.type) for s in first.spans] == [
        ("肺", "bod"), ("肺炎症", "dis"), ("肺炎症", "sym")
    ]  # fmt: skip
    assert [second.mention(s) for s in second.spans] == ["IL-2", "IL-2 gene", "gene promoter"]
