"""Tests of progress on a terminal."""

import io
import sys

import pytest

from vaner.display.progress import show_downloads, show_progress
from vaner.text.documents import Document

DOCUMENTS = [Document("1", "Gout"), Document("2", "Asthma")]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def set_streams(patch: pytest.MonkeyPatch, output: io.StringIO) -> Terminal:
    """Replace standard output, make standard error a terminal, and return it."""
    terminal = Terminal()
    patch.setenv("TERM", "xterm")
    patch.setattr(sys, "stdout", output)
    patch.setattr(sys, "stderr", terminal)
    return terminal


def test_results_go_to_standard_output_while_a_bar_is_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    results = io.StringIO()
    messages = set_streams(monkeypatch, results)
    for document in show_progress(DOCUMENTS, "annotating", prints_results=True):
        print(document.id)
    with show_downloads() as watching:
        watching("corpus")(1, 2)
        print("done")
    assert results.getvalue() == "1\n2\ndone\n"
    assert "annotating" in messages.getvalue()
    assert "done" not in messages.getvalue()


@pytest.mark.parametrize("prints_results", [False, True])
def test_a_terminal_shows_a_bar_unless_the_results_are_printed_on_it(
    monkeypatch: pytest.MonkeyPatch, prints_results: bool
) -> None:
    messages = set_streams(monkeypatch, Terminal())
    shown = show_progress(DOCUMENTS, "annotating", prints_results=prints_results)
    assert list(shown) == DOCUMENTS
    assert ("annotating" in messages.getvalue()) is not prints_results
