"""Gold and predicted documents side by side, or an error that says why they do not fit."""

from __future__ import annotations

from collections.abc import Iterable

from vaner.errors import VanerError
from vaner.text.documents import Document

Pair = tuple[Document, Document]


def align_documents(gold: Iterable[Document], predicted: Iterable[Document]) -> list[Pair]:
    """Pairs of a gold document and its prediction, in the order of their ids.

    Sorting makes everything that follows, random resampling included, independent of the order in
    which documents arrive. A gold document without a prediction is paired with its bare text: all
    its mentions are missed.

    Raises:
        VanerError: for no gold at all, an id that occurs twice on one side, a prediction for a
            document that gold does not have, or texts that differ.
    """
    golds = _by_id(gold, "gold")
    predictions = _by_id(predicted, "predicted")
    if not golds:
        raise VanerError("there are no gold documents to score against")
    for name in predictions:
        if name not in golds:
            raise VanerError(
                f"predicted document {name!r} is not among the {len(golds)} gold documents; "
                "score predictions against the split they were made for"
            )
    pairs = [(golds[name], predictions.get(name)) for name in sorted(golds)]
    return [(g, _same_text(g, p) if p is not None else g.with_spans(())) for g, p in pairs]


def _by_id(documents: Iterable[Document], side: str) -> dict[str, Document]:
    found: dict[str, Document] = {}
    for document in documents:
        if document.id in found:
            raise VanerError(f"{side} document {document.id!r} occurs twice; ids must be unique")
        found[document.id] = document
    return found


def _same_text(gold: Document, predicted: Document) -> Document:
    """The prediction, once its offsets are known to mean the same as those of gold."""
    if gold.text == predicted.text:
        return predicted
    pairs = zip(gold.text, predicted.text, strict=False)
    shorter = min(len(gold.text), len(predicted.text))
    place = next((i for i, (a, b) in enumerate(pairs) if a != b), shorter)
    raise VanerError(
        f"gold and predicted text of document {gold.id!r} differ from character {place}: "
        f"{gold.text[place : place + 20]!r} against {predicted.text[place : place + 20]!r}"
    )
