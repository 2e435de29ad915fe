"""Data frames of pandas: a text per row in, a mention per row out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from vaner.errors import VanerError
from vaner.recognition.frames import FrameAnnotator, to_frame
from vaner.text.documents import Document, Span


class GoutFinder(FrameAnnotator):
    """Finds the word gout."""

    def annotate(self, documents: list[Document], **options: Any) -> Iterator[Document]:
        self.options = options
        for document in documents:
            start = document.text.find("gout")
            span = Span(start, start + 4, "Disease", 0.5, ("M:1",)) if start >= 0 else None
            yield document.with_spans([span] if span else [])


FRAME = pd.DataFrame(
    {"Text": ["gout", None, "flu and gout"], "year": [1, 2, 3]}, index=[10, 20, 30]
)


def test_mentions_have_the_index_of_their_row() -> None:
    annotator = GoutFinder()
    mentions = annotator.annotate_frame(FRAME, min_score=0.1)
    assert annotator.options == {"min_score": 0.1}
    assert list(mentions.columns) == [
        "document", "start", "end", "type", "text", "score", "identifiers", "context",
    ]  # fmt: skip
    assert mentions.to_dict("records")[1] == {
        "document": 30, "start": 8, "end": 12, "type": "Disease", "text": "gout", "score": 0.5,
        "identifiers": ("M:1",), "context": (),
    }  # fmt: skip
    joined = FRAME.join(mentions.set_index("document"), how="inner")
    assert list(joined["year"]) == [1, 3]


def test_columns_are_chosen_by_name() -> None:
    frame = FRAME.rename(columns={"Text": "finding"}).assign(pmid=["a", "b", "c"])
    mentions = GoutFinder().annotate_frame(frame, text="finding")
    assert list(mentions["document"]) == ["a", "c"]
    assert list(GoutFinder().annotate_frame(frame, text="finding", id="year")["document"]) == [1, 3]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"text": "texts"}, "there is no column 'texts' for text; there are Text, year. Did you"),
        ({"id": "key"}, "there is no column 'key' for id"),
    ],
)
def test_missing_columns(arguments: dict[str, str], message: str) -> None:
    with pytest.raises(VanerError, match=message):
        GoutFinder().annotate_frame(FRAME, **arguments)
    with pytest.raises(VanerError, match="which column is the text"):
        GoutFinder().annotate_frame(pd.DataFrame({"a": ["gout"], "b": ["flu"]}))


def test_a_number_is_not_a_text() -> None:
    with pytest.raises(TypeError, match="column 'year', row 10: 1 is not a text"):
        GoutFinder().annotate_frame(FRAME, text="year")


def test_a_column_is_not_a_frame() -> None:
    with pytest.raises(TypeError, match="of type Series, not a data frame"):
        GoutFinder().annotate_frame(FRAME["Text"])


def test_documents_without_mentions_are_an_empty_frame() -> None:
    mentions = to_frame([Document("a", "nothing")])
    assert len(mentions) == 0 and mentions["start"].dtype == "int64"


def test_a_frame_is_not_a_list_of_texts(tiny_model: Path) -> None:
    from vaner.annotator import Annotator

    annotator = Annotator.from_pretrained(tiny_model, device="cpu")
    with pytest.raises(TypeError, match="this is a DataFrame: use annotate_frame"):
        annotator.annotate(FRAME)  # type: ignore[arg-type]
    assert set(annotator.annotate_frame(FRAME)["document"]) <= {10, 30}


def test_two_columns_of_one_name_are_an_error() -> None:
    frame = pd.DataFrame([["gout", "flu"]], columns=["text", "text"])
    with pytest.raises(VanerError, match="2 columns are called 'text'; rename or remove some"):
        GoutFinder().annotate_frame(frame)
