"""The table and the HTML page."""

from __future__ import annotations

import io
import re
import time
from collections import Counter
from html.parser import HTMLParser
from itertools import combinations
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.overlapping import documents, spans_of
from vaner.display import html, table
from vaner.display.html import style
from vaner.display.html.page import _describe
from vaner.display.html.span_layout import LANES, pieces
from vaner.display.identifier_links import find_link
from vaner.display.output_formats import VIEWS
from vaner.text.documents import Document, Span
from vaner.text.mention_details import Candidate, Cue
from vaner.text.span_relations import SpanRelation, find_relation

TEXT = "Severe lung cancer of type 2"
NESTED = (
    Span(0, 18, "Disease", 0.9, ("MESH:D008175", "OMIM:211980")),
    Span(7, 11, "Anatomy", 0.8),
    Span(12, 28, "Crossing", 0.7),
)


def test_the_labeling_interface_of_label_studio():
    spans = (Span(0, 6, 'Sign & "x"'), Span(7, 11, "Disease"), Span(12, 18, "Disease"))
    config = "".join(VIEWS["label_studio_config"]([Document("1", TEXT, spans)], Counter()))
    root = ElementTree.fromstring(config)
    assert [label.get("value") for label in root.iter("Label")] == ["Disease", 'Sign & "x"']
    (labels,), (text,) = root.iter("Labels"), root.iter("Text")
    assert labels.attrib == {"name": "label", "toName": "text"}
    assert text.attrib == {"name": "text", "value": "$text"}


class _Page(HTMLParser):
    """What a browser makes of a page.

    Attributes:
        texts: the text of each article.
        marks: for each article the title, the first and the last character of each mark.
        labels: the text of each label, and its description for screen readers.
        links, concepts: addresses of links inside the page, and of descriptions of concepts.
        crooked: end tags that close another element than the one that was opened last.
    """

    _void = {"meta"}
    _implied = {"th", "td", "tr"}  # HTML lets their end tags be left out

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.marks: list[list[tuple[str, int, int]]] = []
        self.labels: list[tuple[str, str]] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.concepts: list[str] = []
        self.tags = Counter[str]()
        self.crooked = 0
        self._open: list[tuple[str, dict[str, str], int]] = []

    @property
    def _inside(self) -> bool:
        return any(tag == "p" and attributes.get("class", "").startswith("text")
                   for tag, attributes, _ in self._open)  # fmt: skip

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        attributes = {name: str(value) for name, value in attrs}
        self.ids += [attributes["id"]] if "id" in attributes else []
        if tag == "a":
            links = self.concepts if attributes["class"] == "id" else self.links
            links.append(attributes["href"])
        if tag == "p" and attributes.get("class", "").startswith("text"):
            self.texts.append("")
            self.marks.append([])
        if tag == "a" and attributes.get("class") != "id":
            self.labels.append((attributes["data-t"], attributes["aria-label"]))
        if tag not in self._void | self._implied:
            self._open.append((tag, attributes, len(self.texts[-1]) if self.texts else 0))

    def handle_endtag(self, tag: str) -> None:
        if tag in self._implied:
            return
        opened, attributes, start = self._open.pop()
        self.crooked += opened != tag
        if tag == "mark" and self._inside:
            self.marks[-1].append((attributes["title"], start, len(self.texts[-1])))

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.texts[-1] += data


def page(*documents: Document) -> tuple[str, _Page]:
    text = "".join(html.render(documents, Counter()))
    parsed = _Page()
    parsed.feed(text)
    assert not parsed.crooked
    assert len(set(parsed.ids)) == len(parsed.ids)
    assert {f"#{id}" for id in parsed.ids} == set(parsed.links)
    return text, parsed


def test_the_page_needs_nothing_else() -> None:
    text, parsed = page(Document("d", TEXT, NESTED))
    without_links = re.sub(r'<a class="id" href="[^"]*"', "", text)
    assert not re.search(r"https?:|url\(|@import", without_links)
    assert not {"script", "link", "img", "iframe"} & set(parsed.tags)


