"""Examples of a generator: a sentence, a type, and the copy of the one with the other marked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from vaner.generator.markup import split_expressible
from vaner.generator.prompts import AnswerRow, PromptEncoder, to_word_ranges
from vaner.text.documents import Corpus
from vaner.text.words import Word, split_words
from vaner.training.examples.sentences import Coverage, training_sentences

CUT = "longer than what two windows share"
"""Why a mention of a long sentence is learnt in none of its windows."""


@dataclass(frozen=True, slots=True)
class CopyExample:
    """A sentence, or a window of a long one, in which one type is to be marked.

    Args:
        text: text of its document.
        words: its words.
        spans: half-open ranges of its words, none of which crosses another.
        instruction: rendered instruction, which asks for the type.
        length: sub-words of its row.
    """

    text: str
    words: tuple[Word, ...]
    spans: tuple[tuple[int, int], ...]
    instruction: str
    length: int

    @property
    def blank(self) -> bool:
        """Whether the type does not occur."""
        return not self.spans

    def row(self, encoder: PromptEncoder) -> AnswerRow:
        """Prompt and answer."""
        prompt = next(encoder.encode_prompts(self.text, self.words, self.instruction))
        return encoder.encode_answer(prompt, self.spans)  # the only one: examples were cut to fit


def copy_examples(
    corpus: Corpus,
    types: Sequence[str],
    encoder: PromptEncoder,
    instruction_for: Callable[[str, str | None], str],
) -> tuple[list[CopyExample], Coverage]:
    """Every sentence of a corpus once for every type, sentences without mentions kept.

    Args:
        corpus: the sentences.
        types: types to teach.
        encoder: words to sub-words.
        instruction_for: the words that ask for a type in a corpus.
    """
    examples: list[CopyExample] = []
    lost = Counter[str]()
    mentions = 0
    for document in corpus:
        words = split_words(document.text)
        for type in types:
            asked = instruction_for(type, corpus.name)
            spans = [span for span in document.spans if span.type == type]
            mentions += len(spans)
            apart = split_expressible(document.text, spans)
            ranges, between = to_word_ranges(words, apart.expressible)
            lost.update(str(reason) for _, reason in (*apart.inexpressible, *between))
            cut = set(ranges)
            for first, last in training_sentences(document, words, apart.expressible):
                own = words[first:last]
                for prompt in encoder.encode_prompts(document.text, own, asked):
                    start, end = first + prompt.window.start, first + prompt.window.end
                    inside = tuple(
                        (s - start, e - start) for s, e in ranges if start <= s and e <= end
                    )
                    cut.difference_update((start + s, start + e) for s, e in inside)
                    # The copy is as long as the window; each pair of brackets adds two.
                    length = len(prompt.input_ids) + prompt.copied_subwords + 2 * len(inside) + 1
                    part = tuple(words[start:end])
                    examples.append(CopyExample(document.text, part, inside, asked, length))
            if cut:
                lost[CUT] += len(cut)
    return examples, Coverage(mentions, dict(lost), 0)
