"""The tagger as a reader of text.

Words -> sentences -> rows -> batches -> emissions -> Viterbi and marginals -> spans with scores,
in the caller's own offsets. Every step is one that training uses too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from vaner.batching import by_length, collate
from vaner.corpora.statistics import unreachable
from vaner.documents import Document, Span
from vaner.encoding import Encoder, Row
from vaner.modeling.loading import place
from vaner.modeling.tagger import VanerForTokenClassification
from vaner.proposers.proposer import checked_types
from vaner.proposers.stream import PIECES_AT_ONCE, End, answered, as_documents
from vaner.tagging import Scheme, decode
from vaner.words import Word, sentences_of, split_words

_POSITIONS_A_BATCH = 8192


@dataclass(slots=True)
class _Sentence:
    """A sentence asked for one type, or for all at once, while its windows come in.

    Args:
        words: its words.
        types: the types asked for; more than one where the tags carry the type.
        found: where its mentions are put.
        emissions: tag scores of the windows so far.
    """

    words: Sequence[Word]
    types: tuple[str, ...]
    found: list[Span]
    emissions: list[Tensor] = field(default_factory=list)


class _Piece(NamedTuple):
    """A row to be answered, and the sentence it is a window of."""

    sentence: _Sentence
    row: Row

    @property
    def last(self) -> bool:
        return self.row.window.end == len(self.sentence.words)


class Tagger:
    """Finds mentions with a `VanerForTokenClassification`.

    Scores are the CRF's marginals: the probability of the mention, boundaries and type.

    Args:
        model: the model, in evaluation mode.
        encoder: the encoder it was trained with.
        device: where it computes.
        batch_size: most rows in a batch.
        autocast: compute in this dtype where it is safe; the weights' own if None.
    """

    kind = "model"
    zero_shot = False

    def __init__(
        self,
        model: VanerForTokenClassification,
        encoder: Encoder,
        *,
        device: torch.device,
        batch_size: int = 32,
        autocast: torch.dtype | None = None,
    ) -> None:
        self.model = model
        self.encoder = encoder
        self.device = device
        self.batch_size = batch_size
        self._autocast = autocast
        place(model, device)

    @property
    def types(self) -> tuple[str, ...]:
        """The entity types the model finds."""
        return tuple(self.model.config.types)

    @property
    def scheme(self) -> Scheme:
        """How the model's tags spell a mention."""
        return Scheme(self.model.config.scheme)

    def unreachable(self, document: Document, types: Sequence[str]) -> Counter[str]:
        """Reason -> gold mentions of these types that words and tags cannot spell."""
        return unreachable(document, types, self.scheme)

    def annotate(
        self,
        texts_or_documents: Iterable[str | Document],
        types: Sequence[str] | None = None,
        *,
        dataset: str | None = None,
        batch_size: int | None = None,
    ) -> Iterator[Document]:
        """As `Proposer.annotate`; mentions of different types may overlap.

        Raises:
            VanerError: for a type the model was not trained to find.
        """
        size = batch_size or self.batch_size
        pieces = self._pieces(texts_or_documents, checked_types(self, types), dataset)
        return answered(pieces, lambda some: self._answer(some, size), size * PIECES_AT_ONCE)

    def _pieces(
        self, source: Iterable[str | Document], types: Sequence[str], dataset: str | None
    ) -> Iterator[_Piece | End]:
        config = self.model.config
        # In joint mode one pass finds them all.
        asked = [(None, tuple(types))] if config.joint else [(type, (type,)) for type in types]
        passes = [(config.instruction_for(type, dataset), own) for type, own in asked]
        for document in as_documents(source):
            words = split_words(document.text)
            found: list[Span] = []
            for first, last in sentences_of(document, words):
                own = words[first:last]
                for instruction, together in passes:
                    sentence = _Sentence(own, together, found)
                    for row in self.encoder.rows(document.text, own, instruction):
                        yield _Piece(sentence, row)
            yield End(document, found)

    def _answer(self, pieces: Sequence[_Piece], batch_size: int) -> None:
        for piece, emissions in zip(pieces, self._emissions(pieces, batch_size), strict=True):
            window = piece.row.window
            kept = emissions[window.keep_start - window.start : window.keep_end - window.start]
            piece.sentence.emissions.append(kept)
        self._decode([piece.sentence for piece in pieces if piece.last], batch_size)

    @torch.inference_mode()
    def _emissions(self, pieces: Sequence[_Piece], batch_size: int) -> list[Tensor]:
        """Tag scores of each row. *Shape:* (W, C) each, fp32."""
        answers: list[Tensor] = [torch.empty(0)] * len(pieces)
        autocast = (
            torch.autocast(self.device.type, self._autocast) if self._autocast else nullcontext()
        )
        lengths = [len(piece.row) for piece in pieces]
        for batch in by_length(lengths, batch_size, _POSITIONS_A_BATCH):
            tensors = collate([pieces[i].row for i in batch])
            with autocast:
                logits = self.model(**{k: v.to(self.device) for k, v in tensors.items()}).logits
            for i, scores in zip(batch, logits.float(), strict=True):
                answers[i] = scores[: len(pieces[i].row.starts)]
        return answers

    @torch.inference_mode()
    def _decode(self, sentences: Sequence[_Sentence], batch_size: int) -> None:
        """Read the mentions off the emissions of whole sentences, windows stitched."""
        stitched = [torch.cat(sentence.emissions) for sentence in sentences]
        crf, tags = self.model.crf, self.model.config.tag_set
        for batch in by_length([len(s) for s in stitched], 8 * batch_size, 8 * _POSITIONS_A_BATCH):
            emissions = pad_sequence([stitched[i] for i in batch], batch_first=True)
            lengths = torch.tensor([len(stitched[i]) for i in batch], device=emissions.device)
            mask = torch.arange(emissions.shape[1], device=emissions.device) < lengths[:, None]
            chunks = [decode(tags.names(path)) for path in crf.decode(emissions, mask)]
            scores = crf.span_probabilities(emissions, mask, chunks)
            for i, row, values in zip(batch, chunks, scores, strict=True):
                sentence = sentences[i]
                sentence.found.extend(
                    Span(
                        sentence.words[c.start].start,
                        sentence.words[c.end - 1].end,
                        c.type or sentence.types[0],
                        p,
                    )
                    for c, p in zip(row, values, strict=True)
                    if not c.type or c.type in sentence.types
                )
