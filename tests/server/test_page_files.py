"""The page in a browser: files, downloads, problems, identifiers, and accessibility."""

from __future__ import annotations

import csv
import os
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="FastAPI is not installed: pip install -e '.[serve]'")

from tests.server.browser import (
    FOUND,
    NEEDS_CHROMIUM,
    TEXT,
    annotate,
    download,
    downloaded,
    expect,
    labels,
    mention,
    mentions,
    select,
    wait_for_status,
    words,
)
from tests.serving import annotator, serve
from vaner.display.identifier_links import find_link
from vaner.formats import write
from vaner.text.documents import Document, Span

pytestmark = NEEDS_CHROMIUM

GOLD = Document("12", "Gout 😀 and asthma", (Span(0, 4, "Disease", None, ("MESH:D006073",)),))


def drop(page: Any, name: str, content: bytes) -> None:
    """Drop a file on the page."""
    page.evaluate(
        """([name, content]) => {
            const files = new DataTransfer();
            files.items.add(new File([new Uint8Array(content)], name));
            dispatchEvent(new DragEvent("drop", { dataTransfer: files, cancelable: true }));
        }""",
        [name, list(content)],
    )


def open_gold(page: Any, tmp_path: Path) -> None:
    write([GOLD], tmp_path / "gold.pubtator", "pubtator")
    page.set_input_files("#files", tmp_path / "gold.pubtator")
    wait_for_status(page, "1 mention, from the file.")


def test_a_file_keeps_its_mentions_until_it_is_annotated_again(page: Any, tmp_path: Path) -> None:
    open_gold(page, tmp_path)
    assert words(page) == ["Gout"]
    assert page.inner_text("#source-name") == "gold.pubtator: 1 document."
    page.click("#anew")
    wait_for_status(page, "2 mentions in")
    assert words(page) == ["😀", "asthma"]
    page.click("#undo")
    wait_for_status(page, "Undone.")
    assert words(page) == ["Gout"]


def test_corrections_are_not_lost_without_a_question(page: Any, tmp_path: Path) -> None:
    open_gold(page, tmp_path)
    mention(page, "Gout").press("Shift+Digit1")
    wait_for_status(page, "Corrected.")
    question = page.locator("#confirm")
    page.click("#anew")
    assert "not downloaded" in question.inner_text()
    question.get_by_text("Cancel").click()
    assert labels(page) == ["Gout: Chemical · 0:4. Edit"]
    drop(page, "other.txt", b"asthma")
    expect(question).to_be_visible()
    page.keyboard.press("Escape")  # the same as Cancel
    expect(question).not_to_be_visible()
    closing: list[str] = []
    page.on("dialog", lambda dialog: (closing.append(dialog.type), dialog.dismiss()))
    page.close(run_before_unload=True)
    page.wait_for_timeout(500)
    assert closing == ["beforeunload"]
    page.fill("#text", "asthma")
    page.click("#go")
    with page.expect_download() as saved:
        question.get_by_text("Download them first").click()
    assert saved.value.suggested_filename == "gold.jsonl"
    expect(page.locator("#documents .text")).to_have_text("asthma")
    page.click("#undo")  # the corrections are still there
    expect(page.locator("#documents .text")).to_have_text(GOLD.text)
    page.click("#anew")  # they have been downloaded: no question
    wait_for_status(page, "2 mentions in")


@pytest.mark.parametrize(("format", "has_question"), [("text", True), ("pubtator", False)])
def test_a_download_without_mentions_does_not_save_corrections(
    page: Any, tmp_path: Path, format: str, has_question: bool
) -> None:
    open_gold(page, tmp_path)
    mention(page, "Gout").press("1")
    wait_for_status(page, "Corrected.")
    download(page, tmp_path, format)
    wait_for_status(page, "Downloaded gold")
    page.click("#anew")
    if has_question:
        with page.expect_download() as saved:
            page.click("#confirm >> text=Download them first")
        assert saved.value.suggested_filename == "gold.jsonl"
    wait_for_status(page, "2 mentions in")


def test_downloads_are_named_after_their_source(page: Any, tmp_path: Path) -> None:
    annotate(page)
    assert download(page, tmp_path, "csv").name == "text.csv"
    open_gold(page, tmp_path)
    assert download(page, tmp_path, "pubtator").name == "gold-corrected.pubtator"
    table = download(page, tmp_path, "csv")
    assert table.name == "gold.csv"
    (row,) = csv.DictReader(table.read_text().splitlines())
    assert (row["document"], row["text"], row["identifiers"]) == ("12", "Gout", "MESH:D006073")


@pytest.mark.parametrize("format", ["pubtator", "bioc_xml", "bioc_json", "jsonl"])
def test_downloads_hold_the_offsets(page: Any, tmp_path: Path, format: str) -> None:
    annotate(page)
    (document,) = downloaded(page, tmp_path, format)
    assert sorted(words for words, _ in mentions(document)) == sorted(FOUND)


