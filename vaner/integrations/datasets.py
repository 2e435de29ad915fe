"""Hugging Face datasets in and out: texts with a column of mentions, and documents.

from datasets import load_dataset
from vaner import Annotator
from vaner.integrations.datasets import annotated, from_dataset

found = annotated(load_dataset("csv", data_files="notes.csv"), Annotator.from_pretrained())
found["train"][0]["spans"]
documents = from_dataset(found["train"])
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from datasets import Dataset, DatasetDict, Features, IterableDataset, IterableDatasetDict, Value
from datasets.fingerprint import generate_random_fingerprint

from vaner.annotator import Annotator
from vaner.errors import VanerError
from vaner.text.documents import Document, Span

SPANS = [
    {
        "start": Value("int64"),
        "end": Value("int64"),
        "type": Value("string"),
        "text": Value("string"),
        "score": Value("float64"),
        "identifiers": [Value("string")],
        "fragments": [[Value("int64")]],
    }
]
"""The feature of a column of mentions: the same fields as JSONL has."""

AnyDataset = TypeVar("AnyDataset", Dataset, DatasetDict, IterableDataset, IterableDatasetDict)

Batch = Mapping[str, Sequence[Any]]


class SpansOf:
    """For ``dataset.map(…, batched=True)``: a batch of texts -> their mentions.

    Args:
        annotator: what finds them.
        text: column that the texts are in.
        spans: column that the mentions are put into.
        options: for `Annotator.annotate`, such as ``types`` or ``min_score``.
    """

    def __init__(
        self, annotator: Annotator, *, text: str = "text", spans: str = "spans", **options: Any
    ) -> None:
        self._annotator, self._text, self._spans = annotator, text, spans
        self._options = options

    def __call__(self, batch: Batch) -> dict[str, list[Any]]:
        texts = [text or "" for text in batch[self._text]]  # a row may have none
        found = self._annotator.annotate(texts, **self._options)
        return {self._spans: [_rows(document) for document in found]}

    def features(self, features: Mapping[str, Any] | None) -> Features | None:
        """Those of a dataset with the column of mentions; None where a stream has not told its own.

        Raises:
            VanerError: where there is no column of texts.
        """
        if features is None:
            return None
        if self._text not in features:
            raise VanerError(
                f"the dataset has no column {self._text!r}; it has {', '.join(features)}"
            )
        return Features({**features, self._spans: SPANS})


def annotated(
    dataset: AnyDataset,
    annotator: Annotator,
    *,
    text: str = "text",
    spans: str = "spans",
    batch_size: int = 1000,
    **options: Any,
) -> AnyDataset:
    """A dataset with a column of mentions; of a dictionary of splits, each of them.

    A stream stays one. The result is never taken from the cache: no fingerprint tells whether two
    models are the same.

    Args:
        dataset: with a column of texts.
        annotator: what finds the mentions.
        text: column that the texts are in.
        spans: column that the mentions are put into; one of that name is replaced.
        batch_size: texts given to the annotator at once, which makes batches of sentences of them.
        options: for `Annotator.annotate`, such as ``types`` or ``min_score``.

    Raises:
        VanerError: where there is no column of texts.
    """
    if isinstance(dataset, dict):
        more = {"text": text, "spans": spans, "batch_size": batch_size, **options}
        each = {name: annotated(split, annotator, **more) for name, split in dataset.items()}
        return type(dataset)(each)
    find = SpansOf(annotator, text=text, spans=spans, **options)
    given: dict[str, Any] = {"batched": True, "batch_size": batch_size}
    given["features"] = find.features(dataset.features)
    if isinstance(dataset, Dataset):
        given["new_fingerprint"] = generate_random_fingerprint()
    return dataset.map(find, **given)


def to_dataset(documents: Iterable[Document]) -> Dataset:
    """Documents as a dataset with the columns ``id``, ``text`` and ``spans``."""
    features = Features({"id": Value("string"), "text": Value("string"), "spans": SPANS})
    rows = [{"id": d.id, "text": d.text, "spans": _rows(d)} for d in documents]
    return Dataset.from_list(rows, features=features)


def from_dataset(
    dataset: Iterable[Mapping[str, Any]],
    *,
    text: str = "text",
    spans: str = "spans",
    id: str = "id",
) -> Iterator[Document]:
    """The rows of a dataset as documents, with the mentions that are in it.

    Args:
        dataset: with a column of texts.
        text: column of the texts.
        spans: column of the mentions, as `annotated` makes it, if there is one.
        id: column of their names; their number in the dataset where there is none.

    Raises:
        SpanError: where a mention does not lie in its text.
    """
    for number, row in enumerate(dataset):
        found = tuple(_span(one) for one in row.get(spans) or ())
        yield Document(str(row.get(id, number)), row[text] or "", found)


def _rows(document: Document) -> list[dict[str, Any]]:
    return [
        {
            "start": span.start,
            "end": span.end,
            "type": span.type,
            "text": document.mention(span),
            "score": span.score,
            "identifiers": list(span.identifiers),
            "fragments": [list(piece) for piece in span.fragments],
        }
        for span in document.spans
    ]


def _span(row: Mapping[str, Any]) -> Span:
    fragments = tuple((start, end) for start, end in row.get("fragments") or ())
    identifiers = tuple(row.get("identifiers") or ())
    return Span(row["start"], row["end"], row["type"], row.get("score"), identifiers, fragments)
