"""Tests of copy-verified decoding against step-by-step decoding."""

from __future__ import annotations

from copy import deepcopy
from random import Random
from typing import Any

import pytest
import torch

from vaner.backbones.backbone import disable_outputs
from vaner.errors import ModelError
from vaner.generator.copy_decoding import decode
from vaner.generator.grammar import AnswerTokens, Grammar

TOKENS = AnswerTokens(open=1, close=2, end=0)


@pytest.fixture(scope="module")
def model() -> Any:
    """Return a random language model; its answers contain many brackets."""
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    config = LlamaConfig(
        hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, vocab_size=40, max_position_embeddings=512,
        tie_word_embeddings=False,
    )  # fmt: skip
    return LlamaForCausalLM(config).eval()


def random_prompts(number: int, seed: int) -> tuple[list[list[int]], list[Grammar]]:
    rng = Random(seed)
    prompts = [[rng.randrange(3, 40) for _ in range(rng.randrange(1, 9))] for _ in range(number)]
    grammars = []
    for _ in range(number):
        words = [
            tuple(rng.randrange(3, 40) for _ in range(rng.randrange(1, 4)))
            for _ in range(rng.randrange(15))
        ]
        grammars.append(Grammar(tuple(words), TOKENS))
    return prompts, grammars


@torch.no_grad()
def reference_decode(
    model: Any, prompt: list[int], grammar: Grammar
) -> tuple[list[int], list[float]]:
    """Decode step by step without a cache, from the logits over the vocabulary."""
    from vaner.generator.grammar import CopyState

    state, tokens, logs = CopyState(), list[int](), list[float]()
    while not tokens or tokens[-1] != TOKENS.end:
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
def test_answer_equals_step_by_step_decoding(model: Any, seed: int) -> None:
    prompts, grammars = random_prompts(7, seed)
    verified = decode(model, prompts, grammars)
    stepped = decode(model, prompts, grammars, longest_draft=1)
    for prompt, grammar, answer, reference in zip(
        prompts, grammars, verified, stepped, strict=True
    ):
        tokens, _ = reference_decode(model, prompt, grammar)
        assert list(answer.tokens) == list(reference.tokens) == tokens
        assert reference.passes == len(tokens)
        brackets = sum(token in (TOKENS.open, TOKENS.close) for token in tokens)
        assert answer.passes <= brackets + 1 + len(tokens) // 8
        for a, b in zip(answer.spans, reference.spans, strict=True):
            assert a[:2] == b[:2] and a.score == pytest.approx(b.score, abs=1e-5)


def test_damaged_weights_are_an_error(model: Any) -> None:
    damaged = deepcopy(model)
    with torch.no_grad():
        damaged.model.norm.weight.fill_(torch.nan)
    prompts, grammars = random_prompts(2, seed=1)
    with pytest.raises(ModelError, match="the scores of the model are not numbers"):
        decode(damaged, prompts, grammars)


def test_outputs_that_a_damaged_config_names_are_disabled(model: Any) -> None:
    damaged = deepcopy(model)
    damaged.config.output_hidden_states = ["x"]
    disable_outputs(damaged)
    assert damaged.model(torch.tensor([[3]])).hidden_states is None


def test_answers_do_not_depend_on_the_batch(model: Any) -> None:
    prompts, grammars = random_prompts(6, 9)
    together = decode(model, prompts, grammars)
    for prompt, grammar, answer in zip(prompts, grammars, together, strict=True):
        [alone] = decode(model, [prompt], [grammar])
        assert alone.tokens == answer.tokens and alone.passes == answer.passes


@pytest.mark.parametrize("window", [8, 64])  # shorter and longer than an answer
def test_sliding_window_is_the_same_in_any_batch(window: int) -> None:
    from transformers import MistralConfig, MistralForCausalLM

    torch.manual_seed(0)
    config = MistralConfig(
        hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, vocab_size=40, max_position_embeddings=512,
        tie_word_embeddings=False, sliding_window=window,
    )  # fmt: skip
    near = MistralForCausalLM(config).eval()
    prompts, grammars = random_prompts(6, 0)
    answers = decode(near, prompts, grammars)
    for prompt, grammar, answer in zip(prompts, grammars, answers, strict=True):
        assert list(answer.tokens) == reference_decode(near, prompt, grammar)[0]


@pytest.mark.heavy
def test_spans_have_the_probability_of_their_brackets(model: Any) -> None:
    prompts, grammars = random_prompts(12, 5)
    answers = decode(model, prompts, grammars)
    assert sum(len(answer.spans) for answer in answers) > 5
    for prompt, grammar, answer in zip(prompts, grammars, answers, strict=True):
        spans = [(span.start, span.end) for span in answer.spans]
        assert grammar.build_answer(spans) == list(answer.tokens)
        tokens, logs = reference_decode(model, prompt, grammar)
        opened, scores = list[float](), list[float]()
        for token, log in zip(tokens, logs, strict=True):
            if token == TOKENS.open:
                opened.append(log)
            elif token == TOKENS.close:
                scores.append(float(torch.tensor(opened.pop() + log).exp()))
        assert [span.score for span in answer.spans] == pytest.approx(scores, abs=1e-5)


def test_drafts_are_short_where_brackets_are_dense(model: Any) -> None:
    grammar = Grammar(tuple((3 + i % 37,) for i in range(100)), TOKENS)
    read = list[int]()
    hook = model.model.register_forward_pre_hook(
        lambda _, __, given: read.append(given["input_ids"].numel()), with_kwargs=True
    )
    try:
        [answer] = decode(model, [[7, 8, 9]], [grammar])
    finally:
        hook.remove()
    assert len(answer.spans) > 20 and answer.passes == len(read)
    # Full drafts would read half the length of the text in each pass.
    assert sum(read) < 12 * answer.passes + 4 * len(grammar.words)


def test_decode_without_prompts_returns_nothing(model: Any) -> None:
    assert decode(model, [], []) == []
