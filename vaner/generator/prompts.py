"""Sentences as a generator reads and copies them: prompt, grammar of the answer, training row.

One type is asked for at a time. A word is cut into sub-words as it stands in the sentence, with a
space before it where the source has white space, and escaped as the notation wants it
(`vaner.generator.markup`); the answer copies the same sub-words.
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
from vaner.text.words import Window, Word, split_windows, split_words

OPEN, CLOSE, END = "[", "]", "\n"
"""The marks of an answer. No word holds a line break, and every decoder's tokenizer has one."""

IGNORE_INDEX = -100
"""Label of what the loss leaves out: the prompt."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """What is asked of a window of a sentence about one type.

    Args:
        input_ids: instruction and sentence, up to where the answer begins.
        grammar: the answers that copy the window.
        window: the words it holds, as indices into its sentence.
    """

    input_ids: tuple[int, ...]
    grammar: Grammar
    window: Window

    @property
    def copied_subwords(self) -> int:
        """Number of sub-words of the copy, without brackets."""
        return sum(map(len, self.grammar.words))


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """A prompt with its answer, to train on.

    Args:
        input_ids: prompt and answer. Length T.
        labels: the answer where it stands, `IGNORE_INDEX` before it. Length T.
        legal: what might have been written in place of each sub-word of the answer. As long as
            the answer.
    """

    input_ids: tuple[int, ...]
    labels: tuple[int, ...]
    legal: tuple[LegalTokens, ...]

    def __len__(self) -> int:
        """Number of sub-words."""
        return len(self.input_ids)


class PromptEncoder:
    """Sentences and types to prompts.

    Args:
        tokenizer: a `tokenizers.Tokenizer` (the fast kind; its tokenizer.json).
        max_subwords: most sub-words of a prompt and its answer together.

    Raises:
        ModelError: where the tokenizer has no sub-word of its own for a bracket or a line break.
    """

    def __init__(self, tokenizer: Tokenizer, max_subwords: int) -> None:
        self._tokenizer = tokenizer
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        # What reads <|endoftext|> in a source is text, and must not end anything.
        self._tokenizer.encode_special_tokens = True
        self.max_subwords = max_subwords
        self.marks = AnswerTokens(*(self._own(mark) for mark in (OPEN, CLOSE, END)))
        self._words: dict[str, tuple[int, ...]] = {}
        self._prefixes: dict[str, tuple[int, ...]] = {}
        self._line = self._ids("\n")

    @classmethod
    def from_folder(cls, folder: Path, max_subwords: int) -> PromptEncoder:
        """Read ``tokenizer.json``.

        Raises:
            ModelError: where it is missing or broken.
        """
        return cls(read_tokenizer(folder), max_subwords)

    def encode_prompts(
        self, text: str, words: Sequence[Word], instruction: str
    ) -> Iterator[Prompt]:
        """Prompts about one type in one sentence: one, or of overlapping windows if it is long.

        Args:
            text: the document's text, which the words' offsets refer to.
            words: the words of the sentence, at least one.
            instruction: rendered instruction, which says what is asked for.

        Raises:
            ModelError: where `max_subwords` leaves no room for words after the instruction.
        """
        prefix = self._prefix(instruction)
        # Half for the sentence, half for its copy, of which a third may be brackets.
        room = (self.max_subwords - len(prefix) - len(self._line)) * 3 // 7
        if room < MOST_SUBWORDS:
            raise ModelError(
                f"max_subwords {self.max_subwords} leaves {max(0, room)} sub-words for a sentence "
                f"and its copy after an instruction of {len(prefix)}; it needs {MOST_SUBWORDS}"
            )
        pieces = [self._piece(text, words, i) for i in range(len(words))]
        for window in split_windows([len(p) for p in pieces], room, overlap=room // 4):
            own = tuple(pieces[window.start : window.end])
            ids = (*prefix, *(token for piece in own for token in piece), *self._line)
            yield Prompt(ids, Grammar(own, self.marks), window)

    def encode_answer(self, prompt: Prompt, spans: Iterable[tuple[int, int]]) -> AnswerRow:
        """A prompt with its answer.

        Args:
            prompt: the prompt.
            spans: half-open ranges of words of the sentence, none of which crosses another;
                those that the window cuts are left out.
        """
        first, last = prompt.window.start, prompt.window.end
        inside = [(s - first, e - first) for s, e in spans if first <= s and e <= last]
        answer = tuple(prompt.grammar.build_answer(inside))
        labels = (*[IGNORE_INDEX] * len(prompt.input_ids), *answer)
        return AnswerRow((*prompt.input_ids, *answer), labels, _legal(prompt.grammar, answer))

    def _prefix(self, instruction: str) -> tuple[int, ...]:
        if instruction not in self._prefixes:
            # The words bring their own space; one at the end would be a sub-word of its own.
            self._prefixes[instruction] = self._ids(instruction.rstrip())
        return self._prefixes[instruction]

    def _piece(self, text: str, words: Sequence[Word], i: int) -> tuple[int, ...]:
        """The sub-words of a word, white space before it as one space."""
        spaced = i == 0 or words[i - 1].end < words[i].start
        return self._subwords(" " * spaced + escape(text[words[i].start : words[i].end]))

    def _subwords(self, written: str) -> tuple[int, ...]:
        found = self._words.get(written)
        if found is None:
            if len(self._words) >= CACHED_WORDS:
                self._words.clear()
            readable = written.encode("utf-8", "replace").decode("utf-8")
            # What the tokenizer drops (control characters, say) must still be copied as something.
            found = self._ids(readable)[:MOST_SUBWORDS] or self._ids(" ?")
            self._words[written] = found
        return found

    def _ids(self, text: str) -> tuple[int, ...]:
        return tuple(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def _own(self, mark: str) -> int:
        # A byte-level tokenizer spells a line break otherwise, sentencepiece puts a space before
        # it: the last sub-word is the mark's, if it is read back as that.
        ids = self._ids(mark)
        if not ids or self._tokenizer.decode(ids[-1:], skip_special_tokens=False) != mark:
            raise ModelError(f"the tokenizer has no sub-word {mark!r} of its own")
        return ids[-1]


def _legal(grammar: Grammar, answer: Iterable[int]) -> tuple[LegalTokens, ...]:
    state, found = CopyState(), []
    for token in answer:
        found.append(grammar.legal_tokens(state))
        state = grammar.advance(state, token)
    return tuple(found)


def to_word_ranges(
    words: Sequence[Word], spans: Iterable[Span]
) -> tuple[list[tuple[int, int]], list[tuple[Span, UnreachableReason]]]:
    """Spans of one type as ranges of words, and those that are none.

    Args:
        words: the words of a sentence or document, in order.
        spans: mentions in the same offsets, none of which crosses another.

    Returns:
        Half-open ranges, and the spans that are discontinuous or begin or end inside a word.

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
    """Reason -> gold mentions of these types that brackets between words cannot give back."""
    words, reasons = split_words(document.text), Counter[str]()
    for type in types:
        spans = [span for span in document.spans if span.type == type]
        apart = split_expressible(document.text, spans)
        reasons.update(str(reason) for _, reason in apart.inexpressible)
        reasons.update(str(reason) for _, reason in to_word_ranges(words, apart.expressible)[1])
    return reasons