def test_many_documents_and_carriage_returns(page: Any, tmp_path: Path) -> None:
    documents = [Document(str(i), f"{i} 😀\nasthma") for i in range(25)]
    write(documents, tmp_path / "notes.pubtator", "pubtator")
    page.set_input_files("#files", tmp_path / "notes.pubtator")
    page.wait_for_selector("#more:visible")
    assert page.locator("#documents article").count() == 20
    page.click("#more")
    page.wait_for_selector("#more", state="hidden")
    assert page.locator("#documents article").count() == 25
    mention(page, "asthma").press("Shift+Delete")
    wait_for_status(page, "25 documents, 25 mentions")
    page.click("#undo")
    wait_for_status(page, "50 mentions")
    drop(page, "a\u2028b.txt", "asthma\r\n😀 aspirin".encode())
    expect(page.locator("#documents article")).to_have_count(1)
    select(page, "😀 aspirin")  # behind a line break that is two characters in the file
    page.click("#save")
    wait_for_status(page, "Added.")
    (document,) = downloaded(page, tmp_path)
    assert document.text == "asthma\r\n😀 aspirin"
    assert ("😀 aspirin", "Chemical") in mentions(document)


@pytest.mark.parametrize("kind", ["text/plain", "Files"])
def test_only_files_are_dropped_on_the_page(page: Any, kind: str) -> None:
    """A text that is dropped on the field of the text goes there."""
    is_taken = page.evaluate(
        """kind => {
            const dragged = new DataTransfer();
            if (kind === "Files") dragged.items.add(new File(["asthma"], "a.txt"));
            else dragged.setData(kind, "asthma");
            return ["dragover", "drop"].map((type) => {
                const options = { dataTransfer: dragged, cancelable: true, bubbles: true };
                const event = new DragEvent(type, options);
                return !document.getElementById("text").dispatchEvent(event);
            });
        }""",
        kind,
    )
    assert is_taken == [kind == "Files"] * 2


def test_problems_have_a_control_that_fixes_them(page: Any) -> None:
    problem = page.locator("#problem")
    drop(page, "letter.txt", "Für Anna: asthma".encode("latin-1"))
    expect(problem).to_contain_text("letter.txt is not text, or has another encoding")
    assert "more file" not in problem.inner_text()
    problem.get_by_text("Open again").click()  # as Windows-1252, the first choice
    expect(page.locator("#documents .text")).to_have_text("Für Anna: asthma")
    assert not problem.is_visible()
    drop(page, "notes", b"He has asthma.")
    expect(problem).to_contain_text("The format of notes is not recognized.")
    problem.locator("select").select_option("text")
    problem.get_by_text("Open again").click()
    expect(page.locator("#documents .text")).to_have_text("He has asthma.")
    drop(page, "broken.jsonl", b'{"text": "a"}\n{"text": 3}\n')
    expect(problem).to_contain_text("broken.jsonl:2: text is int")
    drop(page, "my notes.csv", b"start,end,type\n0,4,Disease\n")
    expect(problem).to_contain_text("my notes.csv:1: is a table of mentions")
    expect(problem).to_contain_text("to read only its texts, name their column.")
    drop(page, "wards.csv", b"ward,remark\n7,He has asthma.\n")
    expect(problem).to_contain_text("There are ward, remark.")
    problem.get_by_label("column").fill("remark")
    problem.get_by_text("Open again").click()
    expect(page.locator("#documents .text")).to_have_text("He has asthma.")
    drop(page, "paper.pdf", b"%PDF-1.7")
    expect(problem).to_contain_text('vaner annotate "paper.pdf"')
    page.click("#problem >> text=Close")
    assert not problem.is_visible()


def test_a_server_that_does_not_answer_can_be_tried_again(page: Any) -> None:
    page.route("**/annotate*", lambda route: route.fulfill(status=503, body='{"error": "busy"}'))
    page.fill("#text", "asthma")
    page.click("#go")
    expect(page.locator("#problem")).to_contain_text("The server is busy.")
    page.unroute("**/annotate*")
    page.click("#problem >> text=Try again")
    wait_for_status(page, "1 mention in")


def give_concepts(route: Any) -> None:
    """Answer as a server with a linker does."""
    response = route.fetch()
    content = response.json()
    for span in content["documents"][0]["spans"]:
        if span["text"] == "asthma":
            span["identifiers"] = ["MESH:D001249", "ward:7"]
            span["context"] = [{"attribute": "negated", "start": 0, "end": 1, "text": "😀"}]
            span["candidates"] = [
                {"id": "MESH:D001249", "name": "asthma", "score": 0.9},
                {"id": "MESH:D055963", "name": "asthma bronchial", "score": 0.3},
            ]
    route.fulfill(response=response, json=content)


