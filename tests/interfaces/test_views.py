"""The table and the HTML page."""

from __future__ import annotations

import io
import re
from collections import Counter
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vaner.documents import Document, Span
from vaner.interfaces import html, table

TEXT = "Severe lung cancer of type 2"
NESTED = (
    Span(0, 18, "Disease", 0.9, ("MESH:D008175", "OMIM:211980")),
    Span(7, 11, "Anatomy", 0.8),
    Span(12, 28, "Crossing", 0.7),
)


class _Page(HTMLParser):
    """The text of the articles as a browser would show it, and the attributes met."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.titles: list[str] = []
        self.tags = Counter[str]()
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        found = dict(attrs)
        if tag == "p" and str(found.get("class")).startswith("text"):
            self.texts.append("")
            self._inside = True
        if found.get("title"):
            self.titles.append(str(found["title"]))

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "p"

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.texts[-1] += data


def page(*documents: Document) -> tuple[str, _Page]:
    text = "".join(html.render(documents, Counter()))
    parsed = _Page()
    parsed.feed(text)
    return text, parsed


def test_the_page_needs_nothing_else() -> None:
    text, parsed = page(Document("d", TEXT, NESTED))
    assert not re.search(r"https?:|url\(|@import", text)
    assert not {"script", "link", "img", "iframe"} & set(parsed.tags)


def test_nested_and_crossing_mentions_all_show() -> None:
    text, parsed = page(Document("d", TEXT, NESTED))
    assert parsed.texts == [TEXT]
    assert [t.count("\n") + 1 for t in parsed.titles] == [1, 2, 1, 2, 1]
    assert "Disease · 0.900 · MESH:D008175 · OMIM:211980 · 0:18" in text
    for type in ("Disease", "Anatomy", "Crossing"):
        assert text.count(f'data-t="{type}"') == 1
    legend = text[text.index('<div class="legend">') :]
    assert all(span.type in legend for span in NESTED)


def test_each_mention_has_a_line_of_its_own_where_mentions_overlap() -> None:
    lanes = {p.span.type: p.lane for p in html.pieces(NESTED)}
    assert lanes["Anatomy"] < lanes["Disease"] != lanes["Crossing"]


def test_discontinuous_mentions_are_drawn_in_pieces() -> None:
    span = Span(0, 18, "Disease", None, (), ((0, 6), (12, 18)))
    text, parsed = page(Document("d", TEXT, (span,)))
    assert parsed.texts == [TEXT]
    assert "Severe cancer" in text  # in the table of mentions
    assert text.count('data-t="Disease"') == 2


def test_everything_is_escaped() -> None:
    evil = "<script>alert('x')</script>\" onmouseover=\"x & \x00\x1b\ud800"
    span = Span(0, 8, evil, 0.5, (evil,))
    text, parsed = page(Document(evil, evil, (span,)))
    assert not parsed.tags["script"] and "\x00" not in text and "\x1b" not in text
    text.encode()
    assert parsed.texts[0].startswith("<script>alert('x')")


def test_more_types_than_colours() -> None:
    text = "a " * 60
    spans = [Span(2 * i, 2 * i + 1, f"T{i}") for i in range(60)]
    _, parsed = page(Document("d", text, tuple(spans)))
    assert len(parsed.titles) == 60


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


@st.composite
def annotated(draw: st.DrawFn) -> Document:
    text = draw(st.text(min_size=1, max_size=40))
    spans = []
    for start, end in draw(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=6)):
        if start < end <= len(text) and text[start:end].strip():
            spans.append(Span(start, end, draw(st.sampled_from("ABC"))))
    return Document("d", text, tuple(spans))


@settings(deadline=None, max_examples=60)
@given(annotated())
def test_no_text_is_lost_on_the_page(document: Document) -> None:
    """A page shows all text, however mentions lie in it."""
    _, parsed = page(document)
    lines = document.text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    kept = ["\t".join(map(table.printable, line.split("\t"))) for line in lines]
    assert parsed.texts == ["\n".join(kept)]


def rendered(*documents: Document) -> str:
    return "".join(table.render(documents, Counter()))


def test_columns_that_say_nothing_are_left_out() -> None:
    plain = rendered(Document("d", TEXT, (Span(7, 11, "Anatomy"),)))
    assert plain.splitlines()[1].split() == ["start", "end", "type", "mention"]
    assert "MESH:D008175 OMIM:211980" in rendered(Document("d", TEXT, NESTED))


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

    from vaner.interfaces.cli.outputs import _pour

    stream = Terminal()
    _pour([Document("d", text, (Span(0, len(text), "A"),))], stream, "table")
    assert text in stream.getvalue() and "━" in stream.getvalue()


def test_lines_of_text_are_as_high_as_nesting_needs() -> None:
    flat = Document("flat", "asthma", (Span(0, 6, "D"),))
    deep = Document("deep", "asthma", tuple(Span(0, end, "D") for end in range(1, 7)))
    page = "".join(html.render([flat, deep, Document("none", "x")], Counter()))
    assert re.findall(r'class="text d(\d)"', page) == ["0", "5", "0"]
    heights = [float(h) for h in re.findall(r"line-height: ([\d.]+); }", page)]
    assert heights == sorted(heights) and len(set(heights)) == 8


def test_nothing_is_not_folded_away() -> None:
    page = "".join(html.render([Document("none", "x")], Counter()))
    assert "<details>" not in page and ">no mentions</p>" in page
