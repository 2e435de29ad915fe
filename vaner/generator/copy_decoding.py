"""Decode answers that copy their source greedily, with drafts verified in one forward pass.

Step-by-step decoding takes a forward pass per subword. But most of an answer is known in advance:
it is the source. So the algorithm, for a batch of prompts, repeats:

1. Draft: assume that the model writes no further bracket. The draft is the rest of the source, then
   the closing brackets and the end token (`Grammar.draft`).
2. Verify: read the draft in one forward pass. At each position, compare only the two to four
   subwords that the grammar allows there: the next subword of the copy, a bracket, or the end.
   Their scores are products of a hidden state with rows of the output embedding. The head over
   the vocabulary is not computed.
3. Accept: take the draft up to the first position where the model prefers another subword, and that
   subword in place of the draft's. It has not been read yet: it begins the input of the next pass.
4. Cache: drop the keys and values of the rejected rest of the draft. Finished rows leave the batch.

The answer is the same as that of step-by-step decoding. This is speculative decoding (arXiv
2211.17192) with a draft that needs no draft model.

Cost for an answer with S subwords and B brackets: at most B + 1 passes with long drafts instead of
S passes. Reading a rejected draft is wasted work, up to S subwords, so the work would grow as
B * S. Where brackets are dense, drafts are therefore limited to 8 subwords; then there are at most
about B + S / 8 further passes, each of which wastes at most 8 subwords.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from math import isnan
from typing import Any, NamedTuple

import torch
from torch import Tensor
from transformers import DynamicCache

from vaner.errors import ModelError
from vaner.generator.grammar import CopyState, Grammar, LegalTokens

Draft = Sequence[tuple[CopyState, int]]
"""States of an answer, each with the subword that is drafted for it."""

_RECENT_DRAFTS = 3
"""Number of drafts that show whether brackets are dense.

