"""The report of an evaluation: what it says, that it is HTML, and that it needs nothing else."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.command_line import Run
from vaner.calibration.reliability import reliability
from vaner.display.html.evaluation_report import _example, _find_context, render
from vaner.display.html.svg_plots import bar, reliability_plot
from vaner.evaluation import score
from vaner.evaluation.bootstrap import Interval
from vaner.evaluation.error_analysis import Mistake, MistakeKind
from vaner.evaluation.evaluate import Evaluation
from vaner.evaluation.label_predictions import label_predictions
from vaner.text.documents import Document, Span

TEXT = "Her <b>left</b> breast cancer\nand gout; diabetes & asthma, with metformin."


def at(words: str, type: str, score: float | None = None) -> Span:
    start = TEXT.index(words)
    return Span(start, start + len(words), type, score)


def evaluation(name: str = "mine", spans: tuple[Span, ...] | None = None) -> Evaluation:
    gold = tuple(
        Document(str(i), TEXT, (at("breast cancer", "Disease"), at("gout", "Disease"),
                                at("metformin", "Drug & co"), at("asthma", "Disease")))
        for i in range(3)
    )  # fmt: skip
    if spans is None:
        spans = (at("cancer", "Disease", 0.7), at("gout", "Drug & co", 0.4),
                 at("diabetes", "Disease", 0.6), at("metformin", "Drug & co", 0.9))  # fmt: skip
    predicted = tuple(document.with_spans(spans) for document in gold)
    types = ("Disease", "Drug & co")
    trust = reliability(
        [pair for some in label_predictions(gold, predicted, types) for pair in some]
    )
    return Evaluation(
        name, "devel", types, ("Gene",), score(gold, predicted, types=types, bootstrap=20),
        {"discontinuous": 2}, 1.0, predicted, gold, trust, trust,
    )  # fmt: skip


class Words(HTMLParser):
    """What is read, with the elements that must be closed in order."""

    OPEN = frozenset({"meta", "li", "p", "tr", "th", "td", "tbody", "thead", "dt", "dd", "path"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.words, self.open, self.ids, self.links = "", list[str](), list[str](), list[str]()
        self.feed(page)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        self.ids += [str(known["id"])] if "id" in known else []
        self.links += [str(known["href"])] if "href" in known else []
        if tag not in self.OPEN:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.OPEN:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words += data


def test_page_contains_figures_and_mistakes() -> None:
    page = "".join(render([evaluation()], {"model": "<m>", "commit": None}))
    text = Words(page).words
    assert "<m>" in text and "<m>" not in page and "commit" not in text
    assert "Types that the model does not find and that are not scored: Gene." in text
    assert "discontinuous 2" in text and "Drug & co" in text
    for kind, number in (("another type", 3), ("too short", 3), ("false alarm", 3), ("missed", 3)):
        assert f"{kind} {number}:" in text
    assert "shifted 0" not in text
    assert "“breast cancer” Disease; predicted “cancer” Disease 0.700" in text
    assert "Her <b>left</b> breast cancer and gout" in text
    assert "Expected calibration error" in text and "before calibration" in text


def test_gold_and_predicted_have_different_marks() -> None:
    page = "".join(render([evaluation()], {}))
    assert '<span class="g">breast </span><span class="g f">cancer</span>' in page
    assert '<span class="g f">gout</span>' in page
    assert '<span class="f">diabetes</span>' in page and '<span class="g">asthma</span>' in page


@given(st.text("ab \n", max_size=400), st.integers(0, 400), st.integers(1, 20))
def test_context_consists_of_complete_words(text: str, start: int, length: int) -> None:
    text, end = text.ljust(start + length, "a"), start + length
    first, last = _find_context(text, start, end)
    assert 0 <= start - first <= 90 and 0 <= last - end <= 90
    for cut, context in ((first, text[first:start]), (last, text[end:last])):
        is_inside_word = 0 < cut < len(text) and not re.search(r"\s", text[cut - 1 : cut + 1])
        assert not is_inside_word or not re.search(r"\s", context)  # a single long word


def test_example_starts_and_ends_with_a_word() -> None:
    text = "Neurological examination " * 9 + "showed gout" + " of considerable severity" * 9
    start = text.index("gout")
    missed = Mistake(
        MistakeKind.MISSED, Document("1", text), Span(start, start + 4, "Disease"), None
    )
    words = Words(_example(missed)).words
    begins, ends = re.findall(r"…(\w+)|(\w+)…", words)
    assert begins[0] in ("Neurological", "examination")
    assert ends[1] in ("of", "considerable", "severity")


def test_page_is_self_contained_and_links_are_valid() -> None:
    page = "".join(render([evaluation("one"), evaluation("two")], {}))
    assert not re.search(r"<script|https?://|@import|url\(|\bon\w+=", page)
    read = Words(page)
    assert len(read.ids) == len(set(read.ids)) and len(read.links) == 8
    assert {link.removeprefix("#") for link in read.links} <= set(read.ids)
    assert "prefers-color-scheme: dark" in page and "@media print" in page


def test_tables_scroll_with_the_keyboard_and_headings_skip_no_level() -> None:
    for evaluations in ([evaluation()], [evaluation("one"), evaluation("two")]):
        page = "".join(render(evaluations, {}))
        groups = re.findall(
            r'<div class="wide" role="group" aria-label="[^"]+" tabindex="0">', page
        )
        assert len(groups) == page.count("<table>") and '<th scope="col"><' not in page
        levels = [int(level) for level in re.findall(r"<h(\d)", page)]
        assert levels[0] == 1
        assert all(after <= before + 1 for before, after in pairwise(levels))


def test_the_rows_of_a_table_have_equal_lengths() -> None:
    tables = re.findall("<table>.*?</table>", "".join(render([evaluation()], {})), re.DOTALL)
    assert len(tables) > 3
    for table in tables:
        lengths = [len(re.findall(r"<t[dh]\b", row)) for row in table.split("<tr")[1:]]
        assert len(lengths) > 1 and len(set(lengths)) == 1


def test_page_without_predictions_or_mistakes() -> None:
    nothing = evaluation(spans=())
    text = Words("".join(render([nothing], {}))).words
    assert "missed 12:" in text and "Reliability of the scores" not in text
    right = evaluation(spans=nothing.gold[0].spans)
    text = Words("".join(render([right], {}))).words
    assert "0 mistakes" in text and "“" not in text


@pytest.mark.parametrize("number", [1, 500])
def test_plot_has_every_bin_at_its_position(number: int) -> None:
    pairs = [(Span(0, 1, "A", (i + 0.5) / number), i % 3 > 0) for i in range(number)]
    result = reliability(pairs)
    assert result is not None
    drawn = ET.fromstring(reliability_plot(result, result))
    circles = list(drawn.iter("circle"))
    assert len(circles) == len(result.bins) == len([r for r in drawn.iter("rect")])
    for circle, bin in zip(circles, result.bins, strict=True):
        assert float(circle.get("cx", "")) == pytest.approx(44 + 300 * bin.probability, abs=0.1)
        assert float(circle.get("cy", "")) == pytest.approx(308 - 300 * bin.precision, abs=0.1)
    ET.fromstring(bar(0.5, Interval(0.4, 0.6)))


def test_command_writes_report(run: Run, tiny_model: Path, tmp_path: Path) -> None:
    corpus, page = tmp_path / "mine.tsv", tmp_path / "report.html"
    corpus.write_text("Asthma\tB-Disease\nkills\tO\n\nAspirin\tB-Chemical\nhelps\tO\n\n")
    options = ("evaluate", "--model", tiny_model, "--corpus", corpus, "--bootstrap", 20)
    done = run(*options, "--report", page, "--device", "cpu")
    assert done.code == 0 and f"report written to {page}" in done.err
    assert "Evaluation: mine\n" in Words(page.read_text("utf-8")).words
    assert "not a folder" in run(*options, "--report", corpus / "r.html").error
