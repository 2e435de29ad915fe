"""Compares copy-verified decoding with transformers' generate.

    python -m benchmarks.copy_decoding MODEL

A generator answers the same prompts in four ways: with drafts that are verified in one forward
pass (vaner), one subword at a time, with transformers' generate, and with generate and prompt
lookup. All are greedy and use the same grammar, so the answers are the same. The benchmark counts
forward passes and measures wall time; only the ratios of a run are meaningful. It answers one
prompt at a time, and for vaner and generate also batches.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import torch

from vaner.corpora import load
from vaner.errors import VanerError
from vaner.generator.copy_decoding import decode
from vaner.generator.grammar import CopyState, Grammar
from vaner.generator.prompts import Prompt
from vaner.generator.recognizer import Generator
from vaner.models.locate import locate_model
from vaner.models.torch_models import load_torch_recognizer
from vaner.text.documents import Corpus
from vaner.text.words import split_words
from vaner.utils.provenance import collect_provenance

OUTPUT = Path(__file__).with_suffix(".json")
LOOKED_UP = 10  # subwords in a draft of prompt lookup, as in the examples of transformers

Answers = list[tuple[int, ...]]
Way = Callable[[Any, Sequence[Prompt]], Answers]


class Cost(NamedTuple):
    """The cost of a way of answering."""

    passes: int
    seconds: float


class Allowed:
    """The subwords that may come next in each row, in the form of transformers' generate."""

    def __init__(self, prompts: Sequence[Prompt], length: int) -> None:
        self._grammars = [prompt.grammar for prompt in prompts]
        self._length = length
        self._states: list[list[tuple[CopyState, int]]] = [[(CopyState(), -1)] for _ in prompts]

    def __call__(self, row: int, ids: torch.Tensor) -> list[int]:
        answer, grammar, states = ids[self._length :].tolist(), self._grammars[row], None
        states = self._states[row]
        agreed = 1
        while agreed < len(states) and agreed <= len(answer):
            if states[agreed][1] != answer[agreed - 1]:
                break
            agreed += 1
        del states[agreed:]
        for token in answer[agreed - 1 :]:
            if token == grammar.tokens.end:
                return [grammar.tokens.end]  # a row that has ended is filled up
            states.append((grammar.advance(states[-1][0], token), token))
        return [token for token in grammar.legal_tokens(states[-1][0]) if token is not None]


def generate(model: Any, prompts: Sequence[Prompt], **options: Any) -> Answers:
    """Return the answers of transformers' generate."""
    marks, longest = prompts[0].grammar.tokens, max(len(p.input_ids) for p in prompts)
    device = model.get_input_embeddings().weight.device
    ids = torch.full((len(prompts), longest), marks.end, device=device)
    mask = torch.zeros_like(ids)
    for row, prompt in enumerate(prompts):  # padded on the left, as generate requires
        ids[row, longest - len(prompt.input_ids) :] = torch.tensor(prompt.input_ids)
        mask[row, longest - len(prompt.input_ids) :] = 1
    outputs = model.generate(
        input_ids=ids, attention_mask=mask, do_sample=False, use_cache=True,
        max_new_tokens=3 * max(p.copied_subwords for p in prompts) + 8,
        eos_token_id=marks.end, pad_token_id=marks.end,
        prefix_allowed_tokens_fn=Allowed(prompts, longest), **options,
    )  # fmt: skip
    return [_ended(row[longest:].tolist(), marks.end) for row in outputs]


def _ended(tokens: list[int], end: int) -> tuple[int, ...]:
    return tuple(tokens[: tokens.index(end) + 1] if end in tokens else tokens)


def answer_verified(
    model: Any, prompts: Sequence[Prompt], longest_draft: int | None = None
) -> Answers:
    """Return the answers of vaner."""
    grammars: list[Grammar] = [prompt.grammar for prompt in prompts]
    written = decode(
        model, [prompt.input_ids for prompt in prompts], grammars, longest_draft=longest_draft
    )
    return [answer.tokens for answer in written]


WAYS: dict[str, Way] = {
    "vaner": answer_verified,
    "vaner, step by step": lambda model, prompts: answer_verified(model, prompts, 1),
    "generate": generate,
    "generate, prompt lookup": lambda model, prompts: generate(
        model, prompts, prompt_lookup_num_tokens=LOOKED_UP
    ),
}
BATCHED = ("vaner", "generate")  # prompt lookup is for one prompt at a time


@contextmanager
def count_passes(model: Any) -> Iterator[list[int]]:
    """Count the forward passes of the model in a context."""
    passes = [0]

    def add(*_: Any) -> None:
        passes[0] += 1

    hook = model.base_model.register_forward_hook(add)
    try:
        yield passes
    finally:
        hook.remove()


def take(model: Any, way: Way, batches: Sequence[Sequence[Prompt]]) -> tuple[list[Cost], Answers]:
    """Answer batches in one way; return the cost of each batch and all answers."""
    each, answers = [], []
    for batch in batches:
        with count_passes(model) as passes:
            started = time.perf_counter()
            answers += way(model, batch)
            each.append(Cost(passes[0], time.perf_counter() - started))
    return each, answers