def test_nested_and_crossing_mentions_all_show() -> None:
    text, parsed = page(Document("d", TEXT, NESTED))
    assert parsed.texts == [TEXT]
    disease, anatomy, crossing = (
        "Disease · 0.900 · MESH:D008175 · OMIM:211980 · 0:18",
        "Anatomy · 0.800 · 7:11",
        "Crossing · 0.700 · 12:28",
    )
    assert sorted(parsed.marks[0], key=lambda m: m[1:]) == [
        (disease, 0, 18),
        (f"{anatomy}\n{disease}", 7, 11),
        (f"{crossing}\n{disease}", 12, 18),
        (crossing, 18, 28),
    ]
    assert parsed.labels == [
        ("Anatomy", anatomy), ("Disease", disease), ("Crossing", crossing)
    ]  # fmt: skip
    legend = text[text.index('<ul class="legend"') :]
    assert all(f">{span.type}</mark> 1<" in legend for span in NESTED)


def test_the_line_of_a_mention_goes_on_below_the_labels_that_it_crosses() -> None:
    text, _ = page(Document("d", TEXT, NESTED))
    assert re.search(
        r'<span class="line t\d+ l0" data-m="3"><a class="t\d+"[^>]*></a></span></mark>', text
    )


def test_a_mention_that_is_only_nested_is_one_element() -> None:
    spans = (Span(0, 18, "A"), Span(0, 11, "A"), Span(7, 11, "B"), Span(12, 18, "B"))
    _, parsed = page(Document("d", TEXT, spans))
    assert parsed.tags["mark"] == 4 + 2  # and two in the legend


def test_overlapping_mentions_have_separate_lines() -> None:
    lanes = {NESTED[p.number].type: p.lane for p in pieces(TEXT, NESTED)}
    assert lanes == {"Anatomy": 0, "Crossing": 0, "Disease": 1}


def test_mentions_that_cross_in_a_row_need_two_lines() -> None:
    spans = [Span(3 * i, 3 * i + 5, "A") for i in range(6)]
    assert {p.lane for p in pieces("x" * 20, spans)} == {0, 1}


def test_discontinuous_mentions_are_drawn_in_pieces_with_a_line_between() -> None:
    span = Span(0, 18, "Disease", None, (), ((0, 6), (12, 18)))
    text, parsed = page(Document("d", TEXT, (span,)))
    assert parsed.texts == [TEXT]
    assert "Severe … cancer" in text  # in the table of mentions
    assert [m[1:] for m in parsed.marks[0]] == [(0, 6), (12, 18)]
    assert re.search(r'<span class="line t\d+ l0 gap" data-m="1"> lung </span>', text)
    assert len(parsed.labels) == 1


def test_everything_is_escaped() -> None:
    evil = "<script>alert('x')</script>\" onmouseover=\"x & \x00\x1b\ud800"
    span = Span(0, 8, evil, 0.5, (evil,))
    text, parsed = page(Document(evil, evil, (span,)))
    assert not parsed.tags["script"] and "\x00" not in text and "\x1b" not in text
    text.encode()
    assert parsed.texts[0].startswith("<script>alert('x')")
    assert parsed.labels[0][0].startswith("<script>alert('x')</script>\" onmouseover=")


def test_identifiers_are_links_to_descriptions_of_concepts() -> None:
    span = Span(0, 18, "Disease", None, ("MESH:D008175", "ward:7", 'MESH:"><b>'))
    text, parsed = page(Document("d", TEXT, (span,)))
    assert parsed.concepts == [find_link("MESH:D008175")]
    assert "MESH:&quot;&gt;&lt;b&gt;" in text and "ward:7" in text


def test_more_types_than_colours() -> None:
    text = "a " * 60
    spans = [Span(2 * i, 2 * i + 1, f"T{i}") for i in range(60)]
    _, parsed = page(Document("d", text, tuple(spans)))
    assert len(parsed.labels) == 60


