"""Pair the documents of two files, gold and predicted, that may be in different formats.

Formats differ in what they hold of a document: CoNLL has no ids and a document per sentence,
PubTator has a title line. So documents are paired by id, then by text without its white space, and
sentences with the document that they make up. The predictions are moved to the gold text.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any

from vaner.errors import VanerError
from vaner.evaluation.document_alignment import check_same_text
from vaner.formats import make_ids_unique
from vaner.formats.spans import make_span
from vaner.text.documents import Document
from vaner.text.words import find_nonspace_offsets

_SHOWN = 3
_PREFIX = 8  # characters by which parts are looked up


@dataclass(frozen=True, slots=True)
class Alignment:
    """Gold documents and the predictions for them.

    Args:
        gold: the gold documents. Sentences of one predicted document are joined.
        predicted: their predictions, with the same ids and texts, in the same order.
        without_predictions: ids of the gold documents that have no predictions.
        without_gold: ids of the predicted documents that are not in the gold corpus.
        paired_by_text: number of documents with different ids.
        moved: number of documents that differ in white space, or in the division into sentences;
            the offsets of their predictions were moved.
    """

    gold: tuple[Document, ...]
    predicted: tuple[Document, ...]
    without_predictions: tuple[str, ...] = ()
    without_gold: tuple[str, ...] = ()
    paired_by_text: int = 0
    moved: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-serializable dictionary, without the documents."""
        return {
            "without_predictions": list(self.without_predictions),
            "without_gold": list(self.without_gold),
            "paired_by_text": self.paired_by_text,
            "moved": self.moved,
        }

    def only_predicted(self) -> Alignment:
        """Return the alignment without the gold documents that have no predictions."""
        missing = set(self.without_predictions)
        gold = tuple(document for document in self.gold if document.id not in missing)
        predicted = tuple(document for document in self.predicted if document.id not in missing)
        return replace(self, gold=gold, predicted=predicted)


def align_predictions(gold: Iterable[Document], predicted: Iterable[Document]) -> Alignment:
    """Pair gold and predicted documents by id, then by text.

    White space is not compared. A gold document without predictions gets a prediction without
    mentions. Documents with the same text are paired in their order.

    Args:
        gold: gold documents, in any format.
        predicted: predicted documents, in any other.

    Raises:
        VanerError: if no document is on both sides, or documents have the same id and different
            texts.

    >>> from vaner.text.documents import Span
    >>> gold = Document("7", "Gout. Rat fever.", (Span(6, 15, "Disease"),))
    >>> second = Document("b", "Rat  fever.", (Span(0, 10, "Disease"),))
    >>> align_predictions([gold], [Document("a", "Gout."), second]).predicted[0].spans == gold.spans
    True
    """
    golds, predictions = tuple(make_ids_unique(gold)), tuple(make_ids_unique(predicted))
    pairing = _Pairing(golds, predictions)
    pairing.pair_by_id()
    pairing.pair_by_text()
    pairing.pair_parts()
    pairing.check_ids()
    if not pairing.pairs:
        raise VanerError(
            "no document of the predictions is in the gold corpus, neither by id nor by text: the "
            f"predictions have {_show(predictions)}; the corpus has {_show(golds)}"
        )
    return pairing.to_alignment()


