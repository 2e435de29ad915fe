"""The page in a browser: annotating, correcting and downloading."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.serving import annotator, serve
from vaner.formats import read, write
from vaner.text.documents import Document

pytest.importorskip("fastapi", reason="FastAPI is not installed: pip install -e '.[serve]'")
playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from vaner.server.app import create_app  # noqa: E402 - needs the extra

expect = playwright.expect

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM = next(filter(None, (os.environ.get("CHROMIUM"), *map(shutil.which, NAMES))), None)
REFUSED = "responded with a status of 400"  # logged by Chromium and shown on the page
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here"),
    # Of a browser's sockets that the collector finds: theirs is to close them.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

TEXT = "😀 for aspirin\nand lung cancer 😀😀 asthma"
FOUND = ["😀", "aspirin", "lung cancer", "lung", "😀", "😀", "asthma"]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serve(create_app(annotator(), name="known")) as url:
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as running:
        # Chromium has no sandbox for root, who runs things in containers.
        options = ["--no-sandbox"] if os.name == "posix" and not os.geteuid() else []
        chromium = running.chromium.launch(executable_path=CHROMIUM, args=options)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Any, address: str) -> Iterator[Any]:
    """The page, opened; whatever the browser complains of fails the test."""
    context = browser.new_context(viewport={"width": 1000, "height": 900})
    new_page = context.new_page()
    new_page.set_default_timeout(15_000)
    problems: list[str] = []
    new_page.on("console", lambda message: REFUSED in message.text or problems.append(message.text))
    new_page.on("pageerror", lambda problem: problems.append(str(problem)))
    new_page.on("request", lambda request: request.url.startswith((address, "blob:", "data:"))
             or problems.append(request.url))  # fmt: skip
    new_page.goto(address)
    new_page.wait_for_selector("#types li")
    yield new_page
    context.close()
    assert not problems


def annotate(page: Any, text: str = TEXT) -> None:
    page.fill("#text", text)
    page.click("#go")
    page.wait_for_selector("#documents .text")


def labels(page: Any) -> list[str]:
    """The mentions that can be reached, as a screen reader says them."""
    return [label.get_attribute("aria-label") for label in page.locator("#documents .text a").all()]


def downloaded(page: Any, tmp_path: Path, format: str = "jsonl") -> list[Document]:
    page.select_option("#format", format)
    with page.expect_download() as download:
        page.click("#download")
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    return list(read(path, format))


def mentions(document: Document) -> list[tuple[str, str]]:
    return [(document.mention(span), span.type) for span in document.spans]


def select(page: Any, words: str) -> None:
    """Select words of the first text with the mouse."""
    page.evaluate(
        """words => {
            const text = document.querySelector("#documents .text");
            const walker = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
            const nodes = [];
            while (walker.nextNode()) nodes.push(walker.currentNode);
            const first = text.textContent.indexOf(words);
            const at = (place) => {
                let before = 0;
                for (const node of nodes) {
                    if (place <= before + node.length) return [node, place - before];
                    before += node.length;
                }
            };
            getSelection().setBaseAndExtent(...at(first), ...at(first + words.length));
            document.dispatchEvent(new MouseEvent("mouseup"));
        }""",
        words,
    )
    page.wait_for_selector("#edit:visible")


def test_mentions_are_shown(page: Any) -> None:
    assert "known" in page.inner_text("#model")
    annotate(page)
    assert page.locator("#documents .text").evaluate("e => e.textContent") == TEXT
    shown = labels(page)
    assert sorted(label.partition(":")[0] for label in shown) == sorted(FOUND)
    assert "aspirin: Chemical · 0.750 · 6:13. Correct" in shown
    assert "1 document, 7 mentions" in page.inner_text("#status")
    page.hover("#documents mark:has-text('aspirin')")
    assert page.inner_text("#tip") == "Chemical · 0.750 · 6:13"


def test_chosen_types_alone(page: Any) -> None:
    page.uncheck("input[value=Disease]")
    annotate(page)
    assert [label.partition(":")[0] for label in labels(page)] == ["aspirin", "lung"]
    page.uncheck("input[value=Chemical]")
    page.uncheck("input[value=Anatomy]")
    page.click("#go")
    page.wait_for_selector("#problem:visible")
    assert page.inner_text("#problem") == "Choose a type to find."


def test_selected_text_becomes_a_mention(page: Any, tmp_path: Path) -> None:
    annotate(page)
    select(page, " 😀😀 asthma")
    assert page.input_value("#words") == "😀😀 asthma"
    page.select_option("#type", "")
    page.fill("#named", "Finding")
    page.click("#edit .main")
    page.wait_for_selector("#edit", state="hidden")
    assert page.inner_text("#status").startswith("Added.")
    (document,) = downloaded(page, tmp_path)
    start = TEXT.index("😀😀")
    (added,) = (span for span in document.spans if span.type == "Finding")
    assert (added.start, added.end, added.score) == (start, len(TEXT), None)
    assert len(document.spans) == 8
    assert all(span.score == 0.75 for span in document.spans if span is not added)


def test_correcting_by_keyboard(page: Any, tmp_path: Path) -> None:
    annotate(page)
    label = page.locator("#documents .text a[aria-label^='aspirin']")
    label.focus()
    assert "Chemical" in page.inner_text("#tip")
    page.keyboard.press("Enter")
    page.keyboard.press("Shift+Tab")  # from the type to the end, and to the start
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert page.input_value("#words") == "aspir"
    page.select_option("#type", "Disease")
    page.locator("#type").press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("#edit", state="hidden")
    focused = page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert focused == "aspir: Disease · 6:11. Correct"
    page.keyboard.press("Delete")
    expect(page.locator("#status")).to_contain_text("Removed.")
    (document,) = downloaded(page, tmp_path)
    assert ("aspir", "Disease") not in mentions(document) and len(document.spans) == 6
    for left in ("aspir: Disease · 6:11. Correct", "aspirin: Chemical · 0.750 · 6:13. Correct"):
        page.click("#undo")
        expect(page.locator("#documents .text a")).to_have_count(7)
        expect(page.get_by_label(left)).to_have_count(1)
    assert "aspirin: Chemical · 0.750 · 6:13. Correct" in labels(page)
    assert page.is_disabled("#undo")


def test_words_are_found_where_they_are_typed(page: Any) -> None:
    annotate(page)
    page.click("#documents .add")
    page.fill("#words", "and lung")
    assert (page.input_value("#start"), page.input_value("#end")) == ("14", "22")
    page.fill("#words", "nowhere")
    page.click("#edit .main")
    assert page.locator("#edit").is_visible()  # there is nothing to be saved
    assert not page.locator("#words").evaluate("e => e.checkValidity()")
    page.keyboard.press("Escape")
    assert not page.locator("#edit").is_visible()


@pytest.mark.parametrize("format", ["pubtator", "bioc_xml", "bioc_json"])
def test_downloads_hold_the_offsets(page: Any, tmp_path: Path, format: str) -> None:
    annotate(page)
    (document,) = downloaded(page, tmp_path, format)
    assert sorted(mention for mention, _ in mentions(document)) == sorted(FOUND)


def test_files_are_opened_and_dropped(page: Any, tmp_path: Path) -> None:
    documents = [Document(str(i), f"{i} 😀\nasthma") for i in range(25)]
    write(documents, tmp_path / "notes.pubtator", "pubtator")
    page.set_input_files("#files", tmp_path / "notes.pubtator")
    page.wait_for_selector("#more:visible")
    assert page.locator("#documents article").count() == 20
    page.click("#more")
    page.wait_for_selector("#more", state="hidden")
    assert page.locator("#documents article").count() == 25
    assert [d.id for d in downloaded(page, tmp_path)] == [d.id for d in documents]
    page.evaluate(
        """text => {
            const files = new DataTransfer();
            files.items.add(new File([text], "a\\u2028b.txt"));
            dispatchEvent(new DragEvent("drop", { dataTransfer: files, cancelable: true }));
        }""",
        "asthma\r\n😀 aspirin",
    )
    expect(page.locator("#documents article")).to_have_count(1)
    select(page, "😀 aspirin")  # behind a line break that is two characters in the file
    page.click("#edit .main")
    page.wait_for_selector("#edit", state="hidden")
    (document,) = downloaded(page, tmp_path)
    assert document.text == "asthma\r\n😀 aspirin"
    assert ("😀 aspirin", "Chemical") in mentions(document)


def test_errors_of_the_server_are_shown(page: Any, tmp_path: Path) -> None:
    (tmp_path / "broken.jsonl").write_text('{"text": "a"}\n{"text": 3}\n')
    page.set_input_files("#files", tmp_path / "broken.jsonl")
    page.wait_for_selector("#problem:visible")
    assert page.inner_text("#problem").startswith("broken.jsonl:2: text is int")


def test_markup_in_a_text_is_text(page: Any) -> None:
    text = '<img src=x onerror="alert(1)"> asthma </p><script>alert(2)</script> & <b>lung</b>'
    annotate(page, text)
    assert page.locator("#documents .text").evaluate("e => e.textContent") == text
    assert page.locator("#documents :is(img, script, b)").count() == 0


def luminance(colour: str) -> float:
    red, green, blue = (int(part) / 255 for part in re.findall(r"\d+", colour)[:3])
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
              for c in (red, green, blue)]  # fmt: skip
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast(page: Any, scheme: str) -> None:
    """All that can be read has 4.5:1 on what is behind it (WCAG 2.2)."""
    page.emulate_media(color_scheme=scheme)
    annotate(page)
    select(page, "and")
    pairs = page.evaluate(
        """() => [...document.querySelectorAll("p, label, button:enabled, h1, h2, legend, input")]
            .filter((e) => e.checkVisibility()).map((e) => {
                let behind = e;
                const none = "rgba(0, 0, 0, 0)";
                while (behind && getComputedStyle(behind).backgroundColor === none) {
                    behind = behind.parentElement;
                }
                const paper = getComputedStyle(behind ?? document.body).backgroundColor;
                return [getComputedStyle(e).color, paper, e.outerHTML.slice(0, 60)];
            })"""
    )
    assert len(pairs) > 20
    for ink, paper, which in pairs:
        darker, lighter = sorted((luminance(ink), luminance(paper)))
        assert (lighter + 0.05) / (darker + 0.05) >= 4.5, which
    dark = luminance(page.evaluate("getComputedStyle(document.body).backgroundColor")) < 0.5
    assert dark == (scheme == "dark")


def test_all_controls_have_names(page: Any) -> None:
    """Every control has a text for screen readers."""
    annotate(page)
    select(page, "and")
    nameless = page.evaluate(
        """() => [...document.querySelectorAll("input, select, textarea, button, .text a")]
            .filter((e) => e.checkVisibility() && !(e.labels?.length
                || e.textContent.trim() || e.getAttribute("aria-label")))
            .map((e) => e.outerHTML)"""
    )
    assert nameless == []
    assert page.evaluate("document.documentElement.lang") == "en"


def test_the_page_asks_for_an_api_key(browser: Any, tmp_path: Path) -> None:
    """Once in a tab: after a wrong key again, after a reload not."""
    key = "a-key-0123456789-a"
    with serve(create_app(annotator(), name="known", api_keys=[key])) as url:
        context = browser.new_context()
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.goto(url)
        expect(page.locator("#key-label")).to_contain_text("needs an API key")
        page.fill("#key", "no such key")
        page.keyboard.press("Enter")
        expect(page.locator("#key-label")).to_contain_text("does not know this API key")
        page.fill("#key", key)
        page.keyboard.press("Enter")
        page.wait_for_selector("#types li")
        annotate(page)
        assert mentions(*downloaded(page, tmp_path))
        page.reload()
        page.wait_for_selector("#types li")
        assert page.locator("#key-question").count() == 0
        context.close()
