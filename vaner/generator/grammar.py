"""What may be written next: the source once more, word by word, with brackets between its words.

An answer that keeps to it is a faithful copy of the source and always parses: a bracket is closed
only where one is open, around one word or more, and all are closed at the end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from vaner.errors import ModelError

MAX_NESTING = 6
"""Open brackets at most, so that a model that opens one after another comes to an end."""


class AnswerTokens(NamedTuple):
    """Sub-words that are no part of the copy: the brackets and the end of the answer."""

    open: int
    close: int
    end: int


class CopyState(NamedTuple):
    """How far an answer has come.

    Args:
        word: number of words copied whole.
        piece: number of sub-words written of the next word.
        starts: for every open bracket, outermost first, the word it stands before.
    """

    word: int = 0
    piece: int = 0
    starts: tuple[int, ...] = ()


class LegalTokens(NamedTuple):
    """The sub-words that may come next; None for one that may not."""

    copy: int | None
    open: int | None
    close: int | None
    end: int | None


@dataclass(frozen=True, slots=True)
class Grammar:
    """The answers that copy one source.

    Args:
        words: the sub-words of each word of the source.
        marks: the sub-words that are no part of the copy.

    Raises:
        ModelError: where a word begins with one of the marks: the copy could be taken for it.
    """

    words: tuple[tuple[int, ...], ...]
    marks: AnswerTokens

    def __post_init__(self) -> None:
        if any(word[0] in self.marks for word in self.words):
            raise ModelError("a word begins with the sub-word of a bracket; choose other marks")

    def legal_tokens(self, state: CopyState) -> LegalTokens:
        """What may come next; at least one thing, until the end is written.

        >>> marks = AnswerTokens(open=1, close=2, end=0)
        >>> Grammar(((7,), (8, 9)), marks).legal_tokens(CopyState(word=1, starts=(0,)))
        Legal(copy=8, open=1, close=2, end=None)
        """
        word, piece, starts = state
        if piece:
            return LegalTokens(self.words[word][piece], None, None, None)
        left = word < len(self.words)
        return LegalTokens(
            copy=self.words[word][0] if left else None,
            open=self.marks.open if left and len(starts) < MAX_NESTING else None,
            close=self.marks.close if starts and starts[-1] < word else None,
            end=None if left or starts else self.marks.end,
        )

    def advance(self, state: CopyState, token: int) -> CopyState:
        """The state when a legal sub-word has been written."""
        word, piece, starts = state
        if not piece and token == self.marks.open:
            return CopyState(word, 0, (*starts, word))
        if not piece and token == self.marks.close:
            return CopyState(word, 0, starts[:-1])
        if not piece and token == self.marks.end:
            return state
        done = piece + 1 == len(self.words[word])
        return CopyState(word + done, 0 if done else piece + 1, starts)

    def draft(self, state: CopyState) -> Iterator[tuple[CopyState, int]]:
        """The rest of the answer if nothing more were found: each state and what comes after it.

        Words are copied to the last one, then what is open is closed.
        """
        while True:
            legal = self.legal_tokens(state)
            token = next(t for t in (legal.copy, legal.close, legal.end) if t is not None)
            yield state, token
            if token == legal.end:
                return
            state = self.advance(state, token)

    def build_answer(self, spans: Sequence[tuple[int, int]]) -> list[int]:
        """The answer that marks these spans.

        Args:
            spans: half-open ranges of words, none of which crosses another.

        >>> Grammar(((7,), (8, 9)), AnswerTokens(open=1, close=2, end=0)).build_answer([(1, 2)])
        [7, 1, 8, 9, 2, 0]
        """
        opened = [sum(start == word for start, _ in spans) for word in range(len(self.words) + 1)]
        closed = [sum(end == word for _, end in spans) for word in range(len(self.words) + 1)]
        tokens: list[int] = []
        for word in range(len(self.words) + 1):
            tokens += [self.marks.close] * closed[word] + [self.marks.open] * opened[word]
            tokens += self.words[word] if word < len(self.words) else (self.marks.end,)
        return tokens