def test_the_page_streams() -> None:
    pulled = []

    def documents():  # type: ignore[no-untyped-def]
        for i in range(3):
            pulled.append(i)
            yield Document(str(i), TEXT)

    stream = html.render(documents(), Counter())
    next(stream)
    next(stream)
    assert pulled == [0]


def test_an_empty_page_says_so() -> None:
    assert "no mentions" in "".join(html.render([], Counter()))


MARKS = [
    "\u0301",
    "e\u0301\u0323",
    "👩‍🔬",
    "👍🏽",
    "אב",
    "مرض",
    "\u064b",
    "क्ष",
    "\r\n",
    "\r",
    " ",
    "糖尿病",
]
TEXTS = st.lists(st.text(max_size=4) | st.sampled_from(MARKS), max_size=10).map("".join)


@pytest.mark.heavy
@settings(deadline=None, max_examples=100)
@given(st.lists(documents(TEXTS, scores=True, identifiers=True), max_size=3))
def test_page_shows_all_text_and_all_mentions(all_documents: list[Document]) -> None:
    """However mentions overlap: nothing is lost, and the marks of each cover what it covers."""
    _, parsed = page(*all_documents)
    for document, text, marks in zip(all_documents, parsed.texts, parsed.marks, strict=True):
        assert text == shown(document.text)
        drawn = pieces(document.text, document.spans)
        for number, span in enumerate(document.spans):
            description = _describe(span)
            covered = {i for title, start, end in marks if title.split("\n")[0] == description
                       for i in range(start, end)}  # fmt: skip
            alike = {i for i, other in enumerate(document.spans) if _describe(other) == description}
            assert covered == {
                i for p in drawn if p.number in alike and not p.gap for i in range(
                    len(shown(document.text[: p.start])), len(shown(document.text[: p.end]))
                )
            }  # fmt: skip
            parts = [p for p in drawn if p.number == number and not p.gap]
            assert all(any(p.start <= s and e <= p.end for p in parts) for s, e in span.pieces)
    expected = Counter((shown(s.type), _describe(s)) for d in all_documents for s in d.spans)
    assert Counter(parsed.labels) == expected


def shown(text: str) -> str:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join("\t".join(map(table.printable, line.split("\t"))) for line in lines)


@settings(deadline=None, max_examples=200)
@given(spans_of("x" * 24, most=14))
def test_lines_do_not_overlap_and_nest_like_mentions(spans: list[Span]) -> None:
    lanes = {p.number: p.lane for p in pieces("x" * 24, spans)}
    for a, b in combinations(range(len(spans)), 2):
        first, second = spans[a], spans[b]
        if not first.overlaps(second) or LANES - 1 in (lanes[a], lanes[b]):
            continue
        assert lanes[a] != lanes[b]
        if first.start <= second.start and second.end <= first.end and first.length > second.length:
            assert lanes[a] > lanes[b]


def test_a_document_of_thousands_of_mentions_in_one() -> None:
    number = 5_000
    text = "ab " * number
    spans = [Span(3 * i, 3 * i + 2, "A") for i in range(number)]
    started = time.process_time()
    _, parsed = page(Document("d", text, (Span(0, len(text), "B"), *spans)))
    assert len(parsed.labels) == number + 1
    assert time.process_time() - started < 20, "takes about 0.6 s; a busy machine needs room"


@pytest.mark.parametrize(
    ("text", "span", "drawn", "label"),
    [
        ("cafe\u0301 au", (0, 4), (0, 5), 5),
        ("e\u0301tat", (1, 5), (0, 5), 5),
        ("a👩‍🔬b", (1, 2), (1, 4), 4),
        ("a👍🏽b", (0, 2), (0, 3), 3),
        ("a\r\nb", (0, 2), (0, 3), 3),
        ("مرضه", (0, 2), (0, 2), 4),  # its letters are written together
        ("مَرَضه", (0, 1), (0, 2), 6),
        ("אבגד", (0, 2), (0, 2), 2),
        ("糖尿病", (0, 2), (0, 2), 2),
        (" \u0301x", (1, 3), (1, 3), 3),
    ],
)
def test_no_line_cuts_a_character_and_no_label_a_joined_word(
    text: str, span: tuple[int, int], drawn: tuple[int, int], label: int
) -> None:
    [piece] = pieces(text, [Span(*span, "A")])
    assert (piece.start, piece.end) == drawn and piece.label == label


