"""Hugging Face datasets: the same mentions as those of the annotator, with declared features."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value

from vaner.annotator import Annotator
from vaner.errors import VanerError
from vaner.formats import FormatWarning
from vaner.integrations.datasets import (
    SPANS,
    BatchAnnotator,
    annotate_dataset,
    from_dataset,
    to_dataset,
)
from vaner.text.documents import Document, Span
from vaner.text.mention_details import Candidate, Cue

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


def test_annotate_dataset_adds_column(annotator: Annotator, dataset: Dataset) -> None:
    result = annotate_dataset(dataset, annotator, batch_size=2)
    assert (
        result.features["spans"]
        == Dataset.from_dict(
            {"spans": []}, features=type(result.features)({"spans": SPANS})
        ).features["spans"]
    )
    assert result["label"][:] == dataset["label"][:]
    expected = [document.spans for document in annotator.annotate(TEXTS)]
    documents = list(from_dataset(result))
    assert [document.spans for document in documents] == [*expected, ()]
    for document, row in zip(documents, result, strict=True):
        assert [mention["text"] for mention in row["spans"]] == [
            document.mention(span) for span in document.spans
        ]
    scores = [span.score for document in documents for span in document.spans]
    assert scores == pytest.approx([s.score for spans in expected for s in spans], abs=1e-4)


def test_dictionary_of_splits_stream_and_map(annotator: Annotator, dataset: Dataset) -> None:
    result = annotate_dataset(dataset, annotator, types=["Disease"])["spans"][:]
    splits = annotate_dataset(DatasetDict(test=dataset), annotator, types=["Disease"])
    assert splits["test"]["spans"][:] == result
    stream = annotate_dataset(dataset.to_iterable_dataset(), annotator, types=["Disease"])
    assert [row["spans"] for row in stream] == result
    function = BatchAnnotator(annotator, spans="found", types=["Disease"])
    mapped = dataset.map(
        function, batched=True, features=function.features(dataset.features), new_fingerprint="one"
    )
    assert mapped["found"][:] == result
    assert all(mention["type"] == "Disease" for row in result for mention in row)


def test_documents_roundtrip() -> None:
    documents = [
        Document("a", "breast and lung cancer", (
            Span(0, 22, "Disease", 0.5, ("D1", "D2"), ((0, 6), (16, 22))),
            Span(11, 22, "Disease"),
        )),
        Document("b", ""),
    ]  # fmt: skip
    restored = list(from_dataset(to_dataset(documents)))
    assert restored == documents
    assert restored[0].spans[0].identifiers == ("D1", "D2") and restored[0].spans[1].score is None


def test_rows_of_other_forms() -> None:
    names = ["O", "B-Disease", "I-Disease"]
    tags = Features({"tokens": [Value("string")], "ner_tags": [ClassLabel(names=names)]})
    tokens = Dataset.from_dict({"tokens": [["Rat", "fever"]], "ner_tags": [[1, 2]]}, tags)
    label = {"start": [0], "end": [9], "label": ["Disease"]}
    bigbio = {
        "document_id": "7",
        "passages": [{"type": "title", "text": ["Rat fever"], "offsets": [[0, 9]]}],
        "entities": [{"type": "Disease", "text": ["Rat fever"], "offsets": [[0, 9]]}],
    }
    rows: list[Any] = [
        tokens,
        [{"text": "Rat fever", "spans": [{"start": 0, "end": 9, "label": "Disease"}]}],
        [{"text": "Rat fever", "entities": label}],
        Dataset.from_list([bigbio]),
    ]
    for dataset in rows:
        (document,) = from_dataset(dataset)
        assert [(document.mention(s), s.type) for s in document.spans] == [("Rat fever", "Disease")]
    (document,) = from_dataset([{"body": "Rat.", "key": 5}], text="body", id="key")
    assert (document.id, document.text) == ("5", "Rat.")


def test_columns_of_tokens_and_tags_with_other_names() -> None:
    features = Features({"words": [Value("string")], "labels_2": [ClassLabel(names=["O", "B-D"])]})
    named = Dataset.from_dict({"words": [["Rat", "bites"]], "labels_2": [[1, 0]]}, features)
    rows: Any = [{"words": ["Rat", "bites"], "labels_2": ["B-D", "O"]}]
    for dataset in (named, named.to_iterable_dataset(), rows):
        (document,) = from_dataset(dataset, text="words", spans="labels_2")
        assert (document.text, document.spans) == ("Rat bites", (Span(0, 3, "D"),))
        assert to_dataset([document])[0]["spans"][0]["type"] == "D"
    with pytest.warns(FormatWarning, match="not read as mentions: labels_2"):
        list(from_dataset([{"tokens": ["Rat", "bites"], "labels_2": ["B-D", "O"]}]))


def test_errors_name_the_row() -> None:
    outside = {"text": "Rat", "spans": [{"start": 0, "end": 9, "type": "D"}]}
    for rows, message in [
        ([{"text": "Rat"}, outside], "row 1: mention 0:9"),
        ([{"text": "Rat", "spans": 5}], "row 0: spans is int"),
        (["Rat"], "a row is str, not a mapping"),
        (DatasetDict(test=Dataset.from_dict({"text": ["Rat"]})), "give one of its splits: test"),
    ]:
        with pytest.raises(VanerError, match=message):
            list(from_dataset(rows))  # type: ignore[arg-type]


def test_columns_that_are_missing_or_not_read_are_reported() -> None:
    row = {"text": "Rat.", "entities": []}
    for name in ("text", "spans", "id"):
        with pytest.raises(VanerError, match="no column 'entites'; it has text, entities"):
            list(from_dataset([row], **{name: "entites"}))
    with pytest.raises(VanerError, match="row 0: the record has neither text nor tokens"):
        list(from_dataset([{"words": 3}]))
    with pytest.warns(FormatWarning, match="not read as mentions: findings"):
        list(from_dataset([{"text": "Rat.", "findings": [{"start": 0, "end": 3, "type": "D"}]}]))


def test_missing_column_raises_error(annotator: Annotator, dataset: Dataset) -> None:
    with pytest.raises(VanerError, match="no column 'body'; it has text, label"):
        annotate_dataset(dataset, annotator, text="body")


def test_former_names_work_with_a_warning() -> None:
    import vaner.integrations.datasets as module

    with pytest.warns(DeprecationWarning, match="annotate_dataset"):
        assert module.annotated is annotate_dataset
    with pytest.warns(DeprecationWarning, match="BatchAnnotator"):
        assert module.SpansOf is BatchAnnotator


def test_empty_datasets_have_the_columns(annotator: Annotator) -> None:
    empty = Dataset.from_dict({"text": []}, features=Features({"text": Value("string")}))
    assert annotate_dataset(empty, annotator).column_names == ["text", "spans"]
    assert to_dataset([]).column_names == ["id", "text", "spans"]


def test_context_and_candidates_are_columns() -> None:
    span = Span(
        3, 8, "Disease", 0.5, candidates=(Candidate("D1", "Fever", 0.5),),
        context=(Cue("negated", 0, 2),),
    )  # fmt: skip
    document = Document("1", "No fever.", (span,))
    assert list(from_dataset(to_dataset([document]))) == [document]


def test_rows_one_by_one_and_cells_without_a_text(annotator: Annotator, dataset: Dataset) -> None:
    with pytest.raises(TypeError, match="batched=True"):
        dataset.map(BatchAnnotator(annotator))


@pytest.mark.parametrize("format", ["pandas", "arrow", "numpy", "torch"])
def test_a_format_is_restored(annotator: Annotator, dataset: Dataset, format: str) -> None:
    expected = annotate_dataset(dataset, annotator)
    formatted = dataset.with_format(format)
    result = annotate_dataset(formatted, annotator)
    assert result.format == {**formatted.format, "columns": ["text", "label", "spans"]}
    assert result.with_format(None)[:] == expected[:]
    some = annotate_dataset(dataset.with_format(format, columns=["text"]), annotator)
    assert some.format["columns"] == ["text", "spans"]


@pytest.mark.parametrize("format", ["pandas", "arrow"])
def test_rows_in_a_format_of_tables_are_an_error(
    annotator: Annotator, dataset: Dataset, format: str
) -> None:
    with pytest.raises(VanerError, match=r"call map on dataset.with_format\(None\)"):
        dataset.with_format(format).map(BatchAnnotator(annotator), batched=True)


def test_first_rows_without_mentions(annotator: Annotator) -> None:
    rows = Dataset.from_dict({"text": [""] * 1000 + TEXTS})
    function = BatchAnnotator(annotator)
    mapped = rows.map(function, batched=True, features=function.features(rows.features))
    assert mapped["spans"][:] == annotate_dataset(rows, annotator)["spans"][:]


def test_rows_that_are_no_dataset(annotator: Annotator) -> None:
    with pytest.raises(VanerError, match="dataset is of type list; make a dataset of rows"):
        annotate_dataset([{"text": "Rat"}], annotator)  # type: ignore[type-var]
