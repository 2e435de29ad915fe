"""Old spellings of public names keep working, with a warning."""

from __future__ import annotations

from pathlib import Path

import pytest

from vaner.annotator import Annotator
from vaner.utils.deprecation import renamed_argument


@renamed_argument("dataset", "corpus")
def describe(text: str, *, corpus: str | None = None) -> tuple[str, str | None]:
    return text, corpus


def test_old_argument_name_works_with_a_warning() -> None:
    with pytest.warns(DeprecationWarning, match="argument dataset is now called corpus") as record:
        assert describe("a", dataset="BC5CDR") == ("a", "BC5CDR")  # type: ignore[call-arg]
    assert record[0].filename == __file__
    assert describe("a", corpus="BC5CDR") == ("a", "BC5CDR")


def test_both_names_at_once_are_refused() -> None:
    with pytest.raises(TypeError, match="dataset is the old name of corpus"):
        describe("a", dataset="x", corpus="y")  # type: ignore[call-arg]


def test_annotator_accepts_the_old_names(tiny_model: Path) -> None:
    tiny = Annotator.from_pretrained(tiny_model, device="cpu")
    [expected] = tiny.annotate(["asthma"], corpus="tiny")
    with pytest.warns(DeprecationWarning, match="dataset"):
        assert list(tiny.annotate(["asthma"], dataset="tiny")) == [expected]  # type: ignore[call-arg]
    with pytest.warns(DeprecationWarning, match="recognizer"):
        assert tiny.proposer is tiny.recognizer
    with pytest.warns(DeprecationWarning, match="recognizer"):
        again = Annotator(proposer=tiny.recognizer)  # type: ignore[call-arg]
    assert again.recognizer is tiny.recognizer
