"""A linear chain's sums and its best path, by `vaner.modeling.semirings`. Pure functions.

Shapes: B batch, W words, C tags. `emissions` (B, W, C); `mask` (B, W) bool, True on words, which
come first in a row; a row may have none. Sums are in double precision where the device has it:
there, scores are told apart down to 230 below the best one. Nothing is read back to Python inside a
loop.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from vaner.modeling.semirings import (
    MAXIMA,
    PROBABILITIES,
    Semiring,
    at_once,
    compositions,
    one_by_one,
    scan,
    weights,
)

# On a CPU, where a step costs some microseconds whatever its size: so many multiplications cost as
# much, and so many steps does a scan have for each doubling of the words.
_STEP = 1500
_STEPS_A_DOUBLING = 5
_MOST_CELLS = 1 << 24  # numbers that a scan may hold on another device: 128 megabytes


class Chain(NamedTuple):
    """The scores between tags: `start` (C,), `transitions` (C, C) row to column, `end` (C,)."""

    start: Tensor
    transitions: Tensor
    end: Tensor


class Sums(NamedTuple):
    """What the tag sequences of a row come to, all together.

    The probability of a tag i at a word and j at the next is before[i] · weights[i, j] · after[j].

    Attributes:
        total: logarithm of the sum of them all, 0 for a row without words. *Shape:* (B,).
        marginals: probability of each tag at each word, 0 past the last. *Shape:* (B, W, C).
        before: of what ends at each word; 0 from the last on. *Shape:* (B, W - 1, C).
        weights: of the transitions. *Shape:* (C, C).
        after: of what begins at the word after it. *Shape:* (B, W - 1, C).
    """

    total: Tensor
    marginals: Tensor
    before: Tensor
    weights: Tensor
    after: Tensor


def sums(chain: Chain, emissions: Tensor, mask: Tensor) -> Sums:
    """Forward and backward sums, in one recursion: backward is forward with all turned round."""
    kind = torch.float32 if emissions.device.type == "mps" else torch.float64
    # Weights of at most 1; what is taken out of them is added to the total again.
    tops = [scores.amax() for scores in chain]
    start, between, end = (weights(s, top, kind) for s, top in zip(chain, tops, strict=True))
    highest = emissions.amax(2, keepdim=True)
    own = weights(emissions, highest, kind)

    order = turned(mask)
    ways = torch.stack([own, _words(own, order)]).permute(2, 0, 1, 3).contiguous()
    first = ways[0] * torch.stack([start, end]).unsqueeze(1)
    matrices = torch.stack([between, between.t()])
    states = _states(PROBABILITIES, first, matrices, ways[1:]).permute(1, 2, 0, 3)
    prefixes, after = states[0], _words(states[1], order)[:, 1:]

    inner = mask[:, 1:].unsqueeze(2)  # words with one before them
    following = torch.where(inner, after @ between.t(), end)
    agreeing = prefixes * torch.cat([following, end.expand_as(own[:, :1])], 1)
    whole = agreeing.sum(2, keepdim=True)
    before = (prefixes / whole)[:, :-1].masked_fill_(~inner, 0.0)
    marginals = agreeing.div_(whole).masked_fill_(~mask.unsqueeze(2), 0.0)

    # What the recursion left out: the factor by which each word made the sum smaller.
    steps = (prefixes[:, :-1] @ between * own[:, 1:]).sum(2)
    total = steps.log_().add_(tops[1]).masked_fill_(~mask[:, 1:], 0.0).sum(1)
    final = (_words(prefixes, last(mask).unsqueeze(1)).squeeze(1) * end).sum(1)
    total += final.log_().add_(tops[0] + tops[2])
    total += highest.squeeze(2).to(kind).masked_fill(~mask, 0.0).sum(1)
    return Sums(total.masked_fill_(~mask[:, 0], 0.0), marginals, before, between, after)


class LogPartition(torch.autograd.Function):
    """Log-sum over all tag sequences; its gradient is how often the chain expects each score."""

    @staticmethod
    def forward(
        ctx: Any, start: Tensor, transitions: Tensor, end: Tensor, emissions: Tensor, mask: Tensor
    ) -> Tensor:
        """*Shape:* (B,), of the emissions' dtype; arguments as in `sums`."""
        found = sums(Chain(start, transitions, end), emissions, mask)
        ctx.save_for_backward(mask, *found)
        return found.total.to(emissions.dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        mask, *saved = ctx.saved_tensors
        found = Sums(*saved)
        own = found.marginals * gradient[:, None, None]
        before = (found.before * gradient[:, None, None]).flatten(0, 1)
        moves = before.t() @ found.after.flatten(0, 1) * found.weights
        ends = _words(own, last(mask).unsqueeze(1)).sum((0, 1))
        kind = gradient.dtype
        return own[:, 0].sum(0).to(kind), moves.to(kind), ends.to(kind), own.to(kind), None


def log_partition(chain: Chain, emissions: Tensor, mask: Tensor) -> Tensor:
    """Log-sum over all tag sequences; 0 for a row without words. *Shape:* (B,)."""
    return LogPartition.apply(*chain, emissions, mask)  # type: ignore[no-any-return,no-untyped-call]


def path_score(chain: Chain, emissions: Tensor, tags: Tensor, mask: Tensor) -> Tensor:
    """Score of one given tag sequence a row. `tags` (B, W) int.

    Returns:
        *Shape:* (B,); 0 for a row without words.
    """
    tags = tags.masked_fill(~mask, 0)
    own = emissions.gather(2, tags.unsqueeze(2)).squeeze(2)
    score = own.masked_fill(~mask, 0.0).sum(1)
    moves = chain.transitions[tags[:, :-1], tags[:, 1:]]
    score = score + moves.masked_fill(~mask[:, 1:], 0.0).sum(1)
    final = tags.gather(1, last(mask).unsqueeze(1)).squeeze(1)
    edges = chain.start[tags[:, 0]] + chain.end[final]
    return score + edges.masked_fill(~mask[:, 0], 0.0)


def viterbi(chain: Chain, emissions: Tensor, mask: Tensor) -> Tensor:
    """Best tag sequence of each row.

    Returns:
        *Shape:* (B, W) int64; 0 past the last word.
    """
    order = turned(mask)
    ways = _words(emissions, order).transpose(0, 1).unsqueeze(1).contiguous()
    states = _states(MAXIMA, ways[0] + chain.end, chain.transitions.t().unsqueeze(0), ways[1:])
    rest = _words(states[:, 0].transpose(0, 1), order).transpose(0, 1)
    return _followed(chain, rest).masked_fill(~mask, 0)


def _followed(chain: Chain, rest: Tensor) -> Tensor:
    """From the first word on, each time the tag from which the best rest is to be had.

    Args:
        rest: score of the best suffix that begins in each tag. *Shape:* (W, B, C).

    Returns:
        *Shape:* (B, W).
    """
    tag = (chain.start + rest[0]).argmax(1)
    if len(rest) > 1 and _scans(rest[1:]):
        following = (chain.transitions + rest[1:].unsqueeze(2)).argmax(3)
        path = scan(compositions, following)[:, torch.arange(len(tag)), tag]
        return torch.cat([tag.unsqueeze(0), path]).t()
    # Steps as small as these are half as long with numpy.
    between, path = chain.transitions.detach().cpu().numpy(), [tag.cpu().numpy()]
    for scores in rest[1:].detach().cpu().numpy():
        path.append((between[path[-1]] + scores).argmax(1))
    return torch.from_numpy(np.stack(path, 1)).to(tag.device)


def turned(mask: Tensor) -> Tensor:
    """Where each word is when its row is turned round; what lies past it stays. *Shape:* (B, W)."""
    place = torch.arange(mask.shape[1], device=mask.device)
    return torch.where(mask, mask.sum(1, keepdim=True) - 1 - place, place)


def last(mask: Tensor) -> Tensor:
    """The last word of each row, 0 if there is none. *Shape:* (B,)."""
    return (mask.sum(1) - 1).clamp_(min=0)


def _states(semiring: Semiring, first: Tensor, between: Tensor, own: Tensor) -> Tensor:
    """All prefixes, by whichever way is faster here; shapes as in `one_by_one`."""
    if not len(own):
        return first.unsqueeze(0)
    return (at_once if _scans(own) else one_by_one)(semiring, first, between, own)


def _scans(own: Tensor) -> bool:
    words, (rows, tags) = len(own), own.shape[-2:]
    if own.device.type == "cpu":
        return _STEPS_A_DOUBLING * words.bit_length() + words * rows * tags**3 / _STEP < words
    return own.numel() * tags < _MOST_CELLS


def _words(values: Tensor, places: Tensor) -> Tensor:
    """Vectors of other words. *Shape:* (B, W, C) at (B, V) -> (B, V, C)."""
    return values.gather(1, places.unsqueeze(2).expand(-1, -1, values.shape[2]))
