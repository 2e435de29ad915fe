"""Concepts of i2b2 2010, whose offsets count lines and words. All texts are invented."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.formats.mentions import mentions
from vaner.errors import FormatError
from vaner.formats import detect_format, read
from vaner.formats.skipped_records import SkippedRecordsWarning

Put = Callable[..., Path]

TEXT = 'Mr. Rat has  Hay fever .\n\nHe takes "zinc" and\naspirin .\n'
CONCEPTS = """c="hay fever" 1:3 1:4||t="problem"
c=""zinc"" 3:2 3:2||t="treatment"
c=""zinc" and aspirin" 3:2 4:0||t="treatment"||x="y"
"""
FOUND = [("Hay fever", "problem"), ('"zinc"', "treatment"), ('"zinc" and\naspirin', "treatment")]


@pytest.mark.parametrize("text", ["in/a.txt", "txt/a.txt"])
def test_concepts_next_to_their_text(put: Put, text: str) -> None:
    put(TEXT, text)
    path = put(CONCEPTS, "in/a.con")
    for source in (path, path.parent):
        assert detect_format(source) == "i2b2_con"
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            (document,) = read(source)
        assert (document.id, document.text) == ("a", TEXT)
        assert mentions(document) == FOUND


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("gout 1:3 1:4", "expected c="),
        ('c="gout" 1:9 1:9||t="problem"', "there is no word 1:9 in the text"),
        ('c="gout" 0:0 0:0||t="problem"', "there is no word 0:0"),
        ('c="gout" 9:0 9:0||t="problem"', "there is no word 9:0"),
        ('c="gout" 1:3 1:4||t="problem"', "is 'Hay fever' in the text but 'gout'"),
        ('c="hay" 1:4 1:3||t="problem"', r"\(problem\) ends before it starts"),
    ],
)
def test_bad_concepts_are_named_and_skipped(put: Put, line: str, message: str) -> None:
    put(TEXT, "in/a.txt")
    path = put(f"{CONCEPTS}{line}\n", "in/a.con")
    with pytest.raises(FormatError, match=f"a.con:4: document a: .*{message}"):
        list(read(path))
    errors: list[FormatError] = []
    (document,) = read(path, on_error=errors.append)
    assert mentions(document) == FOUND and len(errors) == 1


def test_texts_and_concepts_without_the_other(put: Put) -> None:
    put(TEXT, "in/a.txt")
    put(TEXT, "in/b.txt")
    put("", "in/b.ast")
    path = put(CONCEPTS, "in/a.con")
    with pytest.warns(SkippedRecordsWarning) as caught:
        assert len(list(read(path.parent))) == 1
    reasons = [str(warning.message).partition("left out: ")[2] for warning in caught]
    assert reasons == [".ast file (1)", "text without .con file (1)"]
    put(CONCEPTS, "in/c.con")
    with pytest.raises(
        FormatError, match=r"c.con: there is no c.txt in its folder, or in a folder"
    ):
        list(read(path.parent))