def build_prompts(generator: Generator, corpus: Corpus, number: int) -> list[Prompt]:
    """Return prompts for the first sentences of a corpus, with one type each, in turn."""
    types = [type for type in corpus.types if type in generator.types]
    if not types:
        raise VanerError(
            f"{corpus.name} annotates {', '.join(corpus.types)}; the model finds "
            f"{', '.join(generator.types)}: name another corpus with --corpus"
        )
    prompts: list[Prompt] = []
    for i, document in enumerate(corpus):
        instruction = generator.model.config.instruction_for(types[i % len(types)], corpus.name)
        words = split_words(document.text)
        prompts += (
            list(generator.encoder.encode_prompts(document.text, words, instruction))[:1]
            if words
            else []
        )
        if len(prompts) == number:
            break
    return prompts


def compare(model: Any, prompts: Sequence[Prompt], batch_size: int) -> dict[str, Any]:
    """Return figures by number of mentions, and the ratios of the other ways to vaner.

    Raises:
        AssertionError: if two ways give different answers.
    """
    take(model, WAYS["vaner"], [prompts[:1]])  # what is done once is done before
    singly, answers = _run_all(model, [[prompt] for prompt in prompts], WAYS)
    mentions = [answer.count(prompts[0].grammar.tokens.open) for answer in answers]
    kinds = {"0": {0}, "1": {1}, "2": {2}, "3 or more": set(mentions) - {0, 1, 2}}
    groups = {
        name: [i for i, number in enumerate(mentions) if number in numbers]
        for name, numbers in (*kinds.items(), ("all", set(mentions)))
    }
    order = sorted(range(len(prompts)), key=lambda i: -len(prompts[i].input_ids))
    rows = [order[first : first + batch_size] for first in range(0, len(order), batch_size)]
    together, _ = _run_all(
        model, [[prompts[i] for i in row] for row in rows], {name: WAYS[name] for name in BATCHED}
    )
    return {
        "sentences": {name: len(some) for name, some in groups.items()},
        "subwords_an_answer": sum(map(len, answers)) / len(answers),
        "one_at_a_time": {name: _figures(singly, some) for name, some in groups.items() if some},
        f"batches_of_{batch_size}": _figures(together, range(len(rows))),
    }


def _run_all(
    model: Any, batches: Sequence[Sequence[Prompt]], ways: dict[str, Way]
) -> tuple[dict[str, list[Cost]], Answers]:
    """Return the cost of each way for each batch, and the answers, which must be equal."""
    taken, first = {}, None
    for name, way in ways.items():
        print(f"{name} …", file=sys.stderr, flush=True)
        taken[name], answers = take(model, way, batches)
        first = first or answers
        assert answers == first, f"{name} answers otherwise"
    return taken, first or []


def _figures(taken: dict[str, list[Cost]], some: Sequence[int]) -> dict[str, Any]:
    passes = {name: sum(each[i].passes for i in some) for name, each in taken.items()}
    seconds = {name: sum(each[i].seconds for i in some) for name, each in taken.items()}
    return {
        "forward_passes": passes,
        "times_fewer_passes": _ratios(passes),
        "times_faster": _ratios(seconds),
    }


def _ratios(seconds: Mapping[str, float]) -> dict[str, float]:
    """Return the figure of each way as a multiple of vaner's."""
    others = (name for name in seconds if name != "vaner")
    return {f"than {name}": round(seconds[name] / seconds["vaner"], 2) for name in others}


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.copy_decoding",
        description="Copy-verified decoding against transformers' generate, same answers.",
    )
    parser.add_argument("model", help="folder of a trained generator")
    parser.add_argument("--corpus", default="NCBI-disease")
    parser.add_argument("--split", default="devel")
    parser.add_argument("--sentences", type=int, default=100)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    arguments = parser.parse_args()
    try:
        generator = load_torch_recognizer(
            locate_model(arguments.model), arguments.device, arguments.batch_size
        )
        if not isinstance(generator, Generator):
            raise VanerError(f"{arguments.model} is not a generator")
        corpus = load(arguments.corpus, arguments.split)
        prompts = build_prompts(generator, corpus, arguments.sentences)
    except VanerError as problem:
        sys.exit(f"copy_decoding: {problem}")
    with torch.no_grad():
        figures = compare(generator.model.language_model, prompts, arguments.batch_size)
    config = generator.model.config
    record = {
        "model": {
            "backbone": config.backbone,
            "layers": config.base_config.num_hidden_layers,
            "types": list(config.types),
        },
        "texts": f"{corpus.name} {corpus.split}",
        **figures,
        **collect_provenance(),
    }
    text = json.dumps(record, indent=1, ensure_ascii=False)
    arguments.output.write_text(f"{text}\n", "utf-8")
    print(text)


if __name__ == "__main__":
    main()
