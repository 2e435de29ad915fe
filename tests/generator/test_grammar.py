"""What may be written next: always a copy, always well nested."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaner.errors import ModelError
from vaner.generator.grammar import MAX_NESTING, AnswerTokens, CopyState, Grammar

MARKS = AnswerTokens(open=1, close=2, end=0)

words = st.lists(st.lists(st.integers(3, 9), min_size=1, max_size=3).map(tuple), max_size=8).map(
    tuple
)


def written(grammar: Grammar, draw: Random) -> list[int]:
    """An answer of legal sub-words drawn at random."""
    state, tokens = CopyState(), list[int]()
    while MARKS.end not in tokens:
        token = draw.choice([t for t in grammar.legal_tokens(state) if t is not None])
        state = grammar.advance(state, token)
        tokens.append(token)
    return tokens


@given(words, st.randoms(use_true_random=False))
def test_whatever_is_written_is_a_copy_that_parses(
    source: tuple[tuple[int, ...], ...], draw: Random
) -> None:
    tokens = written(Grammar(source, MARKS), draw)
    assert [t for t in tokens if t not in MARKS] == [t for word in source for t in word]
    depth = deepest = 0
    for before, token in zip([None, *tokens], tokens, strict=False):
        depth += (token == MARKS.open) - (token == MARKS.close)
        deepest = max(deepest, depth)
        assert depth >= 0 and (before, token) != (MARKS.open, MARKS.close)
    assert depth == 0 and deepest <= MAX_NESTING and tokens.count(MARKS.end) == 1


@given(words, st.randoms(use_true_random=False))
def test_an_answer_is_written_again_from_its_spans(
    source: tuple[tuple[int, ...], ...], draw: Random
) -> None:
    grammar = Grammar(source, MARKS)
    tokens = written(grammar, draw)
    state, spans = CopyState(), list[tuple[int, int]]()
    for token in tokens:
        if token == MARKS.close:
            spans.append((state.starts[-1], state.word))
        state = grammar.advance(state, token)
    assert grammar.build_answer(spans) == tokens


@given(words)
def test_the_draft_is_the_copy_and_ends(source: tuple[tuple[int, ...], ...]) -> None:
    grammar = Grammar(source, MARKS)
    assert [token for _, token in grammar.draft(CopyState())] == grammar.build_answer([])
    if source:
        opened = [token for _, token in grammar.draft(CopyState(0, 0, (0,)))]
        assert opened == [*grammar.build_answer([])[:-1], MARKS.close, MARKS.end]


def test_a_word_that_begins_with_a_mark_is_refused() -> None:
    with pytest.raises(ModelError, match="choose other marks"):
        Grammar(((3,), (1, 4)), MARKS)
    Grammar(((4, 1),), MARKS)  # within a word nothing else is legal
