"""Spans of files that disagree with the text. All texts are invented."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.growth import assert_linear
from vaner.errors import FormatError
from vaner.formats import FormatWarning, read, write
from vaner.formats.quotes import Corrections, collect_corrections
from vaner.formats.spans import make_span
from vaner.formats.spellings import is_same_spelling
from vaner.text.documents import SpanError


def test_piece_that_is_one_character_off_is_moved():
    """Only where the file repeats the mention, and where just one move makes it agree."""
    text = "renal and hepatic failure"
    with pytest.warns(FormatWarning, match="'renal failure' .* was moved"):
        span = make_span(text, [(0, 5), (17, 24)], "Disease", quoted="renal failure")
    assert span.fragments == ((0, 5), (18, 25))
    for pieces, quoted in [
        ([(0, 5), (16, 23)], "renal failure"),  # two characters off
        ([(17, 24)], "failure"),  # in one piece: the file's offsets are wrong, not its gaps
        ([(0, 5), (17, 24)], "renal disease"),
    ]:
        with pytest.raises(SpanError, match="in the text but"):
            make_span(text, pieces, "Disease", quoted=quoted)


def test_pieces_in_another_order_and_repeated_ones():
    text, pieces = "Breast and ovarian cancer", [(19, 25), (0, 6)]
    for quoted in ("cancer Breast", "Breast cancer"):
        assert make_span(text, pieces, "D", quoted=quoted).fragments == ((0, 6), (19, 25))
    assert make_span(text, [(19, 25), (19, 25)], "D", quoted="cancer").pieces == ((19, 25),)
    for quoted in ("", "cancer"):
        with pytest.raises(SpanError, match="in the text but"):
            make_span(text, pieces, "D", quoted=quoted)


@pytest.mark.parametrize("mark", ["[...]", "...", "…", "[…]"])
def test_a_quote_may_have_a_mark_for_a_gap(mark: str):
    text = "Breast and ovarian cancer, renal failure ... found"
    for gap in (f" {mark} ", mark):
        span = make_span(text, [(0, 6), (19, 25)], "D", quoted=f"Breast{gap}cancer")
        assert span.fragments == ((0, 6), (19, 25))
    for pieces, quoted in [
        ([(0, 6), (19, 25)], f"Breast {mark} failure"),
        ([(19, 25)], f"can{mark}cer"),  # there is no gap
    ]:
        with pytest.raises(SpanError, match="in the text but"):
            make_span(text, pieces, "D", quoted=quoted)
    pieces = [(27, 32), (45, 50)]
    assert make_span(text, pieces, "D", quoted="renal failure ... found").fragments == (*pieces,)


def test_a_moved_piece_names_its_document(tmp_path: Path):
    spans = [{"start": 0, "end": 24, "fragments": [[0, 5], [17, 24]], "type": "D"}]
    record = {"text": "renal and hepatic failure", "spans": [{**spans[0], "text": "renal failure"}]}
    lines = [json.dumps({"id": id, **record}) for id in ("a", "b")]
    lines[0] = json.dumps({"id": "a", "text": "None."})
    (tmp_path / "c.jsonl").write_text("\n".join(lines), encoding="utf-8")
    with pytest.warns(FormatWarning, match=r"c\.jsonl: document b: a piece of the mention"):
        list(read(tmp_path / "c.jsonl", on_error=lambda error: None))


QUOTES = [
    ("TNF-α", "TNF-a", True),
    ("TNF‐β", "tnf-b", True),  # U+2010
    ("μM", "uM", True),
    ("Sjögren’s", "Sjogren's", True),
    ("TNF-α", "TNF-b", False),
    ("TNF-α", "TNF-alpha", True),  # another length
    ("TNF-alpha", "TNF-α", True),
    ("β-carotene", ".beta.-carotene", True),
    ("Α-SYNUCLEIN", "alpha-synuclein", True),
    ("œdema", "oedema", True),
    ("Weißfleckenkrankheit", "Weissfleckenkrankheit", True),
    ("Ménière", "Meniere", True),
    ("Sjögren", "Sjoegren", True),
    ("Sjo\u0308gren", "Sjogren", True),
    ("p < 5 µm", "p &lt; 5 um", True),
    ("IFN-γ", "IFN-&#947;", True),
    ("ﬁbrosis", "fibrosis", True),
    ("as\u00adthma", "asthma", True),
    ("IL‐2 – type", "IL-2 -- type", True),
    ("α\u00a0chain", "alpha chain", True),
    ("IL-1β", "IL-1?", True),
    ("IL-1β", "IL-1 beta", False),
    ("TNF-α", "TNF-beta", False),
    ("TNF-α", "TNF-alphas", False),
    ("TNF-α", "TNF-", False),
    ("IL2", "IL?", False),
    ("IL2", "IL6", False),
    ("IL2 ", "IL2", False),
]


@pytest.mark.parametrize(("mention", "quoted", "is_accepted"), QUOTES)
def test_quote_in_another_spelling_is_accepted(mention: str, quoted: str, is_accepted: bool):
    corrections = Corrections()
    with collect_corrections(corrections):
        if is_accepted:
            span = make_span(f"On {mention}.", [(3, 3 + len(mention))], "Gene", quoted=quoted)
            assert (span.start, span.end) == (3, 3 + len(mention))
        else:
            with pytest.raises(SpanError, match="in the text but"):
                make_span(f"On {mention}.", [(3, 3 + len(mention))], "Gene", quoted=quoted)
    assert corrections.quotes == ({(mention, quoted): 1} if is_accepted else {})


def test_time_of_ambiguous_spellings_is_limited():
    assert not is_same_spelling("μ" * 20_000, "mu" * 15_000)
    assert is_same_spelling("α" * 20_000, "alpha" * 20_000)


def quoted_record(id: str, quoted: str) -> dict[str, object]:
    locations = [{"offset": 0, "length": 4}]
    mention = {"id": "1", "infons": {"type": "Gene"}, "text": quoted, "locations": locations}
    gout = {**mention, "id": "2", "text": "gout", "locations": [{"offset": 8, "length": 4}]}
    passage = {"offset": 0, "text": "IL-β in gout", "annotations": [mention, gout]}
    return {"id": id, "passages": [passage]}


def write_quotes(format: str, quoted: Sequence[str]) -> str:
    """Return a file of documents "d0", "d1", … with a mention in the given spelling each."""
    if format == "bioc_json":
        records = [quoted_record(f"d{i}", quote) for i, quote in enumerate(quoted)]
        return json.dumps({"documents": records}, ensure_ascii=False)
    blocks = []
    for i, quote in enumerate(quoted):
        spans = [(0, 4, quote), (8, 12, "gout")]
        if format == "pubtator":
            lines = [f"d{i}\t{start}\t{end}\t{text}\tGene\t-" for start, end, text in spans]
            blocks.append("\n".join([f"d{i}|t|IL-β in gout", *lines, "\n"]))
        else:
            entries = [{"start": s, "end": e, "type": "Gene", "text": t} for s, e, t in spans]
            record = {"id": f"d{i}", "text": "IL-β in gout", "spans": entries}
            blocks.append(json.dumps(record) + "\n")
    return "".join(blocks)


@pytest.mark.parametrize("format", ["pubtator", "bioc_json", "jsonl"])
def test_quotes_in_another_spelling_are_counted_once_per_file(format: str, tmp_path: Path):
    path = tmp_path / "file"
    path.write_text(write_quotes(format, ["IL-b", "IL-β", "il-β"]), encoding="utf-8")
    with pytest.warns(FormatWarning) as caught:
        documents = list(read(path, format))
    assert [len(document.spans) for document in documents] == [2, 2, 2]
    (warning,) = caught
    assert "2 mentions are spelled differently" in str(warning.message)
    assert "'IL-b' for 'IL-β'" in str(warning.message)


@pytest.mark.parametrize("format", ["pubtator", "bioc_json", "jsonl"])
def test_wrong_quote_names_the_document_and_costs_only_the_mention(format: str, tmp_path: Path):
    path = tmp_path / "file"
    path.write_text(write_quotes(format, ["IL-β", "IL-6", "IL-β"]), encoding="utf-8")
    with pytest.raises(FormatError, match="document d1: mention 0:4"):
        list(read(path, format))
    errors: list[FormatError] = []
    documents = list(read(path, format, on_error=errors.append))
    assert [len(document.spans) for document in documents] == [2, 1, 2]
    assert len(errors) == 1


def test_pieces_with_white_space_between_are_contiguous():
    text = "acute renal\n  failure and pain"
    span = make_span(text, [(14, 21), (6, 11)], "Disease", quoted="renal failure")
    assert (span.start, span.end, span.fragments) == (6, 21, ())
    assert make_span(text, [(0, 5), (6, 11), (26, 30)], "D").fragments == ((0, 11), (26, 30))
    assert make_span(text, [(0, 5), (5, 11)], "D").fragments == ()  # they touch
    assert make_span(text, [(0, 5), (14, 21)], "D").fragments == ((0, 5), (14, 21))


@pytest.mark.parametrize("format", ["brat", "bioc_json", "jsonl"])
def test_mention_over_a_line_break_in_pieces_is_contiguous(format: str, tmp_path: Path):
    text, pieces = "Severe kidney\nfailure.", [(7, 13), (14, 21)]
    path = tmp_path / "file.txt"
    if format == "brat":
        path.write_text(text)
        path.with_suffix(".ann").write_text("T1\tDisease 7 13;14 21\tkidney failure\n")
        path = path.with_suffix(".ann")
    elif format == "bioc_json":
        places = [{"offset": start, "length": end - start} for start, end in pieces]
        mention = {"id": "1", "infons": {"type": "Disease"}, "locations": places}
        passage = {"offset": 0, "text": text, "annotations": [mention]}
        path.write_text(json.dumps({"documents": [{"id": "1", "passages": [passage]}]}))
    else:
        entry = {"start": 7, "end": 21, "type": "Disease", "fragments": pieces}
        path.write_text(json.dumps({"text": text, "spans": [entry]}))
    (document,) = read(path, format)
    (span,) = document.spans
    assert (span.start, span.end, span.is_discontinuous) == (7, 21, False)
    write([document], tmp_path / "out.conll")
    tags = [
        line.split("\t")[1] for line in (tmp_path / "out.conll").read_text().split("\n") if line
    ]
    assert tags == ["O", "B-Disease", "I-Disease", "O"]


def test_a_mention_in_thousands_of_pieces_is_compared_in_linear_time():
    def compare(number: int) -> None:
        pieces, quoted = [(2 * i, 2 * i + 1) for i in range(number)], "a " * (number - 1) + "b"
        with pytest.raises(SpanError, match="in the text but"):
            make_span("a " * number, pieces, "Disease", quoted=quoted)

    assert_linear(compare, 500, 4_000, 8)
