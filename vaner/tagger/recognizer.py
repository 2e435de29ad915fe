"""The tagger as a reader of text.

Words -> sentences -> rows -> batches -> emissions -> Viterbi and marginals -> spans with scores,
in the caller's own offsets. Every step but the last two is one that training uses too. What
computes the emissions is left open, and none of the rest needs a deep-learning library.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import numpy as np

from vaner.backbones.encoding import Encoder, Row
from vaner.recognition.length_batches import batch_by_length
from vaner.recognition.recognizer import resolve_types
from vaner.recognition.stream import BATCHES_PER_CHUNK, DocumentEnd, annotate_stream, to_documents
from vaner.tagger.decoding import Decoder, Floats, Transitions
from vaner.tagger.prompts import TaggerPrompts
from vaner.text.documents import Document, Span
from vaner.text.reachability import count_unreachable
from vaner.text.tags import TagScheme
from vaner.text.words import Word, get_sentences, split_words
from vaner.utils.deprecation import renamed_argument


class Reader(Protocol):
    """What computes the emissions of a model.

    Attributes:
        model: the model, where there is one in memory, else None.
        form: what computes, and how exactly, in a few words for records of figures.
    """

    model: Any
    form: str

    def transitions(self) -> Transitions:
        """The learned scores between tags."""
        ...

    def emissions(self, rows: Sequence[Row]) -> Sequence[Floats]:
        """Tag scores of each row of a batch. *Shape:* (at least W, C) each."""
        ...


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
    emissions: list[Floats] = field(default_factory=list)


class _Piece(NamedTuple):
    """A row to be annotated, and the sentence it is a window of."""

    sentence: _Sentence
    row: Row

    @property
    def last(self) -> bool:
        return self.row.window.end == len(self.sentence.words)


class Tagger:
    """Finds mentions with a model that tags words.

    Scores are the CRF's marginals: the probability of the mention, boundaries and type.

    Args:
        reader: computes the emissions.
        prompts: the types the model finds, and the instructions for them.
        encoder: the encoder it was trained with.
        batch_size: most rows in a batch.
    """

    kind = "model"
    zero_shot = False

    def __init__(
        self, reader: Reader, prompts: TaggerPrompts, encoder: Encoder, *, batch_size: int = 32
    ) -> None:
        self.reader = reader
        self.prompts = prompts
        self.encoder = encoder
        self.batch_size = batch_size
        self._decoder = Decoder(prompts.tag_set, reader.transitions())

    @property
    def model(self) -> Any:
        """The model, where there is one in memory."""
        return self.reader.model

    @property
    def types(self) -> tuple[str, ...]:
        """The entity types the model finds."""
        return self.prompts.types

    @property
    def datasets(self) -> Mapping[str, Sequence[str]]:
        """Corpora that it may be told a text is from -> the types they annotate."""
        return self.prompts.datasets

    @property
    def scheme(self) -> TagScheme:
        """How the model's tags spell a mention."""
        return self.prompts.scheme

    def unreachable(self, document: Document, types: Sequence[str]) -> Counter[str]:
        """Reason -> gold mentions of these types that words and tags cannot spell."""
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
        """As `Recognizer.annotate`; mentions of different types may overlap.

        Raises:
            VanerError: for a type the model was not trained to find.
        """
        size = batch_size or self.batch_size
        passes = self.prompts.passes(resolve_types(self, types), corpus)
        pieces = self._pieces(texts_or_documents, passes)
        return annotate_stream(
            pieces, lambda some: self._answer(some, size), size * BATCHES_PER_CHUNK
        )

    @property
    def scores(self) -> Transitions:
        """Its scores between tags, with what its scheme forbids."""
        return self._decoder.scores

    def emissions(self, asked: Sequence[tuple[str, Sequence[Word], str]]) -> list[Floats]:
        """Tag scores of sentences.

        Args:
            asked: text, the sentence's words in it, and the instruction; for each sentence.

        Returns:
            *Shape:* (W, C) each.
        """
        pieces: list[_Piece] = []
        for text, words, instruction in asked:
            sentence = _Sentence(words, (), [])
            rows = self.encoder.rows(text, words, instruction)
            pieces += [_Piece(sentence, row) for row in rows]
        self._read(pieces, self.batch_size)
        return [np.concatenate(piece.sentence.emissions) for piece in pieces if piece.last]

    def _pieces(
        self, source: Iterable[str | Document], passes: Sequence[tuple[str, tuple[str, ...]]]
    ) -> Iterator[_Piece | DocumentEnd]:
        for document in to_documents(source):
            words = split_words(document.text)
            found: list[Span] = []
            for first, last in get_sentences(document, words):
                own = words[first:last]
                for instruction, together in passes:
                    sentence = _Sentence(own, together, found)
                    for row in self.encoder.rows(document.text, own, instruction):
                        yield _Piece(sentence, row)
            yield DocumentEnd(document, found)

    def _answer(self, pieces: Sequence[_Piece], batch_size: int) -> None:
        self._read(pieces, batch_size)
        self._decode([piece.sentence for piece in pieces if piece.last])

    def _read(self, pieces: Sequence[_Piece], batch_size: int) -> None:
        for piece, emissions in zip(pieces, self._emissions(pieces, batch_size), strict=True):
            window = piece.row.window
            kept = emissions[window.keep_start - window.start : window.keep_end - window.start]
            piece.sentence.emissions.append(kept)

    def _emissions(self, pieces: Sequence[_Piece], batch_size: int) -> list[Floats]:
        """Tag scores of each row. *Shape:* (W, C) each."""
        answers: list[Floats] = [np.empty(0)] * len(pieces)
        lengths = [len(piece.row) for piece in pieces]
        for batch in batch_by_length(lengths, batch_size):
            scores = self.reader.emissions([pieces[i].row for i in batch])
            for i, own in zip(batch, scores, strict=True):
                answers[i] = own[: len(pieces[i].row.starts)]
        return answers

    def _decode(self, sentences: Sequence[_Sentence]) -> None:
        """Read the mentions off the emissions of whole sentences, windows stitched."""
        stitched = [np.concatenate(sentence.emissions) for sentence in sentences]
        for sentence, mentions in zip(sentences, self._decoder.mentions(stitched), strict=True):
            for chunk, probability in mentions:
                type = chunk.type or sentence.types[0]
                if type in sentence.types:
                    start = sentence.words[chunk.start].start
                    end = sentence.words[chunk.end - 1].end
                    sentence.found.append(Span(start, end, type, probability))
