"""The tagger as a recognizer: text in, mentions with scores out.

The steps: split the text into words and sentences, encode rows, batch them, compute emissions,
decode them (Viterbi path and marginals), and return spans in the offsets of the input text.
Training uses all steps except the last two. An `EmissionModel` computes the emissions; the rest of
this module needs no deep-learning library.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple, Protocol

import numpy as np

from vaner.backbones.encoding import Encoder, Row
from vaner.calibration.calibration import Calibration
from vaner.recognition.length_batches import batch_by_length
from vaner.recognition.recognizer import resolve_types
from vaner.recognition.stream import BATCHES_PER_CHUNK, annotate_stream
from vaner.tagger.decoding import Decoder, Floats, Transitions
from vaner.tagger.prompts import TaggerPrompts
from vaner.text.brackets import balance_brackets
from vaner.text.documents import Document, Span
from vaner.text.reachability import count_unreachable
from vaner.text.symbols import trim_symbols
from vaner.text.tags import TagScheme
from vaner.text.words import Word
from vaner.utils.deprecation import renamed_argument


class EmissionModel(Protocol):
    """Computes the emissions of a tagger.

    Attributes:
        model: the PyTorch model, or None if there is none in memory.
        form: the backend and its precision, for records of results: ``PyTorch``.
    """

    model: Any
    form: str

    def transitions(self) -> Transitions:
        """Return the learned transition scores."""
        ...

    def emissions(self, rows: Sequence[Row]) -> Sequence[Floats]:
        """Return the tag scores of each row of a batch. *Shape:* (at least W, C) each"""
        ...


@dataclass(slots=True)
class _Sentence:
    """A sentence in one pass, while the emissions of its windows are collected.

    Attributes:
        text: the text that contains the sentence.
        words: the words of the sentence.
        types: the entity types of the pass. More than one only if the tags carry the type.
        spans: the list that receives the mentions.
        emissions: tag scores of the windows so far. *Shape:* (W, C) each
    """

    text: str
    words: Sequence[Word]
    types: tuple[str, ...]
    spans: list[Span]
    emissions: list[Floats] = field(default_factory=list)


class _Piece(NamedTuple):
    """A row, and the sentence that it is a window of."""

    sentence: _Sentence
    row: Row

    @property
    def is_last(self) -> bool:
        return self.row.window.end == len(self.sentence.words)


class Tagger:
    """Finds mentions with a model that tags words.

    The score of a mention is its CRF marginal: the probability of its boundaries and type. It
    remains if `vaner.text.brackets` or `vaner.text.symbols` changes the boundaries.

    Args:
        emission_model: computes the emissions.
        prompts: the types the model finds, and the instructions for them.
        encoder: the encoder that the model was trained with.
        batch_size: maximum number of rows in a batch.
    """

    kind = "model"
    zero_shot = False
    calibration: Calibration | None = None

    def __init__(
        self,
        emission_model: EmissionModel,
        prompts: TaggerPrompts,
        encoder: Encoder,
        *,
        batch_size: int = 32,
    ) -> None:
        self.emission_model = emission_model
        self.prompts = prompts
        self.encoder = encoder
        self.batch_size = batch_size
        self._decoder = Decoder(prompts.tag_set, emission_model.transitions())

    @property
    def model(self) -> Any:
        """The PyTorch model, or None if there is none in memory."""
        return self.emission_model.model

    @property
    def form(self) -> str:
        """The backend and its precision."""
        return self.emission_model.form

    @property
    def types(self) -> tuple[str, ...]:
        """The entity types the model finds."""
        return self.prompts.types

    @property
    def corpora(self) -> Mapping[str, Sequence[str]]:
        """The corpora that instructions may name -> the types that each annotates."""
        return self.prompts.corpora

    @property
    def scheme(self) -> TagScheme:
        """The tag scheme."""
        return self.prompts.scheme

    @property
    def transitions(self) -> Transitions:
        """The transition scores, with the prohibitions of the scheme."""
        return self._decoder.transitions

    def unreachable(self, document: Document, types: Sequence[str]) -> Counter[str]:
        """Count the gold mentions of these types that no tag sequence expresses, by reason."""
        return count_unreachable(document, types, self.scheme, joint=self.prompts.joint)

    @renamed_argument("dataset", "corpus")
    def annotate(
        self,
        texts_or_documents: Iterable[str | Document],
        types: Sequence[str] | None = None,
        *,
        corpus: str | None = None,
        batch_size: int | None = None,
    ) -> Iterator[Document]:
        """Yield the documents with the predicted mentions; see `Recognizer.annotate`.

        Mentions of different types may overlap.

        Raises:
            VanerError: if the model was not trained to find a type.
        """
        size = batch_size or self.batch_size
        passes = self.prompts.passes(resolve_types(self, types), corpus)
        return annotate_stream(
            texts_or_documents,
            partial(self._split_sentence, passes),
            lambda pieces: self._annotate_pieces(pieces, size),
            size * BATCHES_PER_CHUNK,
        )

    def compute_emissions(
        self, sentences: Sequence[tuple[str, Sequence[Word], str]]
    ) -> list[Floats]:
        """Return the tag scores of sentences.

        Args:
            sentences: text, words of the sentence in that text, and rendered instruction, each.

        Returns:
            The tag scores of each sentence. *Shape:* (W, C) each
        """
        pieces: list[_Piece] = []
        for text, words, instruction in sentences:
            sentence = _Sentence(text, words, (), [])
            rows = self.encoder.rows(text, words, instruction)
            pieces += [_Piece(sentence, row) for row in rows]
        self._collect_emissions(pieces, self.batch_size)
        return [np.concatenate(piece.sentence.emissions) for piece in pieces if piece.is_last]

    def _split_sentence(
        self,
        passes: Sequence[tuple[str, tuple[str, ...]]],
        text: str,
        words: Sequence[Word],
        spans: list[Span],
    ) -> Iterator[_Piece]:
        """Yield the rows of a sentence under every instruction."""
        for instruction, types in passes:
            sentence = _Sentence(text, words, types, spans)
            for row in self.encoder.rows(text, words, instruction):
                yield _Piece(sentence, row)

    def _annotate_pieces(self, pieces: Sequence[_Piece], batch_size: int) -> None:
        self._collect_emissions(pieces, batch_size)
        self._decode([piece.sentence for piece in pieces if piece.is_last])

    def _collect_emissions(self, pieces: Sequence[_Piece], batch_size: int) -> None:
        """Add to each sentence the emissions of its windows, without their overlaps."""
        for piece, emissions in zip(pieces, self._run_batches(pieces, batch_size), strict=True):
            window = piece.row.window
            part = emissions[window.keep_start - window.start : window.keep_end - window.start]
            piece.sentence.emissions.append(part)

    def _run_batches(self, pieces: Sequence[_Piece], batch_size: int) -> list[Floats]:
        """Return the tag scores of each row. *Shape:* (W, C) each"""
        results: list[Floats] = [np.empty(0)] * len(pieces)
        lengths = [len(piece.row) for piece in pieces]
        for batch in batch_by_length(lengths, batch_size):
            scores = self.emission_model.emissions([pieces[i].row for i in batch])
            for i, row_scores in zip(batch, scores, strict=True):
                results[i] = row_scores[: len(pieces[i].row.starts)]
        return results

    def _decode(self, sentences: Sequence[_Sentence]) -> None:
        """Decode the joined emissions of each sentence into mentions."""
        joined = [np.concatenate(sentence.emissions) for sentence in sentences]
        for sentence, mentions in zip(sentences, self._decoder.decode(joined), strict=True):
            for chunk, probability in mentions:
                type = chunk.type or sentence.types[0]
                text, words = sentence.text, sentence.words
                first, last = balance_brackets(text, words, chunk.start, chunk.end)
                first, last = trim_symbols(text, words, first, last)
                if type in sentence.types and first < last:
                    start, end = words[first].start, words[last - 1].end
                    sentence.spans.append(Span(start, end, type, probability))
