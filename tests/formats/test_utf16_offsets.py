"""Offsets that count UTF-16 units, in JSON formats without the texts of mentions."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.formats.mentions import mentions
from vaner.errors import FormatError
from vaner.formats import detect_format, read, write
from vaner.formats.offset_conventions import find_conversion
from vaner.text.documents import Document, Span

Put = Callable[..., Path]
TEXT = "😀 Gout here"


def make_passage(text: str, offset: int, *located: tuple[int, int]) -> dict[str, Any]:
    annotations = [
        {"id": "1", "infons": {"type": "D"}, "locations": [{"offset": start, "length": length}]}
        for start, length in located
    ]
    return {"offset": offset, "text": text, "annotations": annotations}


def make_bioc(*passages: dict[str, Any]) -> dict[str, Any]:
    return {"documents": [{"id": "1", "passages": passages}]}


def make_records(start: int, end: int) -> dict[str, Any]:
    result = {"type": "labels", "value": {"start": start, "end": end, "labels": ["D"]}}
    span = {"begin": start, "end": end}
    return {
        "pubannotation": {"text": TEXT, "denotations": [{"span": span, "obj": "D"}]},
        "bioc_json": make_bioc(make_passage(TEXT, 0, (start, end - start))),
        "prodigy": {"text": TEXT, "spans": [{"start": start, "end": end, "label": "D"}]},
        "label_studio": [{"id": 1, "data": {"text": TEXT}, "annotations": [{"result": [result]}]}],
    }


def read_with_messages(path: Path) -> tuple[Document, list[str]]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        (document,) = read(path)
    return document, [str(warning.message) for warning in caught]


@pytest.mark.parametrize("format", make_records(0, 0))
@pytest.mark.parametrize("shift", [0, 1])
def test_offsets_that_cut_words_are_converted(put: Put, format: str, shift: int) -> None:
    path = put(json.dumps(make_records(2 + shift, 6 + shift)[format]) + "\n", "a.json")
    assert detect_format(path) == format
    document, messages = read_with_messages(path)
    assert mentions(document) == [("Gout", "D")]
    assert ["count UTF-16 units; converted" in message for message in messages] == [True] * shift


def test_the_passages_of_bioc_also_count_utf16_units(put: Put) -> None:
    record = make_bioc(make_passage(TEXT, 0, (3, 4)), make_passage("Rat fever", 13, (13, 9)))
    document, messages = read_with_messages(put(json.dumps(record), "a.json"))
    assert document.text == f"{TEXT}\nRat fever"
    assert mentions(document) == [("Gout", "D"), ("Rat fever", "D")]
    assert "count UTF-16 units; converted" in messages[0]


def test_offsets_that_cut_words_in_any_convention_are_not_converted(put: Put) -> None:
    spans = [{"begin": 3, "end": 7}, {"begin": 4, "end": 6}]
    denotations = [{"span": span, "obj": "D"} for span in spans]
    path = put(json.dumps({"text": TEXT, "denotations": denotations}), "a.json")
    document, messages = read_with_messages(path)
    assert mentions(document) == [("out ", "D"), ("ut", "D")] and not messages


@pytest.mark.parametrize("format", ["pubannotation", "prodigy"])
def test_mentions_that_cut_words_are_written_with_their_texts(tmp_path: Path, format: str) -> None:
    document = Document("1", TEXT, (Span(3, 7, "D"),))
    write([document], tmp_path / "a.json", format)
    back, messages = read_with_messages(tmp_path / "a.json")
    assert back.spans == document.spans and not messages
    write([Document("1", TEXT, (Span(2, 6, "D"),))], tmp_path / "a.json", format)
    assert 'Gout"' not in (tmp_path / "a.json").read_text("utf-8")


def test_a_stored_text_of_white_space_is_a_text() -> None:
    assert find_conversion("😀 a", [([(1, 2)], " ")]) is None


def test_the_text_of_a_denotation_is_compared(put: Put) -> None:
    denotation = {"span": {"begin": 2, "end": 6}, "obj": "D", "text": "here"}
    path = put(json.dumps({"text": TEXT, "denotations": [denotation]}), "a.json")
    with pytest.raises(FormatError, match="here"):
        list(read(path))