An entity ends two drafts, at its two brackets, so two short drafts are normal.
"""

_SHORT_DRAFT = 8
"""Maximum number of subwords of a draft where brackets are dense."""


class ScoredRange(NamedTuple):
    """An entity of an answer.

    Args:
        start, end: Half-open range of words.
        score: Probability in [0, 1] of the decisions to open and to close the brackets, each
            among the subwords that were legal there.
    """

    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class DecodedAnswer:
    """The answer to one prompt.

    Args:
        spans: Entities in the order in which they were closed.
        tokens: Subwords of the answer.
        passes: Number of forward passes.
    """

    spans: tuple[ScoredRange, ...]
    tokens: tuple[int, ...]
    passes: int


@dataclass(slots=True)
class _Row:
    """An answer in progress.

    Args:
        grammar: Grammar of the answer.
        unread: Accepted subwords that the model has not read; at first, the prompt.
        read: Number of subwords in the cache.
        state: State of the answer.
        tokens: Accepted subwords of the answer.
        open_scores: Log-probability of each open bracket.
        spans: Closed entities.
        passes: Number of forward passes.
        has_ended: Whether the end token is accepted.
        recent_lengths: Accepted length of the most recent drafts.
    """

    grammar: Grammar
    unread: list[int]
    read: int = 0
    state: CopyState = field(default_factory=CopyState)
    tokens: list[int] = field(default_factory=list)
    open_scores: list[float] = field(default_factory=list)
    spans: list[ScoredRange] = field(default_factory=list)
    passes: int = 0
    has_ended: bool = False
    recent_lengths: deque[int] = field(default_factory=lambda: deque(maxlen=_RECENT_DRAFTS))

    @property
    def has_dense_brackets(self) -> bool:
        """Whether the recent drafts were rejected so early that long drafts would be wasted."""
        is_full = len(self.recent_lengths) == _RECENT_DRAFTS
        return is_full and sum(self.recent_lengths) < _SHORT_DRAFT

    def append(self, token: int, log_probability: float) -> None:
        """Append an accepted subword to the answer."""
        special, is_between_words = self.grammar.tokens, not self.state.piece
        if is_between_words and token == special.open:
            self.open_scores.append(log_probability)
        elif is_between_words and token == special.close:
            score = float(torch.tensor(self.open_scores.pop() + log_probability).exp())
            start = self.state.starts[-1]
            self.spans.append(ScoredRange(start, self.state.word, min(1.0, score)))
        elif is_between_words and token == special.end:
            self.has_ended = True
        self.state = self.grammar.advance(self.state, token)
        self.tokens.append(token)

    def to_answer(self) -> DecodedAnswer:
        return DecodedAnswer(tuple(self.spans), tuple(self.tokens), self.passes)


@torch.no_grad()
def decode(
    model: Any,
    prompts: Sequence[Sequence[int]],
    grammars: Sequence[Grammar],
    *,
    longest_draft: int | None = None,
) -> list[DecodedAnswer]:
    """Return the greedy answer to each prompt, decoded as one batch.

    Args:
        model: Causal language model of transformers, in evaluation mode.
        prompts: Subwords of each prompt, at least one.
        grammars: Grammar of the answer to each prompt.
        longest_draft: Maximum number of subwords verified in one pass; 1 is step-by-step decoding.
            None chooses the length, see the description of this module. The answers do not
            depend on it.
    """
    rows = [_Row(grammar, list(prompt)) for prompt, grammar in zip(prompts, grammars, strict=True)]
    active, cache = list(rows), _Cache()
    while active:
        drafts = [_draft(row, longest_draft) for row in active]
        choices, log_probabilities = _verify(model, active, drafts, cache)
        for row, draft, tokens, logs in zip(
            active, drafts, choices, log_probabilities, strict=True
        ):
            _accept(row, draft, tokens, logs)
        cache.select([(i, row.read) for i, row in enumerate(active) if not row.has_ended])
        active = [row for row in active if not row.has_ended]
    return [row.to_answer() for row in rows]


def _draft(row: _Row, max_length: int | None) -> Draft:
    """Step 1: return the rest of the answer without brackets, or its beginning."""
    if row.has_dense_brackets:
        max_length = min(_SHORT_DRAFT, max_length or _SHORT_DRAFT)
    return list(islice(row.grammar.draft(row.state), max_length))


def _verify(
    model: Any, rows: Sequence[_Row], drafts: Sequence[Draft], cache: _Cache
) -> tuple[list[list[int]], list[list[float]]]:
    """Step 2: return the model's choice at each position of the drafts, and its log-probability.

    The model reads the unread subwords of each row, and all subwords of the draft but the last: the
    hidden state before each position predicts the subword at the position.
    """
    device = model.get_input_embeddings().weight.device
    inputs = [
        [*row.unread, *(token for _, token in draft[:-1])]
        for row, draft in zip(rows, drafts, strict=True)
    ]
    hidden = cache.forward(model, inputs, [row.read for row in rows], device)
    longest = max(map(len, drafts))
    # The position whose hidden state predicts each subword of the draft; *Shape:* (B, D), where
    # shorter drafts repeat their last position.
    positions = torch.tensor(
        [
            [len(row.unread) - 1 + min(i, len(draft) - 1) for i in range(longest)]
            for row, draft in zip(rows, drafts, strict=True)
        ],
        device=device,
    )
    states = hidden.gather(1, positions.unsqueeze(2).expand(-1, -1, hidden.shape[2]))
    candidates, is_legal = _legal_candidates(rows, drafts, longest, device)
    head = model.get_output_embeddings().weight
    scores = torch.einsum("bdh,bdch->bdc", states.to(head.dtype), head[candidates]).float()
    log_probabilities = scores.masked_fill(~is_legal, -torch.inf).log_softmax(-1)
    best = log_probabilities.max(-1)
    tokens = candidates.gather(2, best.indices.unsqueeze(2)).squeeze(2)
    values: list[list[float]] = best.values.tolist()
    if any(isnan(value) for row in values for value in row):  # no subword would be legal
        raise ModelError("the scores of the model are not numbers: its weights are damaged")
    return tokens.tolist(), values


def _legal_candidates(
    rows: Sequence[_Row], drafts: Sequence[Draft], longest: int, device: torch.device
) -> tuple[Tensor, Tensor]:
    """Return the subwords that are legal at each position of the drafts.

    Returns:
        Subword ids, and whether each exists. *Shape:* (B, D, 4) each.
    """
    padding = LegalTokens(0, None, None, None)
    legal = [
        [row.grammar.legal_tokens(state) for state, _ in draft] + [padding] * (longest - len(draft))
        for row, draft in zip(rows, drafts, strict=True)
    ]
    ids = [[[token or 0 for token in tokens] for tokens in row] for row in legal]
    is_legal = [[[token is not None for token in tokens] for tokens in row] for row in legal]
    return torch.tensor(ids, device=device), torch.tensor(is_legal, device=device)


def _accept(
    row: _Row, draft: Draft, tokens: Sequence[int], log_probabilities: Sequence[float]
) -> None:
    """Step 3: accept the draft up to the first subword that the model replaced, and its choice."""
    row.passes += 1
    accepted = 0
    for (_, drafted), token, log_probability in zip(draft, tokens, log_probabilities, strict=False):
        row.append(token, log_probability)
        if token != drafted:
            break
        accepted += 1
    # The last subword of a draft is not read, nor is a subword that replaced one of the draft.
    row.read += len(row.unread) + min(accepted, len(draft) - 1)
    row.unread = row.tokens[len(row.tokens) - 1 :]
    row.recent_lengths.append(accepted)


class _Cache:
    """Keys and values of the subwords that were read, aligned at the right end of each row.

    New subwords are then adjacent to old ones, so a model with sliding-window attention sees the
    same window in any batch. The cache is a plain `DynamicCache`: the cache that such a model
    would create would count rejected subwords as part of the window.
    """

    def __init__(self) -> None:
        self._past: Any = DynamicCache()

    def forward(
        self, model: Any, inputs: Sequence[Sequence[int]], read: Sequence[int], device: torch.device
    ) -> Tensor:
        """Let the model read further subwords of each row.

        Args:
            model: The language model.
            inputs: Subwords to read of each row, of any length.
            read: Number of subwords of each row in the cache.
            device: Device of the model.

        Returns:
            Last hidden states of the new subwords, padded at the right. *Shape:* (B, T, H).
        """
        before, longest = max(read), max(map(len, inputs))
        ids = torch.zeros(len(inputs), longest, dtype=torch.long, device=device)
        mask = torch.zeros(len(inputs), before + longest, dtype=torch.long, device=device)
        for row, (tokens, past) in enumerate(zip(inputs, read, strict=True)):
            ids[row, : len(tokens)] = torch.tensor(tokens, device=device)
            mask[row, before - past : before + len(tokens)] = 1
        positions = torch.tensor(read, device=device).unsqueeze(1)
        positions = positions + torch.arange(longest, device=device)
        output = model.base_model(
            input_ids=ids,
            attention_mask=mask,
            position_ids=positions,
            past_key_values=self._past,
            use_cache=True,
        )
        self._before = before
        self._read = list(read)
        hidden: Tensor = output.last_hidden_state
        return hidden

    def select(self, rows: Sequence[tuple[int, int]]) -> None:
        """Step 4: retain some rows, and of each only the accepted subwords.

        Args:
            rows: Pairs of a row's index and its number of accepted subwords.
        """
        if not rows:
            return
        longest = max(read for _, read in rows)
        slots = torch.zeros(len(rows), longest, dtype=torch.long)
        for new, (row, read) in enumerate(rows):
            first = self._before - self._read[row]
            slots[new, longest - read :] = torch.arange(first, first + read)
        row_indices = torch.tensor([row for row, _ in rows])
        for layer in self._past.layers:
            layer.keys = _gather_slots(layer.keys, row_indices, slots)
            layer.values = _gather_slots(layer.values, row_indices, slots)


def _gather_slots(states: Tensor, rows: Tensor, slots: Tensor) -> Tensor:
    """Return some slots of some rows.

    Args:
        states: Keys or values. *Shape:* (B, heads, T, D).
        rows: Indices of rows. *Shape:* (R,).
        slots: Indices of slots. *Shape:* (R, S).

    Returns:
        *Shape:* (R, heads, S, D).
    """
    rows, slots = rows.to(states.device), slots.to(states.device)
    index = slots[:, None, :, None].expand(-1, states.shape[1], -1, states.shape[3])
    return states[rows].gather(2, index)
