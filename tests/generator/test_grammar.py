"""Tests of the grammar of answers: always a copy, always well nested."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaner.errors import ModelError
from vaner.generator.grammar import MAX_NESTING, AnswerTokens, CopyState, Grammar

TOKENS = AnswerTokens(open=1, close=2, end=0)

words = st.lists(st.lists(st.integers(3, 9), min_size=1, max_size=3).map(tuple), max_size=8).map(
    tuple
)


def random_answer(grammar: Grammar, rng: Random) -> list[int]:
    """Return a random answer of legal subwords."""
    state, tokens = CopyState(), list[int]()
    while TOKENS.end not in tokens:
        token = rng.choice([t for t in grammar.legal_tokens(state) if t is not None])
        state = grammar.advance(state, token)
        tokens.append(token)
    return tokens


@given(words, st.randoms(use_true_random=False))
def test_legal_answers_are_copies_with_balanced_brackets(
    source: tuple[tuple[int, ...], ...], rng: Random
) -> None:
    tokens = random_answer(Grammar(source, TOKENS), rng)
    assert [t for t in tokens if t not in TOKENS] == [t for word in source for t in word]
    depth = deepest = 0
    for before, token in zip([None, *tokens], tokens, strict=False):
        depth += (token == TOKENS.open) - (token == TOKENS.close)
        deepest = max(deepest, depth)
        assert depth >= 0 and (before, token) != (TOKENS.open, TOKENS.close)
    assert depth == 0 and deepest <= MAX_NESTING and tokens.count(TOKENS.end) == 1


@given(words, st.randoms(use_true_random=False))
def test_build_answer_restores_an_answer_from_its_spans(
    source: tuple[tuple[int, ...], ...], rng: Random
) -> None:
    grammar = Grammar(source, TOKENS)
    tokens = random_answer(grammar, rng)
    state, spans = CopyState(), list[tuple[int, int]]()
    for token in tokens:
        if token == TOKENS.close:
            spans.append((state.starts[-1], state.word))
        state = grammar.advance(state, token)
    assert grammar.build_answer(spans) == tokens


@given(words)
def test_draft_is_the_copy_with_closed_brackets(source: tuple[tuple[int, ...], ...]) -> None:
    grammar = Grammar(source, TOKENS)
    assert [token for _, token in grammar.draft(CopyState())] == grammar.build_answer([])
    if source:
        opened = [token for _, token in grammar.draft(CopyState(0, 0, (0,)))]
        assert opened == [*grammar.build_answer([])[:-1], TOKENS.close, TOKENS.end]


def test_word_that_begins_with_a_bracket_raises() -> None:
    with pytest.raises(ModelError, match="choose other brackets"):
        Grammar(((3,), (1, 4)), TOKENS)
    Grammar(((4, 1),), TOKENS)  # inside a word only the copy is legal
