"""Greedy decoding of answers that copy their source, by drafts that one forward pass verifies.

The draft is the rest of the source without another bracket. The model reads it at once; up to the
first place where it would rather write a bracket its own answer is the draft, and from there on it
is asked again. So the number of forward passes grows with the brackets and not with the sub-words,
and the answer is the one of step-by-step decoding: the idea of speculative decoding (arXiv
2211.17192) where the draft is known beforehand. Where brackets are dense only the next sub-words
are a draft: what is read behind a bracket is read in vain, and would be read anew each time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple

import torch
from torch import Tensor
from transformers import DynamicCache

from vaner.generator.grammar import CopyState, Grammar, LegalTokens

_LATELY = 3  # an entity breaks off two drafts; the one behind it may be right to the end
_SHORT = 8  # sub-words of a draft where brackets are dense


class ScoredRange(NamedTuple):
    """A span of an answer.

    Args:
        start, end: half-open range of words.
        score: probability of the two decisions, to open it and to close it, in [0, 1], each among
            what was legal there.
    """

    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class DecodedAnswer:
    """What was decoded for one prompt.

    Args:
        spans: in the order in which they were closed.
        tokens: the sub-words of the answer.
        passes: forward passes that had a part in it.
    """

    spans: tuple[ScoredRange, ...]
    tokens: tuple[int, ...]
    passes: int


@dataclass(slots=True)
class _Writing:
    """An answer while it is written: what is accepted, and what the model has not read yet."""

    grammar: Grammar
    unread: list[int]
    read: int = 0
    state: CopyState = field(default_factory=CopyState)
    tokens: list[int] = field(default_factory=list)
    opened: list[float] = field(default_factory=list)
    spans: list[ScoredRange] = field(default_factory=list)
    passes: int = 0
    ended: bool = False
    agreed: deque[int] = field(default_factory=lambda: deque(maxlen=_LATELY))

    @property
    def dense(self) -> bool:
        """Whether the latest drafts were broken off so soon that long ones are read in vain."""
        return len(self.agreed) == _LATELY and sum(self.agreed) < _SHORT

    def accept(self, token: int, log_probability: float) -> None:
        """Write one sub-word."""
        marks, at_word = self.grammar.marks, not self.state.piece
        if at_word and token == marks.open:
            self.opened.append(log_probability)
        elif at_word and token == marks.close:
            score = float(torch.tensor(self.opened.pop() + log_probability).exp())
            self.spans.append(ScoredRange(self.state.starts[-1], self.state.word, min(1.0, score)))
        elif at_word and token == marks.end:
            self.ended = True
        self.state = self.grammar.advance(self.state, token)
        self.tokens.append(token)

    def answer(self) -> DecodedAnswer:
        return DecodedAnswer(tuple(self.spans), tuple(self.tokens), self.passes)


@torch.no_grad()
def decode(
    model: Any,
    prompts: Sequence[Sequence[int]],
    grammars: Sequence[Grammar],
    *,
    longest_draft: int | None = None,
) -> list[DecodedAnswer]:
    """The greedy answer to each prompt, all of them as one batch.

    Args:
        model: a causal language model of transformers, in evaluation mode.
        prompts: sub-words of each prompt, at least one.
        grammars: what may be answered to each.
        longest_draft: most sub-words verified at once; 1 is step-by-step decoding, None as many as
            are worth it: all that are left, and a few where brackets are dense. The answers are the
            same.
    """
    rows = [_Writing(g, list(p)) for p, g in zip(prompts, grammars, strict=True)]
    active, cache = list(rows), _Cache()
    while active:
        drafts = [_draft(row, longest_draft) for row in active]
        chosen, log_probabilities = _verify(model, active, drafts, cache)
        for row, draft, tokens, logs in zip(active, drafts, chosen, log_probabilities, strict=True):
            _accept(row, draft, tokens, logs)
        cache.keep([(i, row.read) for i, row in enumerate(active) if not row.ended])
        active = [row for row in active if not row.ended]
    return [row.answer() for row in rows]


def _draft(row: _Writing, longest: int | None) -> list[tuple[CopyState, int]]:
    """The source from here on, or only its next sub-words where most of it would be thrown away."""
    if row.dense:
        longest = min(_SHORT, longest or _SHORT)
    return list(islice(row.grammar.draft(row.state), longest))


def _accept(
    row: _Writing,
    draft: Sequence[tuple[CopyState, int]],
    tokens: Sequence[int],
    log_probabilities: Sequence[float],
) -> None:
    """Take the draft up to the first place where the model wrote something else, and that."""
    row.passes += 1
    agreed = 0
    for (_, drafted), token, log in zip(draft, tokens, log_probabilities, strict=False):
        row.accept(token, log)
        if token != drafted:
            break
        agreed += 1
    # Of the draft all but the last sub-word has been read; what was written in its place has not.
    read = min(agreed, len(draft) - 1)
    row.read += len(row.unread) + read
    row.unread = row.tokens[len(row.tokens) - 1 :]
    row.agreed.append(agreed)


def _verify(
    model: Any,
    rows: Sequence[_Writing],
    drafts: Sequence[Sequence[tuple[CopyState, int]]],
    cache: _Cache,
) -> tuple[list[list[int]], list[list[float]]]:
    """What the model would write at each place of the drafts, and how probable it finds it."""
    device = model.get_input_embeddings().weight.device
    inputs = [[*row.unread, *(t for _, t in draft[:-1])]
              for row, draft in zip(rows, drafts, strict=True)]  # fmt: skip
    hidden = cache.read(model, inputs, [row.read for row in rows], device)
    longest = max(map(len, drafts))
    places = torch.tensor(
        [
            [len(row.unread) - 1 + min(i, len(draft) - 1) for i in range(longest)]
            for row, draft in zip(rows, drafts, strict=True)
        ],
        device=device,
    )  # *Shape:* (B, D): where the sub-word before each place of the draft stands
    states = hidden.gather(1, places.unsqueeze(2).expand(-1, -1, hidden.shape[2]))
    candidates, may = _candidates(rows, drafts, longest, device)
    head = model.get_output_embeddings().weight
    scores = torch.einsum("bdh,bdch->bdc", states.to(head.dtype), head[candidates]).float()
    logs = scores.masked_fill(~may, -torch.inf).log_softmax(-1)
    best = logs.max(-1)
    tokens = candidates.gather(2, best.indices.unsqueeze(2)).squeeze(2)
    return tokens.tolist(), best.values.tolist()


def _candidates(
    rows: Sequence[_Writing],
    drafts: Sequence[Sequence[tuple[CopyState, int]]],
    longest: int,
    device: torch.device,
) -> tuple[Tensor, Tensor]:
    """The sub-words that are legal at each place, and which of the four there are.

    Returns:
        Sub-words and whether they are legal. *Shape:* (B, D, 4) each.
    """
    nothing = LegalTokens(0, None, None, None)
    legal = [
        [row.grammar.legal_tokens(state) for state, _ in draft] + [nothing] * (longest - len(draft))
        for row, draft in zip(rows, drafts, strict=True)
    ]
    ids = [[[token or 0 for token in place] for place in places] for places in legal]
    may = [[[token is not None for token in place] for place in places] for places in legal]
    return torch.tensor(ids, device=device), torch.tensor(may, device=device)


class _Cache:
    """Keys and values of what was read, each row's up to the right edge without gaps.

    So what is read next stands beside it, and a model that looks back only so far looks as far in
    any batch. It must not make a cache for itself, which would count what was read in vain too.
    """

    def __init__(self) -> None:
        self._past: Any = DynamicCache()

    def read(
        self, model: Any, inputs: Sequence[Sequence[int]], read: Sequence[int], device: torch.device
    ) -> Tensor:
        """Let the model read more of each row.

        Args:
            model: the language model.
            inputs: what each row reads, of any length.
            read: how much each row has read before.
            device: of the model.

        Returns:
            Last hidden states, those of a row from the left. *Shape:* (B, T, H).
        """
        before, longest = max(read), max(map(len, inputs))
        ids = torch.zeros(len(inputs), longest, dtype=torch.long, device=device)
        mask = torch.zeros(len(inputs), before + longest, dtype=torch.long, device=device)
        for row, (own, past) in enumerate(zip(inputs, read, strict=True)):
            ids[row, : len(own)] = torch.tensor(own, device=device)
            mask[row, before - past : before + len(own)] = 1
        positions = torch.tensor(read, device=device).unsqueeze(1)
        positions = positions + torch.arange(longest, device=device)
        output = model.model(
            input_ids=ids, attention_mask=mask, position_ids=positions,
            past_key_values=self._past, use_cache=True,
        )  # fmt: skip
        self._before = before
        self._read = list(read)
        hidden: Tensor = output.last_hidden_state
        return hidden

    def keep(self, rows: Sequence[tuple[int, int]]) -> None:
        """Keep some rows, of each what it has accepted: (index, number of sub-words read)."""
        if not rows:
            return
        longest = max(read for _, read in rows)
        slots = torch.zeros(len(rows), longest, dtype=torch.long)
        for new, (row, read) in enumerate(rows):
            first = self._before - self._read[row]
            slots[new, longest - read :] = torch.arange(first, first + read)
        chosen = torch.tensor([row for row, _ in rows])
        for layer in self._past.layers:
            layer.keys = _taken(layer.keys, chosen, slots)
            layer.values = _taken(layer.values, chosen, slots)


def _taken(states: Tensor, rows: Tensor, slots: Tensor) -> Tensor:
    """Some slots of some rows. *Shape:* (B, heads, T, D) -> (rows, heads, slots, D)."""
    rows, slots = rows.to(states.device), slots.to(states.device)
    index = slots[:, None, :, None].expand(-1, states.shape[1], -1, states.shape[3])
    return states[rows].gather(2, index)
