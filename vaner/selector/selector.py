"""The selector as a reader of proposals: documents in, the same documents without wrong spans out.

Words -> sentences -> rows with a marked candidate -> batches -> evidence -> probabilities.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import torch

from vaner.backbones.saved_model import (
    load_for_inference,
    locate_tokenizer,
    move_to_device,
    select_device,
)
from vaner.backbones.storage import resolve_model_folder
from vaner.calibration.calibration import Calibration, read_calibration
from vaner.recognition.length_batches import batch_by_length
from vaner.selector.candidates import Candidate
from vaner.selector.collation import collate
from vaner.selector.encoding import MarkedRow, MarkEncoder, context
from vaner.selector.model import VanerSelector
from vaner.text.documents import Document, Span
from vaner.text.words import get_sentences, split_words

logger = logging.getLogger(__name__)

BATCHES_AT_ONCE = 16
"""Batches' worth of candidates gathered before they are sorted by length and judged."""


class Weighed(NamedTuple):
    """A document and what there is for each of its spans.

    Args:
        document: as it was given.
        evidence: for every span, None where its type is not known.
    """

    document: Document
    evidence: tuple[float | None, ...]


class Selector:
    """Keeps the mentions that are right, whoever proposed them.

    What is kept has as its score the selector's probability that it is right, whatever score it
    came with; nothing else of it changes. A span of a type that the selector was not trained on
    passes untouched, and the first of each such type is told in a warning: a threshold chosen for
    other types says nothing of it, and dropping it would be a guess. Of a discontinuous mention
    the extent is judged.

    Args:
        model: the model, in evaluation mode.
        encoder: the encoder it was trained with.
        device: where it computes.
        batch_size: most candidates in a batch.
        autocast: compute in this dtype where it is safe; the weights' own if None.
        calibration: what makes the probabilities of what is kept ones that can be trusted; the
            threshold is for those that the model computes.

    >>> selector = Selector.from_pretrained("runs/selector/seed-1/model")  # doctest: +SKIP
    >>> kept = list(selector.select(tagger.annotate(texts)))  # doctest: +SKIP
    """

    def __init__(
        self,
        model: VanerSelector,
        encoder: MarkEncoder,
        *,
        device: torch.device,
        batch_size: int = 32,
        autocast: torch.dtype | None = None,
        calibration: Calibration | None = None,
    ) -> None:
        self.model = model
        self.encoder = encoder
        self.device = device
        self.batch_size = batch_size
        self.calibration = calibration
        self._autocast = autocast
        self._numbers = {type: number for number, type in enumerate(model.config.types)}
        self._told: set[str] = set()
        move_to_device(model, device)

    @classmethod
    def from_pretrained(
        cls,
        name_or_path: str | Path,
        *,
        device: str = "auto",
        batch_size: int = 32,
        calibrated: bool = True,
    ) -> Selector:
        """Load a saved selector.

        Args:
            name_or_path: folder or Hub id.
            device: ``auto`` (a GPU where there is one), ``cpu``, ``cuda`` …
            batch_size: most candidates in a batch.
            calibrated: as for `Annotator.from_pretrained`.

        Raises:
            VanerError: for a device that this machine does not have.
            ModelError: where there is no selector, or not all of one.
        """
        wanted = select_device(device)
        folder = resolve_model_folder(name_or_path)
        model = load_for_inference(VanerSelector, folder, wanted, {})
        model.config.check()
        place = locate_tokenizer(model, folder)
        encoder = MarkEncoder.from_folder(place, model.config.max_subwords)
        return cls(
            model, encoder, device=wanted, batch_size=batch_size,
            calibration=read_calibration(folder) if calibrated else None,
        )  # fmt: skip

    @property
    def types(self) -> tuple[str, ...]:
        """The types it can judge."""
        return tuple(self.model.config.types)

    @property
    def datasets(self) -> tuple[str, ...]:
        """The corpora, by name, that it learnt from."""
        return tuple(self.model.config.datasets)

    @property
    def threshold(self) -> float:
        """Least probability of what is kept, as chosen on dev."""
        return float(self.model.config.threshold)

    def select(
        self, documents: Iterable[Document], *, threshold: float | None = None
    ) -> Iterator[Document]:
        """The documents with the spans that are probable enough, as a stream, in their order.

        Args:
            documents: with proposed spans.
            threshold: least probability of what is kept; the model's own if None.
        """
        least = self.threshold if threshold is None else threshold
        for document, probabilities in self.probabilities(documents):
            yield document.with_spans(
                span if p is None else replace(span, score=self._score(span.type, p))
                for span, p in zip(document.spans, probabilities, strict=True)
                if p is None or p >= least
            )

    def _score(self, type: str, probability: float) -> float:
        known = self.calibration
        return probability if known is None else known.score(type, probability)

    def probabilities(self, documents: Iterable[Document]) -> Iterator[Weighed]:
        """Each document with the probability that each of its spans is right."""
        slope, offset = self.model.config.slope, self.model.config.offset
        for document, evidence in self.evidence(documents):
            known = torch.tensor([e for e in evidence if e is not None], dtype=torch.float64)
            found = iter(torch.sigmoid(slope * known + offset).tolist())
            yield Weighed(document, tuple(None if e is None else next(found) for e in evidence))

    def evidence(self, documents: Iterable[Document]) -> Iterator[Weighed]:
        """Each document with what speaks for each of its spans: the higher, the likelier."""
        size = BATCHES_AT_ONCE * self.batch_size
        for some in _gathered(documents, size):
            rows = [row for document in some for row in self._rows(document)]
            known = [row for row in rows if row is not None]
            found = iter(self._judge(known))
            judged = iter([None if row is None else next(found) for row in rows])
            for document in some:
                yield Weighed(document, tuple(next(judged) for _ in document.spans))

    def _rows(self, document: Document) -> Iterator[MarkedRow | None]:
        """The row of each span; None for one of a type that is not known."""
        if not document.spans:
            return
        words = split_words(document.text)
        sentences = get_sentences(document, words)
        for span in document.spans:
            type = self._number(span)
            if type is None:
                yield None
                continue
            candidate = Candidate.of(span)
            yield self.encoder.row(
                document.text, words, context(words, sentences, candidate), candidate,
                instruction=self.model.config.asks[span.type], type=type,
            )  # fmt: skip

    def _number(self, span: Span) -> int | None:
        found = self._numbers.get(span.type)
        if found is None and span.type not in self._told:
            self._told.add(span.type)
            logger.warning(
                "the selector was not trained on %s: mentions of it pass unjudged; it judges %s",
                span.type, ", ".join(self.types),
            )  # fmt: skip
        return found

    @torch.inference_mode()
    def _judge(self, rows: Sequence[MarkedRow]) -> list[float]:
        """The evidence for each row."""
        autocast = (
            torch.autocast(self.device.type, self._autocast) if self._autocast else nullcontext()
        )
        found = [0.0] * len(rows)
        for batch in batch_by_length([len(row) for row in rows], self.batch_size):
            tensors = collate([rows[i] for i in batch])
            tensors = {name: tensor.to(self.device) for name, tensor in tensors.items()}
            with autocast:
                evidence = self.model(**tensors).evidence
            for i, value in zip(batch, evidence.tolist(), strict=True):
                found[i] = value
        return found


def _gathered(documents: Iterable[Document], size: int) -> Iterator[list[Document]]:
    """Documents together, with about so many spans in all, and no more than so many."""
    some: list[Document] = []
    spans = 0
    for document in documents:
        some.append(document)
        spans += len(document.spans)
        if spans >= size or len(some) >= size:
            yield some
            some, spans = [], 0
    if some:
        yield some