def _contrast(first: np.ndarray, second: np.ndarray) -> float:
    """Return the contrast of two colors in linear RGB (WCAG 2.2)."""
    dark, light = sorted(float(color @ [0.2126, 0.7152, 0.0722]) for color in (first, second))
    return (light + 0.05) / (dark + 0.05)


def _linear(colour: np.ndarray) -> np.ndarray:
    return np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)


def _rgb(colour: str) -> np.ndarray:
    return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255


@pytest.mark.parametrize("dark", [False, True])
def test_lines_and_labels_can_be_seen(dark: bool) -> None:
    paper = _rgb(style.DARK_PAPER if dark else style.PAPER)
    for colour in style.COLORS:
        line = _rgb(colour.dark_line if dark else colour.line)
        text = _linear(_rgb(colour.dark_text if dark else colour.text))
        assert _contrast(_linear(line), _linear(paper)) >= 3
        behind = paper
        for percent in style.TINTS:  # nested mentions of one type, the darkest there is
            behind = behind + (line - behind) * percent / 100
            assert _contrast(text, _linear(behind)) >= 4.5


# What protanopes, deuteranopes and tritanopes see, in linear RGB (Machado et al. 2009, severity 1).
SEEN = np.array([
    np.eye(3),
    [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
     [-0.003882, -0.048116, 1.051998]],
    [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
     [-0.011820, 0.042940, 0.968881]],
    [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
     [0.004733, 0.691367, 0.303900]],
])  # fmt: skip
XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def _lab(linear: np.ndarray) -> np.ndarray:
    xyz = XYZ @ np.clip(linear, 0, 1) / [0.9505, 1.0, 1.089]
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("dark", [False, True])
def test_color_blind_readers_can_distinguish_colors(dark: bool) -> None:
    lines = [_linear(_rgb(c.dark_line if dark else c.line)) for c in style.COLORS]
    for eyes in SEEN:
        for first, second in combinations(lines, 2):
            assert np.linalg.norm(_lab(eyes @ first) - _lab(eyes @ second)) > 16


def rendered(*documents: Document) -> str:
    return "".join(table.render(documents, Counter()))


def test_columns_that_say_nothing_are_left_out() -> None:
    plain = rendered(Document("d", TEXT, (Span(7, 11, "Anatomy"),)))
    assert plain.splitlines()[1].split() == ["start", "end", "type", "mention"]
    assert "MESH:D008175 OMIM:211980" in rendered(Document("d", TEXT, NESTED))


def test_the_table_says_what_the_sentence_says_about_a_mention() -> None:
    cues = (Cue("negated", 0, 2), Cue("family", 8, 14), Cue("negated", 3, 5))
    spans = (Span(15, 19, "Disease", 0.9, context=cues), Span(20, 23, "Disease", 0.8))
    (text,) = table.render([Document("1", "No, no, mother gout flu", spans)], Counter())
    assert text.strip().splitlines()[1:] == [
        "start  end  type     mention  score  context",
        "   15   19  Disease  gout     0.900  negated, family",
        "   20   23  Disease  flu      0.800",
    ]


def test_candidates_are_listed_under_the_pointer() -> None:
    candidates = (Candidate("X:1", 'gout "acute"', 0.75), Candidate("X:2", "podagra", 0.125))
    _, parsed = page(Document("1", "Gout", (Span(0, 4, "Disease", 0.9, candidates=candidates),)))
    [(title, _, _)] = parsed.marks[0]
    listed = ['X:1 · 0.750 · gout "acute"', "X:2 · 0.125 · podagra"]
    assert title.split("\n") == ["Disease · 0.900 · 0:4", *listed]
    assert parsed.labels == [("Disease", "Disease · 0.900 · 0:4")]


