"""Pair gold and predicted documents by id, and check that their texts are the same."""

from __future__ import annotations

from collections.abc import Iterable

from vaner.errors import VanerError
from vaner.text.documents import Document

Pair = tuple[Document, Document]
"""A gold document and the predicted document with the same id."""


def align_documents(gold: Iterable[Document], predicted: Iterable[Document]) -> list[Pair]:
    """Return pairs of gold and predicted documents, sorted by id.

    The sorting makes the results, including random resampling, independent of the order of the
    documents. A gold document without a prediction is paired with its text without mentions, so
    all its mentions count as missed.

    Raises:
        VanerError: If there are no gold documents, an id occurs twice, a predicted document is
            not among the gold documents, or the texts differ.
    """
    golds = _index_by_id(gold, "gold")
    predictions = _index_by_id(predicted, "predicted")
    if not golds:
        raise VanerError("there are no gold documents to score against")
    for name in predictions:
        if name not in golds:
            raise VanerError(
                f"predicted document {name!r} is not among the {len(golds)} gold documents; "
                "score predictions against the split they were made for"
            )
    pairs = [(golds[name], predictions.get(name)) for name in sorted(golds)]
    return [(g, check_same_text(g, p) if p is not None else g.with_spans(())) for g, p in pairs]


def _index_by_id(documents: Iterable[Document], side: str) -> dict[str, Document]:
    by_id: dict[str, Document] = {}
    for document in documents:
        if document.id in by_id:
            raise VanerError(f"{side} document {document.id!r} occurs twice; ids must be unique")
        by_id[document.id] = document
    return by_id


def check_same_text(gold: Document, predicted: Document) -> Document:
    """Return the predicted document.

    Raises:
        VanerError: if its offsets refer to another text.
    """
    if gold.text == predicted.text:
        return predicted
    pairs = zip(gold.text, predicted.text, strict=False)
    shorter = min(len(gold.text), len(predicted.text))
    offset = next((i for i, (a, b) in enumerate(pairs) if a != b), shorter)
    raise VanerError(
        f"gold and predicted text of document {gold.id!r} differ from character {offset} on: "
        f"{gold.text[offset : offset + 20]!r} and {predicted.text[offset : offset + 20]!r}"
    )
