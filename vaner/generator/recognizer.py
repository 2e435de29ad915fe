"""Recognize entities with the generator.

Words -> sentences -> prompts -> answers that copy them with brackets -> spans with scores, in the
offsets of the input.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from typing import NamedTuple

import torch

from vaner.backbones.saved_model import move_to_device
from vaner.calibration.calibration import Calibration
from vaner.generator.copy_decoding import DecodedAnswer, decode
from vaner.generator.model import VanerForGeneration
from vaner.generator.prompts import Prompt, PromptEncoder, count_unreachable
from vaner.recognition.length_batches import batch_by_length
from vaner.recognition.recognizer import resolve_types
from vaner.recognition.stream import BATCHES_PER_CHUNK, annotate_stream
from vaner.text.documents import Document, Span
from vaner.text.words import Word
from vaner.utils.deprecation import renamed_argument


class _Window(NamedTuple):
    """A prompt about a window of a sentence.

    Args:
        prompt: The prompt.
        words: Words of the sentence.
        type: Requested entity type.
        spans: List of the document, which the entities are appended to.
    """

    prompt: Prompt
    words: Sequence[Word]
    type: str
    spans: list[Span]


class Generator:
    """Recognizer that uses a `VanerForGeneration`; it also finds nested entities.

    The score of an entity is the probability of the two decisions to open and to close its
    brackets. The model accepts types that it was not trained on, by their names (zero-shot).

    Args:
        model: The model, in evaluation mode.
        encoder: The encoder the model was trained with.
        device: Device to compute on.
        batch_size: Maximum number of prompts in a batch.
        autocast: Dtype for automatic mixed precision; None computes in the dtype of the weights.
    """

    kind = "model"
    zero_shot = True
    form: str | None = None
    calibration: Calibration | None = None

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
    def corpora(self) -> Mapping[str, Sequence[str]]:
        """Annotated types of each corpus that an instruction can name."""
        return dict(self.model.config.corpora)

    def unreachable(self, document: Document, types: Sequence[str]) -> Counter[str]:
        """Count the mentions of these types that brackets cannot represent, by reason."""
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
        """See `Recognizer.annotate`. Mentions may nest, and those of different types may cross."""
        size = batch_size or self.batch_size
        instruction_for = self.model.config.instruction_for
        instructions = {type: instruction_for(type, corpus) for type in resolve_types(self, types)}
        return annotate_stream(
            texts_or_documents,
            partial(self._split_sentence, instructions),
            lambda windows: self._recognize(windows, size),
            size * BATCHES_PER_CHUNK,
        )

    def _split_sentence(
        self, instructions: Mapping[str, str], text: str, words: Sequence[Word], spans: list[Span]
    ) -> Iterator[_Window]:
        """Yield the windows of a sentence, for each type."""
        for type, instruction in instructions.items():
            for prompt in self.encoder.encode_prompts(text, words, instruction):
                yield _Window(prompt, words, type, spans)

    def _recognize(self, windows: Sequence[_Window], batch_size: int) -> None:
        """Decode the answers about some windows, and append their entities to the documents."""
        autocast = (
            torch.autocast(self.device.type, self._autocast) if self._autocast else nullcontext()
        )
        # The answer copies the sentence, so a row is about twice as long as its prompt.
        lengths = [2 * len(window.prompt.input_ids) for window in windows]
        for batch in batch_by_length(lengths, batch_size):
            prompts = [windows[i].prompt for i in batch]
            with autocast:
                answers = decode(
                    self.model.language_model,
                    [prompt.input_ids for prompt in prompts],
                    [prompt.grammar for prompt in prompts],
                )
            for i, answer in zip(batch, answers, strict=True):
                windows[i].spans.extend(_to_spans(windows[i], answer))


def _to_spans(window: _Window, answer: DecodedAnswer) -> list[Span]:
    """Return the entities of an answer in the offsets of the text, without duplicates."""
    words = window.prompt.window
    scores: dict[tuple[int, int], float] = {}
    for entity in answer.spans:
        start, end = entity.start + words.start, entity.end + words.start
        # An entity in the overlap of two windows is taken from only one of them.
        if words.keep_start <= start < words.keep_end:
            extent = window.words[start].start, window.words[end - 1].end
            scores[extent] = max(entity.score, scores.get(extent, 0.0))
    return [Span(*extent, window.type, score) for extent, score in scores.items()]
