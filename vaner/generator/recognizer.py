"""The generator as a reader of text.

Words -> sentences -> prompts -> answers that copy them with brackets -> spans with scores, in the
caller's own offsets.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from typing import NamedTuple

import torch

from vaner.backbones.saved_model import move_to_device
from vaner.generator.copy_decoding import DecodedAnswer, decode
from vaner.generator.model import VanerForGeneration
from vaner.generator.prompts import Prompt, PromptEncoder, count_unreachable
from vaner.recognition.length_batches import batch_by_length
from vaner.recognition.recognizer import resolve_types
from vaner.recognition.stream import BATCHES_PER_CHUNK, DocumentEnd, annotate_stream, to_documents
from vaner.text.documents import Document, Span
from vaner.text.words import Word, get_sentences, split_words
from vaner.utils.deprecation import renamed_argument


class _Piece(NamedTuple):
    """A prompt about a window of a sentence.

    Args:
        prompt: the prompt.
        words: the words of the sentence.
        type: what is asked for.
        found: where the mentions are put.
    """

    prompt: Prompt
    words: Sequence[Word]
    type: str
    found: list[Span]


class Generator:
    """Finds mentions with a `VanerForGeneration`, nested ones too.

    A score is the probability of the two decisions to open and to close the brackets. The model
    may be asked for types that it was not trained on, by their names (zero-shot).

    Args:
        model: the model, in evaluation mode.
        encoder: the encoder it was trained with.
        device: where it computes.
        batch_size: most prompts in a batch.
        autocast: compute in this dtype where it is safe; the weights' own if None.
    """

    kind = "model"
    zero_shot = True

    def __init__(
        self,
        model: VanerForGeneration,
        encoder: PromptEncoder,
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
        move_to_device(model, device)

    @property
    def types(self) -> tuple[str, ...]:
        """The entity types the model was trained on."""
        return tuple(self.model.config.types)

    @property
    def datasets(self) -> Mapping[str, Sequence[str]]:
        """Corpora that it may be told a text is from -> the types they annotate."""
        return dict(self.model.config.datasets)

    def unreachable(self, document: Document, types: Sequence[str]) -> Counter[str]:
        """Reason -> gold mentions of these types that brackets between words cannot express."""
        return count_unreachable(document, types)

    @renamed_argument("dataset", "corpus")
    def annotate(
        self,
        texts_or_documents: Iterable[str | Document],
        types: Sequence[str] | None = None,
        *,
        corpus: str | None = None,
        batch_size: int | None = None,
    ) -> Iterator[Document]:
        """As `Recognizer.annotate`; mentions may nest, and those of different types cross."""
        size = batch_size or self.batch_size
        pieces = self._pieces(texts_or_documents, resolve_types(self, types), corpus)
        return annotate_stream(
            pieces, lambda some: self._answer(some, size), size * BATCHES_PER_CHUNK
        )

    def _pieces(
        self, source: Iterable[str | Document], types: Sequence[str], corpus: str | None
    ) -> Iterator[_Piece | DocumentEnd]:
        asked = {type: self.model.config.instruction_for(type, corpus) for type in types}
        for document in to_documents(source):
            words = split_words(document.text)
            found: list[Span] = []
            for first, last in get_sentences(document, words):
                own = words[first:last]
                for type, instruction in asked.items():
                    for prompt in self.encoder.encode_prompts(document.text, own, instruction):
                        yield _Piece(prompt, own, type, found)
            yield DocumentEnd(document, found)

    def _answer(self, pieces: Sequence[_Piece], batch_size: int) -> None:
        autocast = (
            torch.autocast(self.device.type, self._autocast) if self._autocast else nullcontext()
        )
        # What is read of a row in the end is its prompt and its answer, which copies half of it.
        lengths = [2 * len(piece.prompt.input_ids) for piece in pieces]
        for batch in batch_by_length(lengths, batch_size):
            prompts = [pieces[i].prompt for i in batch]
            with autocast:
                written = decode(
                    self.model.language_model,
                    [prompt.input_ids for prompt in prompts],
                    [prompt.grammar for prompt in prompts],
                )
            for i, answer in zip(batch, written, strict=True):
                pieces[i].found.extend(_mentions(pieces[i], answer))


def _mentions(piece: _Piece, answer: DecodedAnswer) -> list[Span]:
    """The mentions of an answer, in the text's offsets; each once, though brackets may double."""
    window = piece.prompt.window
    scores: dict[tuple[int, int], float] = {}
    for span in answer.spans:
        start, end = span.start + window.start, span.end + window.start
        if window.keep_start <= start < window.keep_end:  # else another window has it
            extent = piece.words[start].start, piece.words[end - 1].end
            scores[extent] = max(span.score, scores.get(extent, 0.0))
    return [Span(*extent, piece.type, score) for extent, score in scores.items()]
