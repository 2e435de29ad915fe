"""Training examples of a generator: a sentence, a type, and a copy with the mentions marked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from vaner.generator.markup import split_expressible
from vaner.generator.prompts import AnswerRow, PromptEncoder, to_word_ranges
from vaner.text.documents import Corpus
from vaner.text.words import Word, split_words
from vaner.training.examples.sentences import Coverage, training_sentences

CUT = "longer than the overlap of two windows"
"""Reason why no window of a long sentence contains a mention."""


@dataclass(frozen=True, slots=True)
class CopyExample:
    """A sentence, or a window of a long sentence, in which the mentions of a type are marked.

    Args:
        text: text of its document.
        words: the words of the sentence.
        spans: half-open ranges of words; no two cross.
        instruction: the instruction for the type.
        length: number of subwords of its row.
    """

    text: str
    words: tuple[Word, ...]
    spans: tuple[tuple[int, int], ...]
    instruction: str
    length: int

    @property
    def is_negative(self) -> bool:
        """Whether no mention of the type is in it."""
        return not self.spans

    def encode(self, encoder: PromptEncoder) -> AnswerRow:
        """Return prompt and answer."""
        # There is only one prompt: `make_copy_examples` has split long sentences.
        prompt = next(encoder.encode_prompts(self.text, self.words, self.instruction))
        return encoder.encode_answer(prompt, self.spans)


def make_copy_examples(
    corpus: Corpus,
    types: Sequence[str],
    encoder: PromptEncoder,
    instruction_for: Callable[[str, str | None], str],
) -> tuple[list[CopyExample], Coverage]:
    """Return every sentence of a corpus once for every type, with or without mentions.

    Args:
        corpus: the sentences.
        types: types to learn.
        encoder: encodes words as subwords.
        instruction_for: returns the instruction for a type and a corpus.
    """
    examples: list[CopyExample] = []
    reasons = Counter[str]()
    mentions = 0
    for document in corpus:
        words = split_words(document.text)
        for type in types:
            instruction = instruction_for(type, corpus.name)
            spans = [span for span in document.spans if span.type == type]
            mentions += len(spans)
            markup = split_expressible(document.text, spans)
            ranges, between_words = to_word_ranges(words, markup.expressible)
            reasons.update(str(reason) for _, reason in (*markup.inexpressible, *between_words))
            in_no_window = set(ranges)
            for first, last in training_sentences(document, words, markup.expressible):
                sentence = words[first:last]
                for prompt in encoder.encode_prompts(document.text, sentence, instruction):
                    start, end = first + prompt.window.start, first + prompt.window.end
                    inside = tuple(
                        (s - start, e - start) for s, e in ranges if start <= s and e <= end
                    )
                    in_no_window.difference_update((start + s, start + e) for s, e in inside)
                    # The copy is as long as the window; each pair of brackets adds two.
                    length = len(prompt.input_ids) + prompt.copied_subwords + 2 * len(inside) + 1
                    window = tuple(words[start:end])
                    examples.append(CopyExample(document.text, window, inside, instruction, length))
            if in_no_window:
                reasons[CUT] += len(in_no_window)
    return examples, Coverage(mentions, dict(reasons), 0)
