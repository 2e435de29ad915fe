"""Datasets in and out: the same mentions as without, with features that are declared."""

from __future__ import annotations

from pathlib import Path

import pytest
from datasets import Dataset, DatasetDict

from vaner.annotator import Annotator
from vaner.errors import VanerError
from vaner.integrations.datasets import SPANS, SpansOf, annotated, from_dataset, to_dataset
from vaner.text.documents import Document, Span

TEXTS = [
    "Aspirin-induced asthma (AIA) was seen.",
    "",
    "β-thalassaemia 😀 and sickle cell anaemia",
    "Metformin is given. " * 60,
]


@pytest.fixture(scope="module")
def annotator(tiny_model: Path) -> Annotator:
    return Annotator.from_pretrained(tiny_model, device="cpu")


@pytest.fixture
def dataset() -> Dataset:
    return Dataset.from_dict({"text": [*TEXTS, None], "label": [1, 2, 3, 4, 5]})


def test_a_column_of_mentions(annotator: Annotator, dataset: Dataset) -> None:
    found = annotated(dataset, annotator, batch_size=2)
    assert (
        found.features["spans"]
        == Dataset.from_dict(
            {"spans": []}, features=type(found.features)({"spans": SPANS})
        ).features["spans"]
    )
    assert found["label"][:] == dataset["label"][:]
    expected = [document.spans for document in annotator.annotate(TEXTS)]
    documents = list(from_dataset(found))
    assert [document.spans for document in documents] == [*expected, ()]
    for document, row in zip(documents, found, strict=True):
        assert [one["text"] for one in row["spans"]] == [
            document.mention(span) for span in document.spans
        ]
    again = [span.score for document in documents for span in document.spans]
    assert again == pytest.approx([s.score for spans in expected for s in spans], abs=1e-4)


def test_splits_streams_and_map(annotator: Annotator, dataset: Dataset) -> None:
    found = annotated(dataset, annotator, types=["Disease"])["spans"][:]
    splits = annotated(DatasetDict(test=dataset), annotator, types=["Disease"])
    assert splits["test"]["spans"][:] == found
    stream = annotated(dataset.to_iterable_dataset(), annotator, types=["Disease"])
    assert [row["spans"] for row in stream] == found
    find = SpansOf(annotator, spans="found", types=["Disease"])
    mapped = dataset.map(
        find, batched=True, features=find.features(dataset.features), new_fingerprint="one"
    )
    assert mapped["found"][:] == found
    assert all(one["type"] == "Disease" for row in found for one in row)


def test_documents_there_and_back() -> None:
    documents = [
        Document("a", "breast and lung cancer", (
            Span(0, 22, "Disease", 0.5, ("D1", "D2"), ((0, 6), (16, 22))),
            Span(11, 22, "Disease"),
        )),
        Document("b", ""),
    ]  # fmt: skip
    back = list(from_dataset(to_dataset(documents)))
    assert back == documents
    assert back[0].spans[0].identifiers == ("D1", "D2") and back[0].spans[1].score is None


def test_a_column_that_is_not_there(annotator: Annotator, dataset: Dataset) -> None:
    with pytest.raises(VanerError, match="no column 'body'; it has text, label"):
        annotated(dataset, annotator, text="body")
