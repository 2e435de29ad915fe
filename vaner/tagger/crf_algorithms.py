"""A linear chain's sums and its best path, by `vaner.tagger.semirings`. Pure functions.

Shapes: B batch, W words, C tags. `emissions` (B, W, C); `mask` (B, W) bool, True on words, which
come first in a row; a row may have none. Sums are in double precision where the device has it:
there, scores are told apart down to 230 below the best one. Nothing is read back to Python inside a
loop.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from vaner.tagger.semirings import (
    MAXIMA,
    PROBABILITIES,
    Semiring,
    at_once,
    compositions,
    one_by_one,
    scan,
    weights,
)

# On a CPU, where a step costs some microseconds whatever its size: a scan works through so many
# numbers in that time, and has so many steps for each doubling of the words.
_CELLS_A_STEP = 160
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
        marginals: probability of each tag at each word, 0 past the last. *Shape:* (W, C, B).
        before: of what ends at each word; 0 from the last on. *Shape:* (W - 1, C, B).
        weights: of the transitions. *Shape:* (C, C).
        after: of what begins at the word after it. *Shape:* (W - 1, C, B).
    """

    total: Tensor
    marginals: Tensor
    before: Tensor
    weights: Tensor
    after: Tensor


def sums(chain: Chain, emissions: Tensor, mask: Tensor) -> Sums:
    """Forward and backward sums, in one recursion: backward is forward with all turned round."""
    kind = torch.float32 if emissions.device.type == "mps" else torch.float64
    emissions, mask = emissions.permute(1, 2, 0).contiguous(), mask.t().unsqueeze(1)
    # Weights of at most 1; what is taken out of them is added to the total again.
    tops = [scores.amax() for scores in chain]
    start, between, end = (weights(s, top, kind) for s, top in zip(chain, tops, strict=True))
    start, end = start.unsqueeze(1), end.unsqueeze(1)
    highest = emissions.amax(1, keepdim=True)
    own = weights(emissions, highest, kind)

    order = turned(mask).expand_as(own)
    ways = torch.stack([own, own.gather(0, order)], 1)
    first = ways[0] * torch.stack([start, end])
    matrices = torch.stack([between.t(), between])
    states = _states(PROBABILITIES, first, matrices, ways[1:])
    prefixes, after = states[:, 0], states[:, 1].gather(0, order)[1:]

    inner = mask[1:]  # words with one before them
    following = torch.where(inner, between @ after, end)
    agreeing = prefixes * torch.cat([following, end.expand_as(own[:1])])
    whole = agreeing.sum(1, keepdim=True)
    before = (prefixes / whole)[:-1].masked_fill_(~inner, 0.0)
    marginals = agreeing.div_(whole).masked_fill_(~mask, 0.0)

    # What the recursion left out: the factor by which each word made the sum smaller.
    steps = (between.t() @ prefixes[:-1] * own[1:]).sum(1, keepdim=True)
    total = steps.log_().add_(tops[1]).masked_fill_(~inner, 0.0).sum((0, 1))
    total += (_last(prefixes, mask) * end).sum(0).log_().add_(tops[0] + tops[2])
    total += highest.to(kind).masked_fill_(~mask, 0.0).sum((0, 1))
    return Sums(total.masked_fill_(~mask[0, 0], 0.0), marginals, before, between, after)


