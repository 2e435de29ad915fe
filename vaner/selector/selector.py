"""Apply a selector: documents with proposed spans in, the same documents without wrong spans out.

Words -> sentences -> rows with a marked candidate -> batches -> logits -> probabilities.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import torch

from vaner.backbones.hub_errors import HUB_OPTIONS, without_revision
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
from vaner.selector.encoding import CandidateEncoder, CandidateRow, find_context, has_words
from vaner.selector.model import VanerSelector
from vaner.text.documents import Document, Span
from vaner.text.words import get_sentences, split_words

logger = logging.getLogger(__name__)

BATCHES_PER_CHUNK = 16
"""Number of batches of candidates that are collected, sorted by length and scored together."""


class ScoredDocument(NamedTuple):
    """A document with one value for each of its spans.

    Args:
        document: The unchanged document.
        values: Logit or probability of each span; None if the selector does not know its type.
    """

    document: Document
    values: tuple[float | None, ...]


class Selector:
    """Filter of proposed mentions, independent of the recognizer that proposed them.

    The score of an accepted span is the selector's probability that the span is correct; the rest
    of the span is unchanged. A span of a type that the selector was not trained on is passed
    through unchanged, with one warning per type, because the threshold was not chosen for it. For a
    discontinuous mention the extent is scored.

    Args:
        model: The model, in evaluation mode.
        encoder: The encoder the model was trained with.
        device: Device to compute on.
        batch_size: Maximum number of candidates in a batch.
        autocast: Dtype for automatic mixed precision; None computes in the dtype of the weights.
        calibration: Calibration of the returned scores. The threshold is compared with the
            uncalibrated probabilities.

    >>> selector = Selector.from_pretrained("runs/selector/seed-1/model")  # doctest: +SKIP
    >>> accepted = list(selector.select(tagger.annotate(texts)))  # doctest: +SKIP
    """

    def __init__(
        self,
        model: VanerSelector,
        encoder: CandidateEncoder,
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
        self._type_ids = {type: index for index, type in enumerate(model.config.types)}
        self._warned_types: set[str] = set()
        move_to_device(model, device)

    @classmethod
    def from_pretrained(
        cls,
        name_or_path: str | Path,
        *,
        device: str | None = "auto",
        batch_size: int = 32,
        calibrated: bool = True,
        **hub: Any,
    ) -> Selector:
        """Load a saved selector.

        Args:
            name_or_path: Folder or Hub id, which may be followed by a revision: ``owner/name@v1``.
            device: ``auto`` or None (a GPU if there is one), ``cpu``, ``cuda`` …
            batch_size: Maximum number of candidates in a batch.
            calibrated: Apply the calibration stored with the model, if there is one.
            hub: Options for the Hub: ``revision``, ``token``, ``cache_dir``, ``local_files_only``.

        Raises:
            TypeError: If there is no such option.
            VanerError: If this machine does not have the device.
            ModelError: If the folder holds no selector, or an incomplete one.
        """
        target_device = select_device(device)
        if unknown := sorted(set(hub) - set(HUB_OPTIONS)):
            raise TypeError(f"a selector has no option {unknown[0]}")
        folder = resolve_model_folder(name_or_path, **hub)
        model = load_for_inference(VanerSelector, folder, target_device, without_revision(hub))
        model.config.check()
        encoder = CandidateEncoder.from_folder(
            locate_tokenizer(model, folder), model.config.max_subwords
        )
        return cls(
            model,
            encoder,
            device=target_device,
            batch_size=batch_size,
            calibration=read_calibration(folder) if calibrated else None,
        )

    @property
    def types(self) -> tuple[str, ...]:
        """The entity types the selector was trained on."""
        return tuple(self.model.config.types)

    @property
    def corpora(self) -> tuple[str, ...]:
        """Names of the corpora the selector was trained on."""
        return tuple(self.model.config.corpora)

    @property
    def threshold(self) -> float:
        """Lowest probability of an accepted span, chosen on dev."""
        return float(self.model.config.threshold)

    def select(
        self, documents: Iterable[Document], *, threshold: float | None = None
    ) -> Iterator[Document]:
        """Yield the documents without the spans that are probably wrong, in the same order.

        Args:
            documents: Documents with proposed spans.
            threshold: Lowest probability of an accepted span; None uses `Selector.threshold`.
        """
        minimum = self.threshold if threshold is None else threshold
        for document, probabilities in self.compute_probabilities(documents):
            yield document.with_spans(
                span if p is None else replace(span, score=self._score(span.type, p))
                for span, p in zip(document.spans, probabilities, strict=True)
                if p is None or p >= minimum
            )

    def _score(self, type: str, probability: float) -> float:
        if self.calibration is None:
            return probability
        return self.calibration.score(type, probability)

    def compute_probabilities(self, documents: Iterable[Document]) -> Iterator[ScoredDocument]:
        """Yield each document with the probability that each of its spans is correct."""
        slope, offset = self.model.config.slope, self.model.config.offset
        for document, logits in self.compute_logits(documents):
            known = torch.tensor([x for x in logits if x is not None], dtype=torch.float64)
            results = iter(torch.sigmoid(slope * known + offset).tolist())
            yield ScoredDocument(
                document, tuple(None if x is None else next(results) for x in logits)
            )

    def compute_logits(self, documents: Iterable[Document]) -> Iterator[ScoredDocument]:
        """Yield each document with the logit of each of its spans; higher is more probable."""
        size = BATCHES_PER_CHUNK * self.batch_size
        for chunk in _chunks(documents, size):
            rows = [row for document in chunk for row in self._encode(document)]
            results = iter(self._score_rows([row for row in rows if row is not None]))
            logits = iter([None if row is None else next(results) for row in rows])
            for document in chunk:
                yield ScoredDocument(document, tuple(next(logits) for _ in document.spans))

    def _encode(self, document: Document) -> Iterator[CandidateRow | None]:
        """Yield the row of each span; None for a span of an unknown type or without a word."""
        if not document.spans:
            return
        words = split_words(document.text)
        sentences = get_sentences(document, words)
        for span in document.spans:
            type_id, candidate = self._type_id(span), Candidate.from_span(span)
            if type_id is None or not has_words(words, candidate):
                yield None
                continue
            yield self.encoder.encode(
                document.text,
                words,
                find_context(words, sentences, candidate),
                candidate,
                instruction=self.model.config.instructions[span.type],
                type_id=type_id,
            )

    def _type_id(self, span: Span) -> int | None:
        """Return the index of a span's type; None, with one warning per type, if unknown."""
        type_id = self._type_ids.get(span.type)
        if type_id is None and span.type not in self._warned_types:
            self._warned_types.add(span.type)
            logger.warning(
                "the selector was not trained on %s: mentions of this type are not filtered; "
                "it was trained on %s",
                span.type,
                ", ".join(self.types),
            )
        return type_id

    @torch.inference_mode()
    def _score_rows(self, rows: Sequence[CandidateRow]) -> list[float]:
        """Return the logit of each row."""
        autocast = (
            torch.autocast(self.device.type, self._autocast) if self._autocast else nullcontext()
        )
        results = [0.0] * len(rows)
        for batch in batch_by_length([len(row) for row in rows], self.batch_size):
            tensors = collate([rows[i] for i in batch])
            tensors = {name: tensor.to(self.device) for name, tensor in tensors.items()}
            with autocast:
                logits = self.model(**tensors).logits
            for i, value in zip(batch, logits.tolist(), strict=True):
                results[i] = value
        return results


def _chunks(documents: Iterable[Document], size: int) -> Iterator[list[Document]]:
    """Yield lists of at most `size` documents; a list ends when it holds `size` spans."""
    chunk: list[Document] = []
    spans = 0
    for document in documents:
        chunk.append(document)
        spans += len(document.spans)
        if spans >= size or len(chunk) >= size:
            yield chunk
            chunk, spans = [], 0
    if chunk:
        yield chunk
