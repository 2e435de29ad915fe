"""A document as a notebook shows it."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from vaner.text.documents import Document, Span

TEXT = "left breast cancer & gout"
NESTED = Document("<1>", TEXT, (Span(0, 18, "Disease", 0.9), Span(5, 11, "Anatomy", 0.5)))


def test_nested_mentions_are_marked_in_the_text() -> None:
    page = NESTED._repr_html_()
    marks = re.sub(r"<details.*", "", page.partition("</style>")[2], flags=re.S)
    text = re.sub(r"<[^>]+>", "", marks.partition('<p class="text')[2].partition(">")[2])
    assert text.strip() == "left breast cancer &amp; gout"
    assert re.search(r"<mark[^>]*>left <mark[^>]*>breast", marks)
    assert "&lt;1&gt;" in page and "<1>" not in page
    assert 'data-t="Anatomy"' in page and "0.900" in page


def test_style_is_scoped_to_the_fragment() -> None:
    page = NESTED._repr_html_()
    style = re.search(r"<style>(.*?)</style>", page, re.S)
    assert style is not None
    outermost = re.sub(r"\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}", "{}", style[1])
    assert {rule.strip() for rule in outermost.split("{}") if rule.strip()} == {
        ".vaner", "@media screen and (prefers-color-scheme: dark)",
    }  # fmt: skip
    assert not re.search(r"<script|https?://|@import|url\(", page)
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids)) == 2
    assert set(re.findall(r'href="#([^"]+)"', page)) == set(ids)
    other = Document("2", TEXT, NESTED.spans)._repr_html_()
    assert not set(ids) & set(re.findall(r' id="([^"]+)"', other))
    assert page == NESTED._repr_html_()


@pytest.mark.parametrize("text", ["", "no mentions", "\x00\ud800 <b>"])
def test_a_document_without_mentions(text: str) -> None:
    page = Document("1", text)._repr_html_()
    assert "no mentions" in page and "legend" not in page.partition("</style>")[2]
    assert "<b>" not in page


def test_a_document_needs_none_of_it_until_it_is_shown() -> None:
    program = (
        "import sys\nfrom vaner import Document\n"
        "document = Document('1', 'asthma')\n"
        "assert 'vaner.display' not in sys.modules\n"
        "assert 'asthma' in document._repr_html_()\n"
        "assert not {'torch', 'transformers', 'numpy'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
