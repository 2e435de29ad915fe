"""Hugging Face datasets: adding a column of mentions, and converting from and to documents.

from datasets import load_dataset
from vaner import Annotator
from vaner.integrations.datasets import annotate_dataset, from_dataset

notes = load_dataset("csv", data_files="notes.csv")
annotated = annotate_dataset(notes, Annotator.from_pretrained())
annotated["train"][0]["spans"]
documents = from_dataset(annotated["train"])
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeVar

from datasets import Dataset, DatasetDict, Features, IterableDataset, IterableDatasetDict, Value
from datasets.fingerprint import generate_random_fingerprint

from vaner.annotator import Annotator
from vaner.errors import ArgumentError, VanerError, check_argument
from vaner.formats import FormatWarning
from vaner.formats.dialects.fields import is_tag_list
from vaner.formats.mention_details import write_details
from vaner.formats.records import RecordReader
from vaner.formats.source import MalformedError
from vaner.text.documents import Document, SpanError
from vaner.utils.deprecation import warn_renamed

SPANS = [
    {
        "start": Value("int64"),
        "end": Value("int64"),
        "type": Value("string"),
        "text": Value("string"),
        "score": Value("float64"),
        "identifiers": [Value("string")],
        "fragments": [[Value("int64")]],
        "candidates": [{"id": Value("string"), "name": Value("string"), "score": Value("float64")}],
        "context": [
            {
                "attribute": Value("string"),
                "start": Value("int64"),
                "end": Value("int64"),
                "text": Value("string"),
            }
        ],
    }
]
"""The feature of a column of mentions, with the fields of the JSONL format."""

AnyDataset = TypeVar("AnyDataset", Dataset, DatasetDict, IterableDataset, IterableDatasetDict)

Batch = Mapping[str, Sequence[Any]]


class BatchAnnotator:
    """A function for ``dataset.map(…, batched=True)`` that adds a column of mentions.

    Give ``map`` the features of the result. Otherwise it takes them from the first rows, and fails
    if these have no mentions::

        function = BatchAnnotator(annotator)
        rows.map(function, batched=True, features=function.features(rows.features))

    Args:
        annotator: the annotator.
        text: name of the column of texts.
        spans: name of the column of mentions.
        options: for `Annotator.annotate`, such as ``types`` or ``min_score``.
    """

    def __init__(
        self, annotator: Annotator, *, text: str = "text", spans: str = "spans", **options: Any
    ) -> None:
        self._annotator, self._text, self._spans = annotator, text, spans
        self._options = options

    def __call__(self, batch: Batch) -> dict[str, list[Any]]:
        if not isinstance(batch, Mapping):
            kind = type(batch).__name__
            raise ArgumentError(f"the rows are a {kind}; call map on dataset.with_format(None)")
        column = batch[self._text]
        if isinstance(column, str):
            raise ArgumentError(f"column {self._text!r} is one text; call map with batched=True")
        # A row may have None or NaN.
        texts = ["" if text is None or text != text else text for text in column]
        documents = self._annotator.annotate(texts, **self._options)
        return {self._spans: [_to_rows(document) for document in documents]}

    def features(self, features: Mapping[str, Any] | None) -> Features | None:
        """Return the features of a dataset, with the column of mentions added.

        Args:
            features: the features of the dataset. A stream may have None, which is returned.

        Raises:
            VanerError: if there is no column of texts.
        """
        if features is None:
            return None
        if self._text not in features:
            raise _missing_column(self._text, features)
        return Features({**features, self._spans: SPANS})


def annotate_dataset(
    dataset: AnyDataset,
    annotator: Annotator,
    *,
    text: str = "text",
    spans: str = "spans",
    batch_size: int = 1000,
    **options: Any,
) -> AnyDataset:
    """Return a dataset with a column of mentions. Of a dictionary of splits, each gets one.

    A stream stays a stream. The format of a dataset, such as ``pandas``, is restored. The result is
    never taken from the cache of datasets, as no fingerprint shows whether two models are the same.

    Args:
        dataset: a dataset with a column of texts.
        annotator: the annotator.
        text: name of the column of texts.
        spans: name of the column of mentions. An existing column of this name is replaced.
        batch_size: number of texts that the annotator gets at a time. It forms batches of their
            sentences.
        options: for `Annotator.annotate`, such as ``types`` or ``min_score``.

    Raises:
        VanerError: if there is no column of texts, or if it is not a dataset.
    """
    advice = "make a dataset of rows: datasets.Dataset.from_list(rows)"
    check_argument("dataset", dataset, (Dataset, IterableDataset, dict), advice)
    if isinstance(dataset, dict):
        arguments = {"text": text, "spans": spans, "batch_size": batch_size, **options}
        splits = {
            name: annotate_dataset(split, annotator, **arguments) for name, split in dataset.items()
        }
        return type(dataset)(splits)
    function = BatchAnnotator(annotator, text=text, spans=spans, **options)
    map_options: dict[str, Any] = {"batched": True, "batch_size": batch_size}
    map_options["features"] = function.features(dataset.features)
    if isinstance(dataset, Dataset):
        if not len(dataset):  # `map` would not add the column
            names = map_options["features"]
            return Dataset.from_dict({name: [] for name in names}, names)
        map_options["new_fingerprint"] = generate_random_fingerprint()
        annotated = dataset.with_format(None).map(function, **map_options)
        return _with_format_of(dataset, annotated, spans)
    return dataset.map(function, **map_options)


def _with_format_of(dataset: Dataset, annotated: Dataset, spans: str) -> Dataset:
    """Return an annotated dataset in the format of the dataset, which also has the new column."""
    options = {**dataset.format, **dataset.format["format_kwargs"]}
    del options["format_kwargs"]
    options["columns"] = list(dict.fromkeys([*options["columns"], spans]))
    return annotated.with_format(**options)


def to_dataset(documents: Iterable[Document]) -> Dataset:
    """Return documents as a dataset with the columns ``id``, ``text`` and ``spans``."""
    features = Features({"id": Value("string"), "text": Value("string"), "spans": SPANS})
    rows = [(document.id, document.text, _to_rows(document)) for document in documents]
    columns = zip(*rows, strict=True) if rows else ((), (), ())
    return Dataset.from_dict(dict(zip(features, map(list, columns), strict=True)), features)


def from_dataset(
    dataset: Iterable[Mapping[str, Any]],
    *,
    text: str = "text",
    spans: str = "spans",
    id: str = "id",
) -> Iterator[Document]:
    """Yield the rows of a dataset as documents, with their mentions.

    Rows may have the same forms as records of JSON Lines: texts with mentions, tokens with tags
    (names, or numbers of a `ClassLabel`), or rows of another program such as BigBIO. The columns of
    tokens and tags may be named with `text` and `spans`, too.

    Args:
        dataset: a dataset, or other rows.
        text: name of the column of texts.
        spans: name of the column of mentions, see `annotate_dataset`. It may be missing if it has
            the default name.
        id: name of the column of document ids. Default: the position of the row.

    Raises:
        VanerError: if a column is missing, or a row cannot be read; it names the row.

    Warns:
        FormatWarning: about columns that look like mentions and are not read.
    """
    if isinstance(dataset, Mapping):
        splits = ", ".join(map(str, dataset))
        raise VanerError(f"the dataset is a dictionary; give one of its splits: {splits}")
    reader, classes = RecordReader(), _get_classes(dataset)
    if spans in classes:
        classes.setdefault("ner_tags", classes[spans])
    for number, row in enumerate(dataset):
        try:
            record = _to_record(row, {"text": text, "spans": spans, "id": id})
            yield from reader.read(record, "", number, _raise_errors, classes)
        except SpanError as error:
            raise SpanError(f"row {number}: {error}") from None
        except MalformedError as error:
            message = f"row {number}: {error}; the columns are {', '.join(map(str, row))}"
            raise VanerError(message) from None
    dropped = [f"not read as mentions: {name}" for name, count in reader.unread.items() if count]
    dropped += [f"left out: {reason} ({count:,})" for reason, count in reader.skipped.items()]
    for message in dropped:
        warnings.warn(message, FormatWarning, stacklevel=2)


def _to_record(row: Mapping[str, Any], columns: Mapping[str, str]) -> dict[str, Any]:
    """Return a row as a record of JSON Lines, without empty cells.

    Args:
        row: column -> cell.
        columns: field of the record -> name of its column. A list of words becomes the field
            ``tokens``, and a list of tags the field ``ner_tags``.

    Raises:
        VanerError: if a column with another name than its field is missing.
    """
    if not isinstance(row, Mapping):
        raise VanerError(f"a row is {type(row).__name__}, not a mapping of columns to cells")
    for field, name in columns.items():
        if name != field and name not in row:
            raise _missing_column(name, row)
    record = {key: value for key, value in row.items() if value is not None}
    record |= {key: record.pop(name) for key, name in columns.items() if name in record}
    if isinstance(record.get("text"), list):
        record["tokens"] = record.pop("text")
    if "tokens" in record and is_tag_list(record.get("spans")) and record["spans"]:
        record["ner_tags"] = record.pop("spans")
    if columns["text"] in row and "tokens" not in record:
        record.setdefault("text", "")  # the cell may be empty
    return record


def _raise_errors(*, document: object = None) -> AbstractContextManager[None]:
    """Return a guard that lets all errors pass."""
    return nullcontext()


def _get_classes(dataset: Any) -> dict[str, Sequence[str]]:
    """Return column -> class names, for the columns of classes, or lists of them."""
    features = getattr(dataset, "features", None) or {}
    elements = {name: getattr(feature, "feature", feature) for name, feature in features.items()}
    return {name: value.names for name, value in elements.items() if hasattr(value, "names")}


def _missing_column(name: str, columns: Iterable[str]) -> VanerError:
    return VanerError(f"the dataset has no column {name!r}; it has {', '.join(columns)}")


def _to_rows(document: Document) -> list[dict[str, Any]]:
    return [
        {
            "start": span.start,
            "end": span.end,
            "type": span.type,
            "text": document.mention(span),
            "score": span.score,
            "identifiers": list(span.identifiers),
            "fragments": [list(fragment) for fragment in span.fragments],
            "candidates": [],
            "context": [],
            **write_details(document.text, span),
        }
        for span in document.spans
    ]


def __getattr__(name: str) -> Any:
    """Return a public name of this module by its former spelling."""
    former: dict[str, Any] = {"annotated": annotate_dataset, "SpansOf": BatchAnnotator}
    if name not in former:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    warn_renamed(name, former[name].__name__)
    return former[name]