class _LogPartition(torch.autograd.Function):
    """Its gradient is how often the chain expects each score."""

    @staticmethod
    def forward(
        ctx: Any, start: Tensor, transitions: Tensor, end: Tensor, emissions: Tensor, mask: Tensor
    ) -> Tensor:
        found = sums(Chain(start, transitions, end), emissions, mask)
        ctx.save_for_backward(mask, *found[1:])
        return found.total.to(emissions.dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        mask, marginals, before, between, after = ctx.saved_tensors
        moves = between * _moves(before * gradient, after)
        return *_gradients(marginals * gradient, moves, mask, gradient.dtype), None


class _LogLikelihood(torch.autograd.Function):
    """Its gradient is how often each score is there, less how often the chain expects it."""

    @staticmethod
    def forward(
        ctx: Any,
        start: Tensor,
        transitions: Tensor,
        end: Tensor,
        emissions: Tensor,
        mask: Tensor,
        tags: Tensor,
    ) -> Tensor:
        chain = Chain(start, transitions, end)
        found = sums(chain, emissions, mask)
        ctx.save_for_backward(mask, tags, *found[1:])
        return (path_score(chain, emissions, tags, mask) - found.total).to(emissions.dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        mask, tags, marginals, before, between, after = ctx.saved_tensors
        seen = torch.zeros_like(marginals).scatter_(1, tags.t().unsqueeze(1), 1.0)
        seen.masked_fill_(~mask.t().unsqueeze(1), 0.0)
        moves = _moves(seen[:-1] * gradient, seen[1:]) - between * _moves(before * gradient, after)
        own = seen.sub_(marginals).mul_(gradient)
        return *_gradients(own, moves, mask, gradient.dtype), None, None


def log_partition(chain: Chain, emissions: Tensor, mask: Tensor) -> Tensor:
    """Log-sum over all tag sequences; 0 for a row without words. *Shape:* (B,)."""
    return _LogPartition.apply(*chain, emissions, mask)  # type: ignore[no-any-return,no-untyped-call]


def log_likelihood(chain: Chain, emissions: Tensor, tags: Tensor, mask: Tensor) -> Tensor:
    """`path_score` less `log_partition`. *Shape:* (B,)."""
    tags = tags.masked_fill(~mask, 0)  # whatever stands past the last word
    return _LogLikelihood.apply(*chain, emissions, mask, tags)  # type: ignore[no-any-return,no-untyped-call]


def _moves(before: Tensor, after: Tensor) -> Tensor:
    """Σ before[w, i, b] · after[w, j, b]. *Shape:* (C, C)."""
    return (before @ after.transpose(1, 2)).sum(0)


def _gradients(own: Tensor, moves: Tensor, mask: Tensor, kind: torch.dtype) -> Iterator[Tensor]:
    """Of start, transitions, end and emissions, by how often each of them counts.

    Args:
        own: tags at words. *Shape:* (W, C, B).
        moves: *Shape:* (C, C).
        mask: *Shape:* (B, W).
        kind: theirs.
    """
    ends = _last(own, mask.t().unsqueeze(1)).sum(1)
    return (part.to(kind) for part in (own[0].sum(1), moves, ends, own.permute(2, 0, 1)))


def expected_score(chain: Chain, emissions: Tensor, tags: Tensor, moves: Tensor) -> Tensor:
    """Mean score of the tag sequences of another distribution.

    Less `log_partition`, it is how well this chain does for that one: minus their cross-entropy.

    Args:
        chain: scores between tags.
        emissions: *Shape:* (B, W, C).
        tags: probability of each tag at each word, 0 past the last. *Shape:* (B, W, C).
        moves: how often each transition is expected. *Shape:* (B, C, C).

    Returns:
        *Shape:* (B,).
    """
    last = (tags.sum(2) > 0).sum(1).sub(1).clamp(min=0)
    ends = tags[torch.arange(len(tags), device=tags.device), last]
    edges = tags[:, 0] @ chain.start + ends @ chain.end
    return (tags * emissions).sum((1, 2)) + (moves * chain.transitions).sum((1, 2)) + edges


def path_score(chain: Chain, emissions: Tensor, tags: Tensor, mask: Tensor) -> Tensor:
    """Score of one given tag sequence a row. `tags` (B, W) int.

    Returns:
        *Shape:* (B,); 0 for a row without words.
    """
    own = emissions.gather(2, tags.unsqueeze(2)).squeeze(2)
    score = own.masked_fill(~mask, 0.0).sum(1)
    moves = chain.transitions[tags[:, :-1], tags[:, 1:]]
    score = score + moves.masked_fill(~mask[:, 1:], 0.0).sum(1)
    final = tags.gather(1, (mask.sum(1, keepdim=True) - 1).clamp_(min=0)).squeeze(1)
    edges = chain.start[tags[:, 0]] + chain.end[final]
    return score + edges.masked_fill(~mask[:, 0], 0.0)


def viterbi(chain: Chain, emissions: Tensor, mask: Tensor) -> Tensor:
    """Best tag sequence of each row.

    Returns:
        *Shape:* (B, W) int64; 0 past the last word.
    """
    own, there = emissions.permute(1, 2, 0).contiguous(), mask.t().unsqueeze(1)
    order = turned(there).expand_as(own)
    ways = own.gather(0, order).unsqueeze(1)
    first = ways[0] + chain.end.unsqueeze(1)
    states = _states(MAXIMA, first, chain.transitions.unsqueeze(0), ways[1:])
    rest = states[:, 0].gather(0, order).transpose(1, 2).contiguous()
    return _followed(chain, rest).masked_fill(~mask, 0)


def _followed(chain: Chain, rest: Tensor) -> Tensor:
    """From the first word on, each time the tag from which the best rest is to be had.

    Args:
        chain: scores of the tags that follow each other.
        rest: score of the best suffix that begins in each tag. *Shape:* (W, B, C).

    Returns:
        *Shape:* (B, W).
    """
    tag = (chain.start + rest[0]).argmax(1)
    if len(rest) > 1 and _scans(rest[1:].transpose(1, 2)):
        following = (chain.transitions + rest[1:].unsqueeze(2)).argmax(3)
        others = scan(compositions, following)[:, torch.arange(len(tag)), tag]
        return torch.cat([tag.unsqueeze(0), others]).t()
    # Steps as small as these are half as long with numpy.
    between, path = chain.transitions.detach().cpu().numpy(), [tag.cpu().numpy()]
    for scores in rest[1:].detach().cpu().numpy():
        path.append((between[path[-1]] + scores).argmax(1))
    return torch.from_numpy(np.array(path)).t().to(tag.device)


def turned(mask: Tensor) -> Tensor:
    """Where each word is when its row is turned round; what lies past it stays.

    Args:
        mask: *Shape:* (W, 1, B); so is what is given.
    """
    place = torch.arange(len(mask), device=mask.device)[:, None, None]
    return torch.where(mask, mask.sum(0) - 1 - place, place)


def _last(values: Tensor, mask: Tensor) -> Tensor:
    """What each row has at its last word, (W, C, B) -> (C, B); at the first where it has none."""
    place = (mask.sum(0, keepdim=True) - 1).clamp_(min=0)
    return values.gather(0, place.expand(1, *values.shape[1:])).squeeze(0)


def _states(semiring: Semiring, first: Tensor, between: Tensor, own: Tensor) -> Tensor:
    """The product after each word, by whichever way is faster here; shapes as in `one_by_one`."""
    if not len(own):
        return first.unsqueeze(0)
    return (at_once if _scans(own) else one_by_one)(semiring, first, between, own)


def _scans(own: Tensor) -> bool:
    words, (tags, rows) = len(own), own.shape[-2:]
    if own.device.type == "cpu":
        return (
            _STEPS_A_DOUBLING * words.bit_length() + words * rows * tags**2 / _CELLS_A_STEP < words
        )
    return own.numel() * tags < _MOST_CELLS