def test_the_table_obeys_no_control_characters() -> None:
    shown = rendered(Document("\x1b[2J", "\x1b[31mred\x07", (Span(0, 8, "A"),)))
    assert "\x1b" not in shown and "\x07" not in shown


def test_wide_characters_keep_the_columns_straight() -> None:
    from rich.cells import cell_len

    text = "糖尿病 and flu"
    shown = rendered(Document("d", text, (Span(0, 3, "A", 0.5), Span(8, 11, "A", 0.25))))
    assert len({cell_len(line) for line in shown.splitlines()[2:4]}) == 1


def test_a_long_mention_is_shortened() -> None:
    shown = rendered(Document("d", "x" * 5_000_000, (Span(0, 5_000_000, "A"),)))
    assert len(shown) < 400 and " … " in shown


@pytest.mark.parametrize("text", ["[red]x[/red]", "[/]"])
def test_a_terminal_gets_lines_and_no_markup(text: str) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    from vaner.cli.outputs import write_to_stream

    stream = Terminal()
    write_to_stream([Document("d", text, (Span(0, len(text), "A"),))], stream, "table")
    assert text in stream.getvalue() and "━" in stream.getvalue()


def test_lines_of_text_are_as_high_as_nesting_needs() -> None:
    flat = Document("flat", "asthma", (Span(0, 6, "D"),))
    deep = Document("deep", "asthma", tuple(Span(0, end, "D") for end in range(1, 7)))
    page = "".join(html.render([flat, deep, Document("none", "x")], Counter()))
    assert re.findall(r'class="text d(\d)"', page) == ["0", "5", "0"]
    heights = [float(h) for h in re.findall(r"line-height: ([\d.]+); padding", page)]
    assert heights == sorted(heights) and len(set(heights)) == 8


def test_nothing_is_not_folded_away() -> None:
    page = "".join(html.render([Document("none", "x")], Counter()))
    assert "<details>" not in page and ">no mentions</p>" in page


def test_rows_are_in_the_order_of_the_text_and_inner_mentions_stand_to_the_right() -> None:
    text = "Severe lung cancer of type 2, left or right hypertrophy"
    spans = (
        Span(7, 11, "Anatomy"),
        Span(12, 28, "Crossing"),
        Span(7, 18, "Disease"),
        Span(7, 18, "Neoplasm"),
        Span(0, 18, "Disease"),
        Span(30, 55, "Disease", None, (), ((30, 34), (44, 55))),
        Span(38, 55, "Disease"),
    )
    shown = [re.sub(" +$", "", line) for line in rendered(Document("d", text, spans)).splitlines()]
    assert shown[1:-1] == [
        "start  end  type      mention             overlaps",
        "    0   18  Disease   Severe lung cancer",
        "    7   18  Disease     lung cancer       in 0:18",
        "    7   18  Neoplasm    lung cancer       in 0:18, same place",
        "    7   11  Anatomy         lung          in 7:18",
        "   12   28  Crossing  cancer of type 2    crosses 0:18 …",
        "   30   55  Disease   left … hypertrophy",
        "   38   55  Disease   right hypertrophy   crosses 30:55",
    ]


def test_flat_mentions_have_no_column_of_overlaps() -> None:
    assert "overlaps" not in rendered(Document("d", TEXT, (Span(0, 6, "A"), Span(7, 11, "A"))))


@settings(deadline=None, max_examples=100)
@given(spans_of("x" * 24))
def test_a_table_has_every_mention_once(spans: list[Span]) -> None:
    rows = table.rows(spans)
    assert Counter(row.span for row in rows) == Counter(spans)
    for row in rows:
        inside = [s for s in set(spans) if find_relation(row.span, s) is SpanRelation.INSIDE]
        assert row.depth == len(inside)
        assert row.overlaps.startswith("in ") == bool(inside)