def test_identifiers_are_links_and_candidates_can_be_selected(page: Any, tmp_path: Path) -> None:
    page.route("**/annotate*", give_concepts)
    annotate(page)
    page.hover("#documents mark:has-text('asthma')")
    assert page.inner_text("#tip") == (
        "Disease · 0.750 · MESH:D001249 · ward:7 · negated (“😀”) · or asthma bronchial · 33:39"
    )
    assert page.is_visible("#context-key")
    mention(page, "asthma").press("Enter")
    links = page.locator("#concepts a")
    assert links.nth(0).get_attribute("href") == find_link("MESH:D001249")
    assert page.locator("#concepts li").all_inner_texts() == [
        "MESH:D001249", "ward:7", "asthma bronchial · 0.30 MESH:D055963"
    ]  # fmt: skip
    page.click("#concepts button")
    wait_for_status(page, "Identified.")
    assert "MESH:D055963" in page.text_content("#documents a.id")
    (document,) = downloaded(page, tmp_path)
    assert {s.identifiers for s in document.spans if s.identifiers} == {("MESH:D055963",)}


def test_the_page_and_python_make_the_same_links(page: Any) -> None:
    given = [
        ("MESH:D003924", "Disease"), ("mesh:D003924", ""), ("672", "Gene"), ("672", "Disease"),
        ("D003924", "Disease"), ("C0011849", "Disease"), ("rs113488022", "Variant"), ("ward:7", ""),
        ("NCBI Gene:672", "Gene"), ("OMIM:x y", ""), ("CVCL_0031", "CellLine"), ("-", ""), ("", ""),
        ("tmVar:p|SUB|V|600|E;HGVS:p.V600E;RS#:113488022", "Variant"), ("MESH:<b>", ""),
        ("HP:0001250", "Disease"), ("MESH:", ""), ("constructor:1", ""), ("9606", "species"),
    ]  # fmt: skip
    in_page = page.evaluate(
        """async (given) => {
            const { addressOf, setRules } = await import("/concepts.js");
            setRules(await (await fetch("/links.json")).json());
            return given.map(([identifier, type]) => addressOf(identifier, type));
        }""",
        given,
    )
    assert in_page == [find_link(*pair) for pair in given]


def find_axe() -> Path | None:
    spec = find_spec("axe_playwright_python")
    folder = Path(spec.origin).parent if spec and spec.origin else Path()
    script = Path(os.environ.get("AXE_CORE") or folder / "axe.min.js")
    return script if script.is_file() else None


@pytest.mark.skipif(find_axe() is None, reason="axe-core is not installed")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("device", ["page", "phone"])
def test_axe_finds_no_violation(request: pytest.FixtureRequest, device: str, scheme: str) -> None:
    page = request.getfixturevalue(device)
    page.emulate_media(color_scheme=scheme)
    script = find_axe()
    assert script is not None

    def check() -> None:
        page.evaluate(script.read_text("utf-8"))
        report = page.evaluate("axe.run()")
        violations = [(v["id"], v["nodes"][0]["html"]) for v in report["violations"]]
        assert not violations
        assert report["passes"]

    check()
    annotate(page)
    check()
    mention(page, "aspirin").click()
    check()
    page.keyboard.press("Escape")
    page.click("#keys")
    check()
    page.goto(page.url + "docs")
    check()


def luminance(colour: str) -> float:
    red, green, blue = (int(part) / 255 for part in re.findall(r"\d+", colour)[:3])
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
              for c in (red, green, blue)]  # fmt: skip
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast(page: Any, scheme: str) -> None:
    """All text has a contrast of 4.5:1 with its background (WCAG 2.2)."""
    page.emulate_media(color_scheme=scheme)
    annotate(page)
    select(page, "and")
    pairs = page.evaluate(
        """() => [...document.querySelectorAll("p, label, button:enabled, h1, h2, summary, input")]
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
    annotate(page, TEXT)
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
    """It asks once per tab, and again after a wrong key, but not after a reload."""
    key = "a-key-0123456789-a"
    from vaner.server.app import create_app

    with serve(create_app(annotator(), name="known", api_keys=[key])) as url:
        context = browser.new_context()
        page = context.new_page()
        page.goto(url)
        expect(page.locator("#key-label")).to_contain_text("needs an API key")
        page.fill("#key", f"“{key}”")  # a header cannot have such characters
        page.keyboard.press("Enter")
        assert not page.locator("#key").evaluate("e => e.checkValidity()")
        page.fill("#key", "no-such-key")
        page.keyboard.press("Enter")
        expect(page.locator("#key-label")).to_contain_text("does not know this API key")
        page.fill("#key", key)
        page.keyboard.press("Enter")
        expect(page.locator("#model")).not_to_be_empty()
        annotate(page)
        assert mentions(*downloaded(page, tmp_path))
        page.reload()
        expect(page.locator("#model")).not_to_be_empty()
        assert page.locator("#key-question").count() == 0
        context.close()
