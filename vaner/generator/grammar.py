"""The grammar of answers: the source copied word by word, with brackets between the words.

An answer that follows the grammar is a faithful copy of the source and can always be parsed: a
bracket is only closed if one is open, it encloses at least one word, and all are closed at the end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from vaner.errors import ModelError

MAX_NESTING = 6
"""Maximum number of open brackets, so that a model that keeps opening brackets terminates."""


class AnswerTokens(NamedTuple):
    """Subwords that are not part of the copy: the brackets and the end of the answer."""

    open: int
    close: int
    end: int


class CopyState(NamedTuple):
    """Position in an answer.

    Args:
        word: Number of complete words copied.
        piece: Number of subwords written of the next word.
        starts: For each open bracket, outermost first, the index of the word it precedes.
    """

    word: int = 0
    piece: int = 0
    starts: tuple[int, ...] = ()


class LegalTokens(NamedTuple):
    """Subwords that may come next; None for each kind of subword that may not."""

    copy: int | None
    open: int | None
    close: int | None
    end: int | None


@dataclass(frozen=True, slots=True)
class Grammar:
    """The answers that copy one source.

    Args:
        words: Subwords of each word of the source.
        tokens: Subwords that are not part of the copy.

    Raises:
        ModelError: If a word begins with one of `tokens`, because the copy would be ambiguous.
    """

    words: tuple[tuple[int, ...], ...]
    tokens: AnswerTokens

    def __post_init__(self) -> None:
        if any(word[0] in self.tokens for word in self.words):
            raise ModelError(
                "a word of the text begins with the subword of a bracket; choose other brackets"
            )

    def legal_tokens(self, state: CopyState) -> LegalTokens:
        """Return the subwords that may come next; at least one until the end is written.

        >>> tokens = AnswerTokens(open=1, close=2, end=0)
        >>> Grammar(((7,), (8, 9)), tokens).legal_tokens(CopyState(word=1, starts=(0,)))
        LegalTokens(copy=8, open=1, close=2, end=None)
        """
        word, piece, starts = state
        if piece:
            return LegalTokens(self.words[word][piece], None, None, None)
        has_words_left = word < len(self.words)
        may_open = has_words_left and len(starts) < MAX_NESTING
        may_close = bool(starts) and starts[-1] < word
        return LegalTokens(
            copy=self.words[word][0] if has_words_left else None,
            open=self.tokens.open if may_open else None,
            close=self.tokens.close if may_close else None,
            end=None if has_words_left or starts else self.tokens.end,
        )

    def advance(self, state: CopyState, token: int) -> CopyState:
        """Return the state after a legal subword."""
        word, piece, starts = state
        if not piece and token == self.tokens.open:
            return CopyState(word, 0, (*starts, word))
        if not piece and token == self.tokens.close:
            return CopyState(word, 0, starts[:-1])
        if not piece and token == self.tokens.end:
            return state
        is_complete = piece + 1 == len(self.words[word])
        return CopyState(word + is_complete, 0 if is_complete else piece + 1, starts)

    def draft(self, state: CopyState) -> Iterator[tuple[CopyState, int]]:
        """Yield the rest of the answer without further entities: each state and its next subword.

        All remaining words are copied, then open brackets are closed.
        """
        while True:
            legal = self.legal_tokens(state)
            token = next(t for t in (legal.copy, legal.close, legal.end) if t is not None)
            yield state, token
            if token == legal.end:
                return
            state = self.advance(state, token)

    def build_answer(self, ranges: Sequence[tuple[int, int]]) -> list[int]:
        """Return the subwords of the answer with brackets around these words.

        Args:
            ranges: Half-open ranges of words that do not cross.

        >>> tokens = AnswerTokens(open=1, close=2, end=0)
        >>> Grammar(((7,), (8, 9)), tokens).build_answer([(1, 2)])
        [7, 1, 8, 9, 2, 0]
        """
        answer: list[int] = []
        for word in range(len(self.words) + 1):
            closed = sum(end == word for _, end in ranges)
            opened = sum(start == word for start, _ in ranges)
            answer += [self.tokens.close] * closed + [self.tokens.open] * opened
            answer += self.words[word] if word < len(self.words) else (self.tokens.end,)
        return answer