class _Pairing:
    """The pairs that are known so far.

    Attributes:
        pairs: index of the first gold document -> gold and predicted document of a pair.
        free_gold, free_predictions: indices of the documents that are in no pair.
    """

    def __init__(self, golds: Sequence[Document], predictions: Sequence[Document]) -> None:
        self.golds, self.predictions = golds, predictions
        self.gold_keys = [_remove_space(document.text) for document in golds]
        self.predicted_keys = [_remove_space(document.text) for document in predictions]
        self.pairs: dict[int, tuple[Document, Document]] = {}
        self.free_gold = dict.fromkeys(range(len(golds)))
        self.free_predictions = dict.fromkeys(range(len(predictions)))
        self.by_text = 0

    def pair_by_id(self) -> None:
        """Pair documents with the same id and text."""
        by_id = {document.id: index for index, document in enumerate(self.golds)}
        for index, prediction in enumerate(self.predictions):
            other = by_id.get(prediction.id)
            if other is not None and self.gold_keys[other] == self.predicted_keys[index]:
                self._add([other], [index])

    def pair_by_text(self) -> None:
        """Pair the other documents that have the same text."""
        by_text = defaultdict[str, deque[int]](deque)
        for index in self.free_gold:
            by_text[self.gold_keys[index]].append(index)
        for index in list(self.free_predictions):
            if indices := by_text.get(self.predicted_keys[index]):
                self.by_text += 1
                self._add([indices.popleft()], [index])

    def pair_parts(self) -> None:
        """Pair documents with consecutive documents, such as sentences, that have their text."""
        for gold, parts in _find_parts(*self._free_texts()):
            self._add([gold], parts)
        golds, predictions = self._free_texts()
        for prediction, parts in _find_parts(predictions, golds):
            self._add(parts, [prediction])

    def check_ids(self) -> None:
        """Raise an error if two documents have the same id and different texts.

        If documents with different ids have the same text, ids are row numbers and say nothing.
        """
        by_id = {self.golds[index].id: self.golds[index] for index in self.free_gold}
        for index in self.free_predictions if not self.by_text else ():
            if gold := by_id.get(self.predictions[index].id):
                check_same_text(gold, self.predictions[index])

    def to_alignment(self) -> Alignment:
        """Return the pairs, in the order of the gold documents."""
        without = [(index, self.golds[index]) for index in self.free_gold]
        pairs = self.pairs | {index: (gold, gold.with_spans(())) for index, gold in without}
        ordered = [pairs[index] for index in sorted(pairs)]
        moved = [_move(gold, prediction) for gold, prediction in ordered]
        return Alignment(
            gold=tuple(gold for gold, _ in ordered),
            predicted=tuple(moved),
            without_predictions=tuple(gold.id for _, gold in without),
            without_gold=tuple(self.predictions[index].id for index in self.free_predictions),
            paired_by_text=self.by_text,
            moved=sum(gold.text != prediction.text for gold, prediction in ordered),
        )

    def _free_texts(self) -> tuple[dict[int, str], dict[int, str]]:
        """Return index -> text without white space, for gold and predictions that are not blank."""
        golds = {index: key for index in self.free_gold if (key := self.gold_keys[index])}
        keys = self.predicted_keys
        return golds, {index: key for index in self.free_predictions if (key := keys[index])}

    def _add(self, golds: Sequence[int], predictions: Sequence[int]) -> None:
        for index in golds:
            del self.free_gold[index]
        for index in predictions:
            del self.free_predictions[index]
        gold = _join([self.golds[index] for index in golds])
        self.pairs[golds[0]] = gold, _join([self.predictions[index] for index in predictions])


def _find_parts(
    texts: Mapping[int, str], parts: Mapping[int, str]
) -> Iterator[tuple[int, list[int]]]:
    """Yield the texts that are made up of two or more consecutive parts, with these parts.

    Args:
        texts, parts: index -> text without white space.
    """
    order, keys, used = list(parts), list(parts.values()), set[int]()
    by_prefix = defaultdict[str, list[int]](list)
    for position, key in enumerate(keys):
        by_prefix[key[:_PREFIX]].append(position)
    following = 0  # the part after those of the last text, which is usually the next
    for index, text in texts.items():
        prefixes = dict.fromkeys(text[: n + 1] for n in range(_PREFIX))
        starts = [start for prefix in prefixes for start in by_prefix.get(prefix, ())]
        for start in sorted(starts, key=lambda start: (start != following, start)):
            if members := _match_parts(text, keys, start, used):
                used |= set(members)
                following = members[-1] + 1
                yield index, [order[position] for position in members]
                break


def _match_parts(text: str, parts: Sequence[str], start: int, used: set[int]) -> list[int]:
    """Return the positions of the parts from `start` on that make up a text; else no position."""
    position, offset = start, 0
    while offset < len(text) and position < len(parts) and position not in used:
        if not text.startswith(parts[position], offset):
            return []
        offset += len(parts[position])
        position += 1
    return list(range(start, position)) if offset == len(text) else []


def _join(documents: Sequence[Document]) -> Document:
    """Return documents as one, a line each, with the id of the first."""
    if len(documents) == 1:
        return documents[0]
    starts = accumulate((len(document.text) + 1 for document in documents), initial=0)
    spans = [
        span.shift(start)
        for document, start in zip(documents, starts, strict=False)
        for span in document.spans
    ]
    text, source = "\n".join(document.text for document in documents), documents[0].source_id
    metadata = {} if source is None else {"doc_id": source}
    return Document(documents[0].id, text, tuple(spans), metadata)


def _move(gold: Document, predicted: Document) -> Document:
    """Return the predictions with the id and the text of the gold document.

    The texts are the same up to white space, so that the n-th other character of both is the same.
    """
    if gold.text == predicted.text:
        return replace(predicted, id=gold.id)
    offsets, positions = find_nonspace_offsets(predicted.text), find_nonspace_offsets(gold.text)

    def move(start: int, end: int) -> tuple[int, int]:
        first, last = bisect_left(offsets, start), bisect_left(offsets, end) - 1
        return positions[first], positions[last] + 1

    spans = (
        make_span(
            gold.text,
            [move(*piece) for piece in span.pieces],
            span.type,
            score=span.score,
            identifiers=span.identifiers,
        )
        for span in predicted.spans
    )
    return gold.with_spans(spans)


def _remove_space(text: str) -> str:
    return "".join(text.split())


def _show(documents: Sequence[Document]) -> str:
    """Return the number of documents and the ids of the first, for messages."""
    ids = ", ".join(document.id for document in documents[:_SHOWN])
    more = ", …" if len(documents) > _SHOWN else ""
    noun = "document" if len(documents) == 1 else "documents"
    return f"{len(documents):,} {noun}" + (f" ({ids}{more})" if ids else "")
