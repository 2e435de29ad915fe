"""The page in a browser: annotating, filtering and correcting."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="FastAPI is not installed: pip install -e '.[serve]'")

from tests.server.browser import (
    FOUND,
    NEEDS_CHROMIUM,
    TEXT,
    annotate,
    downloaded,
    expect,
    labels,
    mention,
    mentions,
    select,
    wait_for_status,
    words,
)
from tests.serving import annotator_with_minimum_scores, serve

pytestmark = NEEDS_CHROMIUM


def test_an_empty_page_explains_itself_and_has_an_example(page: Any) -> None:
    assert "not a medical device" in page.inner_text("#intro")
    assert "known" in page.inner_text("#model") and "vaner" in page.inner_text("#model")
    assert not page.locator("#results").is_visible()
    page.click("#go")
    assert page.inner_text("#problem p").startswith("There is no text yet.")
    page.click("#example")
    wait_for_status(page, "1 document")
    assert not page.locator("#problem").is_visible()
    page.click("nav a")
    assert "POST /annotate" in page.inner_text("main")


def test_mentions_are_shown_with_their_scores(page: Any) -> None:
    annotate(page)
    assert page.locator("#documents .text").evaluate("e => e.textContent") == TEXT
    assert sorted(words(page)) == sorted(FOUND)
    assert "aspirin: Chemical · 0.750 · 6:13. Edit" in labels(page)
    assert "1 document, 7 mentions" in page.inner_text("#status")
    page.hover("#documents mark:has-text('aspirin')")
    assert page.inner_text("#tip") == "Chemical · 0.750 · 6:13"
    shown = "e => getComputedStyle(e, '::after').content"
    assert mention(page, "aspirin").evaluate(shown) == '" 0.75"'
    page.select_option("#scores", "hidden")
    assert mention(page, "aspirin").evaluate(shown) == "none"


def test_mentions_below_the_minimum_scores_are_shown_on_request(browser: Any) -> None:
    from tests.server.browser import open_page
    from vaner.server.app import create_app

    with serve(create_app(annotator_with_minimum_scores(), name="known")) as url:
        for page in open_page(browser, url):
            annotate(page)
            assert sorted(words(page)) == ["aspirin", "lung"]
            page.check("#all-scores")
            annotate(page)
            assert sorted(words(page)) == sorted(FOUND)


def test_the_result_is_next_to_the_text_or_above_it(page: Any, phone: Any) -> None:
    text = "aspirin for lung cancer. " * 40
    for device in (page, phone):
        annotate(device, text)
        top = device.locator("#documents .text").bounding_box()["y"]
        assert 0 <= top < 500
        assert device.evaluate("document.documentElement.scrollWidth <= innerWidth")
    box = page.locator("#text").bounding_box()
    assert page.locator("#documents .text").bounding_box()["x"] > box["x"] + box["width"]
    assert not phone.locator("#text").is_visible()


def test_types_are_counted_and_hidden_by_a_click(page: Any, tmp_path: Path) -> None:
    annotate(page)
    types = page.locator("#types button")
    assert types.all_inner_texts() == ["Chemical 1", "Disease 5", "Anatomy 1"]
    types.nth(1).click()
    assert words(page) == ["aspirin", "lung"]
    assert types.nth(1).get_attribute("aria-pressed") == "false"
    assert page.inner_text("#hidden-count") == "with 5 hidden"
    assert page.locator("#documents tbody tr:visible").count() == 0
    page.click("#documents summary")
    assert page.locator("#documents tbody tr:visible").count() == 2
    assert len(downloaded(page, tmp_path)[0].spans) == 2
    page.check("#all-mentions")
    assert len(downloaded(page, tmp_path)[0].spans) == 7
    types.nth(1).click()
    assert len(words(page)) == 7 and not page.locator("#with-hidden").is_visible()


def test_minimum_score_and_overlaps_take_effect_immediately(page: Any) -> None:
    annotate(page)
    page.select_option("#overlaps", "best")
    assert "lung" not in words(page) and "lung cancer" in words(page)
    page.locator("#score").fill("0.75")
    assert len(words(page)) == 6
    page.locator("#score").fill("0.76")
    assert words(page) == []
    page.locator("#score").fill("0")
    mention(page, "aspirin").press("a")  # an accepted mention has no score
    wait_for_status(page, "Accepted.")
    page.locator("#score").fill("1")
    assert words(page) == ["aspirin"]


def test_a_click_edits_a_mention_and_a_digit_changes_its_type(page: Any) -> None:
    annotate(page)
    page.locator("#documents mark").filter(has_text="aspirin").click()
    assert page.inner_text("#editing") == "aspirin"
    choices = page.locator("#choices button")
    assert choices.all_inner_texts() == ["1 Chemical", "2 Disease", "3 Anatomy"]
    assert choices.nth(0).get_attribute("aria-pressed") == "true"
    page.keyboard.press("2")
    wait_for_status(page, "Corrected.")
    assert not page.locator("#edit").is_visible()
    assert "aspirin: Disease · 6:13. Edit" in labels(page)
    page.keyboard.press("Control+z")
    wait_for_status(page, "Undone.")
    assert "aspirin: Chemical · 0.750 · 6:13. Edit" in labels(page)
    assert page.is_disabled("#undo")


def test_selected_text_becomes_a_mention(page: Any, tmp_path: Path) -> None:
    annotate(page)
    select(page, " 😀😀 asthma")
    assert page.input_value("#words") == "😀😀 asthma"
    page.fill("#named", "Finding")
    page.click("#name")
    wait_for_status(page, "Added.")
    (document,) = downloaded(page, tmp_path)
    start = TEXT.index("😀😀")
    (added,) = (span for span in document.spans if span.type == "Finding")
    assert (added.start, added.end, added.score) == (start, len(TEXT), None)
    assert len(document.spans) == 8
    assert all(span.score == 0.75 for span in document.spans if span is not added)


def test_a_selection_moves_the_boundaries_of_the_open_mention(page: Any, tmp_path: Path) -> None:
    annotate(page)
    mention(page, "aspirin").click()
    select(page, "for aspirin")
    page.click("#save")
    wait_for_status(page, "Corrected.")
    (document,) = downloaded(page, tmp_path)
    assert ("for aspirin", "Chemical") in mentions(document) and len(document.spans) == 7


def test_all_with_the_same_words_change_together(page: Any, tmp_path: Path) -> None:
    annotate(page, "Asthma and asthma: 😀 fever, a fever, fevers. asthma")
    select(page, "fever")
    assert page.inner_text("#same-count") == "all 2 of “fever”"
    page.check("#all")
    page.keyboard.press("3")
    wait_for_status(page, "Added.")
    mention(page, "fever").press("Shift+Digit1")
    wait_for_status(page, "Corrected.")
    mention(page, "asthma").click()
    page.check("#all")
    page.click("#remove")
    wait_for_status(page, "Deleted.")
    (document,) = downloaded(page, tmp_path)
    start = document.text.index("fever")
    assert [(s.start, s.type) for s in document.spans if document.mention(s) == "fever"] == [
        (start, "Chemical"), (start + 9, "Chemical")
    ]  # fmt: skip
    assert "asthma" not in [words for words, _ in mentions(document)]


def test_accept_all_accepts_what_is_visible(page: Any, tmp_path: Path) -> None:
    annotate(page)
    page.click("#types button[data-type=Disease]")
    assert page.inner_text("#accept-all") == "Accept all 2"
    page.click("#accept-all")
    wait_for_status(page, "Accepted.")
    assert page.is_disabled("#accept-all")
    page.check("#all-mentions")
    (document,) = downloaded(page, tmp_path)
    scores = {document.mention(span): span.score for span in document.spans}
    assert (scores["aspirin"], scores["lung"], scores["asthma"]) == (None, None, 0.75)


def test_everything_works_by_keyboard(page: Any, tmp_path: Path) -> None:
    page.focus("#text")
    page.keyboard.insert_text(TEXT)
    page.keyboard.press("Control+Enter")
    wait_for_status(page, "7 mentions")
    mention(page, "aspirin").focus()
    assert "Chemical" in page.inner_text("#tip")
    page.keyboard.press("Enter")
    page.locator("#words").press("Tab")
    for _ in range(2):
        page.keyboard.press("ArrowUp")  # the start moves by two characters
    assert page.input_value("#words") == "pirin"
    page.keyboard.press("Enter")
    wait_for_status(page, "Corrected.")
    focused = "document.activeElement.getAttribute('aria-label')"
    assert page.evaluate(focused) == "pirin: Chemical · 8:13. Edit"
    page.keyboard.press("ArrowRight")
    assert page.evaluate(focused).startswith("lung:")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Delete")
    wait_for_status(page, "Deleted.")
    page.keyboard.press("?")
    assert page.locator("#help").is_visible()
    page.keyboard.press("Escape")
    (document,) = downloaded(page, tmp_path)
    assert len(document.spans) == 6 and "pirin" not in dict(mentions(document))
    for _ in range(2):
        page.keyboard.press("Control+z")
    expect(mention(page, "aspirin")).to_be_visible()


def test_words_are_found_where_they_are_typed(page: Any) -> None:
    annotate(page)
    page.click("#documents .add")
    page.fill("#words", "and lung")
    assert (page.input_value("#start"), page.input_value("#end")) == ("14", "22")
    page.fill("#words", "nowhere")
    page.click("#save")
    assert page.locator("#edit").is_visible()  # there is nothing to be saved
    assert not page.locator("#words").evaluate("e => e.checkValidity()")
    page.keyboard.press("Escape")
    assert not page.locator("#edit").is_visible()


def test_words_are_found_next_to_the_mention(page: Any, tmp_path: Path) -> None:
    annotate(page, "bad asthma, very\nbad asthma")
    link = page.locator("#documents .text a").nth(1)
    link.click()
    page.fill("#words", "bad asthma")  # begins before the mention, and occurs earlier too
    page.fill("#words", "very bad asthma")
    assert (page.input_value("#start"), page.input_value("#end")) == ("12", "27")
    page.click("#save")
    wait_for_status(page, "Corrected.")
    link.click()
    assert page.input_value("#words") == "very bad asthma"
    page.fill("#words", "bad asthma")
    page.click("#save")
    wait_for_status(page, "Corrected.")
    (document,) = downloaded(page, tmp_path)
    assert [span.start for span in document.spans] == [4, 17]


def test_a_touch_edits_a_mention(phone: Any) -> None:
    annotate(phone)
    phone.locator("#documents mark").filter(has_text="aspirin").tap()
    form, link = phone.locator("#edit").bounding_box(), mention(phone, "aspirin").bounding_box()
    assert form["y"] + form["height"] == pytest.approx(850, abs=2) and link["y"] < form["y"]
    phone.locator("#choices button").nth(1).tap()
    wait_for_status(phone, "Corrected.")


def test_markup_in_a_text_is_text(page: Any) -> None:
    text = '<img src=x onerror="alert(1)"> asthma </p><script>alert(2)</script> & <b>lung</b>'
    annotate(page, text)
    assert page.locator("#documents .text").evaluate("e => e.textContent") == text
    assert page.locator("#documents :is(img, script, b)").count() == 0
