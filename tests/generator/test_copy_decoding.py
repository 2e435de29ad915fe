"""Verified drafts give step-by-step's answer, token for token, in as many passes as brackets."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
import torch

from vaner.generator.copy_decoding import decode
from vaner.generator.grammar import AnswerTokens, Grammar

MARKS = AnswerTokens(open=1, close=2, end=0)


@pytest.fixture(scope="module")
def model() -> Any:
    """A random language model; random answers are full of brackets."""
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    config = LlamaConfig(
        hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, vocab_size=40, max_position_embeddings=512,
        tie_word_embeddings=False,
    )  # fmt: skip
    return LlamaForCausalLM(config).eval()


def problems(number: int, seed: int) -> tuple[list[list[int]], list[Grammar]]:
    draw = Random(seed)
    prompts = [[draw.randrange(3, 40) for _ in range(draw.randrange(1, 9))] for _ in range(number)]
    grammars = []
    for _ in range(number):
        words = [
            tuple(draw.randrange(3, 40) for _ in range(draw.randrange(1, 4)))
            for _ in range(draw.randrange(15))
        ]
        grammars.append(Grammar(tuple(words), MARKS))
    return prompts, grammars


@torch.no_grad()
def by_hand(model: Any, prompt: list[int], grammar: Grammar) -> tuple[list[int], list[float]]:
    """Step by step without a cache, from the logits of the whole model."""
    from vaner.generator.grammar import CopyState

    state, tokens, logs = CopyState(), list[int](), list[float]()
    while not tokens or tokens[-1] != MARKS.end:
        logits = model(torch.tensor([[*prompt, *tokens]])).logits[0, -1].float()
        legal = [token for token in grammar.legal_tokens(state) if token is not None]
        scores = logits[legal].log_softmax(-1)
        best = int(scores.argmax())
        logs.append(float(scores[best]))
        tokens.append(legal[best])
        state = grammar.advance(state, legal[best])
    return tokens, logs


@pytest.mark.heavy
@pytest.mark.parametrize("seed", range(4))
def test_the_answer_is_that_of_step_by_step_decoding(model: Any, seed: int) -> None:
    prompts, grammars = problems(7, seed)
    verified = decode(model, prompts, grammars)
    stepped = decode(model, prompts, grammars, longest_draft=1)
    for prompt, grammar, one, other in zip(prompts, grammars, verified, stepped, strict=True):
        tokens, _ = by_hand(model, prompt, grammar)
        assert list(one.tokens) == list(other.tokens) == tokens
        assert other.passes == len(tokens)
        brackets = sum(token in (MARKS.open, MARKS.close) for token in tokens)
        assert one.passes <= brackets + 1 + len(tokens) // 8
        for a, b in zip(one.spans, other.spans, strict=True):
            assert a[:2] == b[:2] and a.score == pytest.approx(b.score, abs=1e-5)


def test_alone_and_in_a_batch_are_the_same(model: Any) -> None:
    prompts, grammars = problems(6, 9)
    together = decode(model, prompts, grammars)
    for prompt, grammar, answer in zip(prompts, grammars, together, strict=True):
        [alone] = decode(model, [prompt], [grammar])
        assert alone.tokens == answer.tokens and alone.passes == answer.passes


@pytest.mark.parametrize("window", [8, 64])  # shorter than an answer, and longer
def test_a_model_that_looks_back_only_so_far_looks_as_far_in_any_batch(window: int) -> None:
    from transformers import MistralConfig, MistralForCausalLM

    torch.manual_seed(0)
    config = MistralConfig(
        hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, vocab_size=40, max_position_embeddings=512,
        tie_word_embeddings=False, sliding_window=window,
    )  # fmt: skip
    near = MistralForCausalLM(config).eval()
    prompts, grammars = problems(6, 0)
    answers = decode(near, prompts, grammars)
    for prompt, grammar, answer in zip(prompts, grammars, answers, strict=True):
        assert list(answer.tokens) == by_hand(near, prompt, grammar)[0]


@pytest.mark.heavy
def test_spans_are_those_of_the_answer_with_the_probability_of_their_brackets(model: Any) -> None:
    prompts, grammars = problems(12, 5)
    answers = decode(model, prompts, grammars)
    assert sum(len(answer.spans) for answer in answers) > 5
    for prompt, grammar, answer in zip(prompts, grammars, answers, strict=True):
        spans = [(span.start, span.end) for span in answer.spans]
        assert grammar.build_answer(spans) == list(answer.tokens)
        tokens, logs = by_hand(model, prompt, grammar)
        opened, scores = list[float](), list[float]()
        for token, log in zip(tokens, logs, strict=True):
            if token == MARKS.open:
                opened.append(log)
            elif token == MARKS.close:
                scores.append(float(torch.tensor(opened.pop() + log).exp()))
        assert [span.score for span in answer.spans] == pytest.approx(scores, abs=1e-5)


def test_where_brackets_are_dense_little_is_read_in_vain(model: Any) -> None:
    grammar = Grammar(tuple((3 + i % 37,) for i in range(100)), MARKS)
    read = list[int]()
    hook = model.model.register_forward_pre_hook(
        lambda _, __, given: read.append(given["input_ids"].numel()), with_kwargs=True
    )
    try:
        [answer] = decode(model, [[7, 8, 9]], [grammar])
    finally:
        hook.remove()
    assert len(answer.spans) > 20 and answer.passes == len(read)
    # Read to the end in each pass, it would be the text's length times half the passes.
    assert sum(read) < 12 * answer.passes + 4 * len(grammar.words)


def test_nothing_to_decode(model: Any) -> None:
    assert decode(model, [], []) == []
