"""Encode sentences for the generator: prompt, grammar of the answer, training row.

Each prompt requests one type. A word is tokenized as it occurs in the sentence, with a space before
it where the source has white space, and with the escapes of `vaner.generator.markup`. The answer
copies the same subwords.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer

from vaner.backbones.encoding import CACHED_WORDS, MOST_SUBWORDS, read_tokenizer
from vaner.errors import ModelError
from vaner.generator.grammar import AnswerTokens, CopyState, Grammar, LegalTokens
from vaner.generator.markup import escape, split_expressible
from vaner.text.documents import Document, Span
from vaner.text.tags import UnreachableReason
from vaner.text.words import Window, Word, read_words, split_windows, split_words

OPEN, CLOSE, END = "[", "]", "\n"
"""Brackets and end of an answer. No word contains a line break, and every tokenizer has one."""

IGNORE_INDEX = -100
"""Label of positions without a loss: the prompt."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt that requests one type in a window of a sentence.

    Args:
        input_ids: Instruction and sentence, up to the beginning of the answer.
        grammar: Grammar of the answers that copy the window.
        window: Words of the window, as indices into the sentence.
    """

    input_ids: tuple[int, ...]
    grammar: Grammar
    window: Window

    @property
    def copied_subwords(self) -> int:
        """Number of subwords of the copy, without brackets."""
        return sum(map(len, self.grammar.words))


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """A prompt with its answer, for training.

    Args:
        input_ids: Prompt and answer. Length T.
        labels: `IGNORE_INDEX` for the prompt, then the answer. Length T.
        legal: Legal subwords at each position of the answer. Length of the answer.
    """

    input_ids: tuple[int, ...]
    labels: tuple[int, ...]
    legal: tuple[LegalTokens, ...]

    def __len__(self) -> int:
        """Return the number of subwords."""
        return len(self.input_ids)


class PromptEncoder:
    """Encoder of sentences into prompts and answers.

    Args:
        tokenizer: Fast tokenizer, from ``tokenizer.json``.
        max_subwords: Maximum number of subwords of a prompt and its answer together.

    Raises:
        ModelError: If the tokenizer has no separate subword for a bracket or a line break.
    """

    def __init__(self, tokenizer: Tokenizer, max_subwords: int) -> None:
        self._tokenizer = tokenizer
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        # "<|endoftext|>" in a source is text and must not be encoded as the special token.
        self._tokenizer.encode_special_tokens = True
        self.max_subwords = max_subwords
        self.answer_tokens = AnswerTokens(*map(self._single_subword, (OPEN, CLOSE, END)))
        self._words: dict[str, tuple[int, ...]] = {}
        self._prefixes: dict[str, tuple[int, ...]] = {}
        self._line_break = self._encode("\n")

    @classmethod
    def from_folder(cls, folder: Path, max_subwords: int) -> PromptEncoder:
        """Load ``tokenizer.json`` from a folder.

        Raises:
            ModelError: If the file is missing or broken.
        """
        return cls(read_tokenizer(folder), max_subwords)

    def encode_prompts(
        self, text: str, words: Sequence[Word], instruction: str
    ) -> Iterator[Prompt]:
        """Yield the prompts of a sentence: one, or several overlapping windows if it is long.

        Args:
            text: Text of the document, which the offsets of the words refer to.
            words: Words of the sentence, at least one.
            instruction: Rendered instruction, which requests one type.

        Raises:
            ModelError: If `max_subwords` leaves no room for words after the instruction.
        """
        prefix = self._encode_prefix(instruction)
        # Three sevenths for the sentence, three for its copy, one for brackets.
        room = (self.max_subwords - len(prefix) - len(self._line_break)) * 3 // 7
        if room < MOST_SUBWORDS:
            raise ModelError(
                f"max_subwords {self.max_subwords} leaves {max(0, room)} subwords for a sentence "
                f"and its copy after an instruction of {len(prefix)} subwords; at least "
                f"{MOST_SUBWORDS} are required: increase max_subwords"
            )
        encoded = list(self._encode_words(text, words))
        for window in split_windows([len(ids) for ids in encoded], room, overlap=room // 4):
            subwords = tuple(encoded[window.start : window.end])
            ids = (*prefix, *(token for word in subwords for token in word), *self._line_break)
            yield Prompt(ids, Grammar(subwords, self.answer_tokens), window)

    def encode_answer(self, prompt: Prompt, spans: Iterable[tuple[int, int]]) -> AnswerRow:
        """Return a prompt with its answer.

        Args:
            prompt: The prompt.
            spans: Half-open ranges of words of the sentence that do not cross. Ranges that are
                not completely inside the window are left out.
        """
        first, last = prompt.window.start, prompt.window.end
        inside = [(s - first, e - first) for s, e in spans if first <= s and e <= last]
        answer = tuple(prompt.grammar.build_answer(inside))
        labels = (*[IGNORE_INDEX] * len(prompt.input_ids), *answer)
        return AnswerRow(
            (*prompt.input_ids, *answer), labels, _legal_tokens(prompt.grammar, answer)
        )

    def _encode_prefix(self, instruction: str) -> tuple[int, ...]:
        if instruction not in self._prefixes:
            # Words include the space before them; a space at the end would be another subword.
            self._prefixes[instruction] = self._encode(instruction.rstrip())
        return self._prefixes[instruction]

    def _encode_words(self, text: str, words: Sequence[Word]) -> Iterator[tuple[int, ...]]:
        """Yield the subwords of each word; any white space before it becomes one space."""
        previous_end = None
        for word, read in zip(words, read_words(text, words), strict=True):
            # Invisible characters between words are not a space.
            has_space = previous_end is None or any(
                map(str.isspace, text[previous_end : word.start])
            )
            yield self._encode_cached(" " * has_space + escape(read))
            previous_end = word.end

    def _encode_cached(self, escaped: str) -> tuple[int, ...]:
        subwords = self._words.get(escaped)
        if subwords is None:
            if len(self._words) >= CACHED_WORDS:
                self._words.clear()
            encodable = escaped.encode("utf-8", "replace").decode("utf-8")
            # A word that the tokenizer drops, such as a control character, must still be copied.
            subwords = self._encode(encodable)[:MOST_SUBWORDS] or self._encode(" ?")
            self._words[escaped] = subwords
        return subwords

    def _encode(self, text: str) -> tuple[int, ...]:
        return tuple(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def _single_subword(self, character: str) -> int:
        """Return the subword of a bracket or a line break.

        Byte-level tokenizers spell a line break differently and sentencepiece puts a space before
        it. So the last subword is checked: it must decode to the character.
        """
        ids = self._encode(character)
        if not ids or self._tokenizer.decode(ids[-1:], skip_special_tokens=False) != character:
            raise ModelError(f"the tokenizer has no separate subword for {character!r}")
        return ids[-1]


def _legal_tokens(grammar: Grammar, answer: Iterable[int]) -> tuple[LegalTokens, ...]:
    """Return the legal subwords at each position of an answer."""
    state, legal = CopyState(), []
    for token in answer:
        legal.append(grammar.legal_tokens(state))
        state = grammar.advance(state, token)
    return tuple(legal)


def to_word_ranges(
    words: Sequence[Word], spans: Iterable[Span]
) -> tuple[list[tuple[int, int]], list[tuple[Span, UnreachableReason]]]:
    """Convert spans of one type to ranges of words.

    Args:
        words: Words of a sentence or document, in order.
        spans: Mentions in the same offsets that do not cross.

    Returns:
        Half-open ranges; and the spans that are discontinuous, or start or end inside a word.

    >>> to_word_ranges([Word(0, 4), Word(5, 11)], [Span(5, 11, "Disease")])
    ([(1, 2)], [])
    """
    starts = {word.start: index for index, word in enumerate(words)}
    ends = {word.end: index + 1 for index, word in enumerate(words)}
    ranges: list[tuple[int, int]] = []
    unreachable_spans: list[tuple[Span, UnreachableReason]] = []
    for span in spans:
        if span.is_discontinuous:
            unreachable_spans.append((span, UnreachableReason.DISCONTINUOUS))
        elif span.start not in starts or span.end not in ends:
            unreachable_spans.append((span, UnreachableReason.BOUNDARY))
        else:
            ranges.append((starts[span.start], ends[span.end]))
    return ranges, unreachable_spans


def count_unreachable(document: Document, types: Sequence[str]) -> Counter[str]:
    """Count the mentions of these types that brackets between words cannot represent, by reason."""
    words, reasons = split_words(document.text), Counter[str]()
    for type in types:
        spans = [span for span in document.spans if span.type == type]
        split = split_expressible(document.text, spans)
        _, unreachable_spans = to_word_ranges(words, split.expressible)
        reasons.update(str(reason) for _, reason in (*split.inexpressible, *unreachable_spans))
    return reasons
