"""A headless Chromium that opens the page of a server, for tests of the page."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from vaner.formats import read
from vaner.text.documents import Document

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

expect = playwright.expect

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM = next(filter(None, (os.environ.get("CHROMIUM"), *map(shutil.which, NAMES))), None)
REFUSED = "responded with a status of"  # logged by Chromium and shown on the page
NEEDS_CHROMIUM = [
    pytest.mark.heavy,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here"),
    # Of a browser's sockets that the collector finds: theirs is to close them.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

TEXT = "😀 for aspirin\nand lung cancer 😀😀 asthma"
FOUND = ["😀", "aspirin", "lung cancer", "lung", "😀", "😀", "asthma"]


@contextmanager
def launch_chromium() -> Iterator[Any]:
    """Yield a headless Chromium, and close it."""
    with playwright.sync_playwright() as running:
        # Chromium has no sandbox for root, who runs things in containers.
        options = ["--no-sandbox"] if os.name == "posix" and not os.geteuid() else []
        chromium = running.chromium.launch(executable_path=CHROMIUM, args=options)
        yield chromium
        chromium.close()


def open_page(browser: Any, address: str, width: int = 1280, **options: Any) -> Iterator[Any]:
    """Yield the page, opened; errors of the browser fail the test."""
    context = browser.new_context(viewport={"width": width, "height": 850}, **options)
    context.set_default_timeout(15_000)
    page = context.new_page()
    problems: list[str] = []
    page.on("console", lambda message: REFUSED in message.text or problems.append(message.text))
    page.on("pageerror", lambda problem: problems.append(str(problem)))
    page.on("request", lambda request: request.url.startswith((address, "blob:", "data:"))
            or problems.append(request.url))  # fmt: skip
    page.goto(address)
    expect(page.locator("#model")).not_to_be_empty()
    yield page
    context.close()
    assert not problems


def annotate(page: Any, text: str = TEXT) -> None:
    page.fill("#text", text)
    page.click("#go")
    page.wait_for_selector("#documents .text")
    expect(page.locator("#status")).to_contain_text(" s.")


def labels(page: Any) -> list[str]:
    """The visible mentions, as a screen reader says them."""
    links = page.locator("#documents .text a:visible").all()
    return [link.get_attribute("aria-label") for link in links]


def words(page: Any) -> list[str]:
    """The words of the visible mentions."""
    return [label.partition(":")[0] for label in labels(page)]


def mention(page: Any, name: str) -> Any:
    """The link of the first mention with these words."""
    return page.locator(f"#documents .text a[aria-label^='{name}:']").first


def wait_for_status(page: Any, text: str) -> None:
    expect(page.locator("#status")).to_contain_text(text)


def download(page: Any, tmp_path: Path, format: str = "jsonl") -> Path:
    page.select_option("#format", format)
    with page.expect_download() as event:
        page.click("#download")
    path = tmp_path / event.value.suggested_filename
    event.value.save_as(path)
    return path


def downloaded(page: Any, tmp_path: Path, format: str = "jsonl") -> list[Document]:
    return list(read(download(page, tmp_path, format), format))


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
            text.dispatchEvent(new MouseEvent("mouseup", { bubbles: true }));
        }""",
        words,
    )
    page.wait_for_selector("#edit:visible")
