"""Sums over all tag sequences and the best one of a linear chain, as differentiable functions.

The twin of this module is `vaner.tagger.decoding`: the same quantities in NumPy, word by word, for
inference without PyTorch. Here they are products of matrices over a semiring
(`vaner.tagger.semirings`), and the gradients are computed from the sums, without recording the
recursion: the gradient of a log-sum is the expected count of each score.

Letters in shapes: B rows, W words, C tags. `emissions` (B, W, C); `mask` (B, W), bool, is True on
words, which come first in a row. A row may have no words. Inside the algorithms the batch is the
last dimension: (W, C, B).

Cost of each function for a batch: O(W · C² · B) work in W steps by the sequential scan, or
O(W · C³ · B) in O(log W) steps by the parallel scan; `_is_parallel_faster` chooses. Nothing is
copied from the device to Python inside a loop.

Precision: double precision where the device has it. Scores up to 230 below the best one are
represented exactly; see `vaner.tagger.semirings.to_weights`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from vaner.tagger.decoding import TransitionScores
from vaner.tagger.semirings import (
    MAXIMA,
    PROBABILITIES,
    Semiring,
    compose,
    parallel_scan,
    prefix_products,
    sequential_scan,
    to_weights,
)

# Measured on a CPU, where a step takes some microseconds whatever its size: how many numbers a
# parallel scan processes in the time of a step, and its steps for each doubling of the words.
_ELEMENTS_PER_STEP = 160
_STEPS_PER_DOUBLING = 5
_MAX_ELEMENTS = 1 << 24  # numbers that a parallel scan may hold on another device: 128 megabytes


Chain: TypeAlias = TransitionScores[Tensor]


class ChainSums(NamedTuple):
    """The sums over all tag sequences of each row.

    The probability of tag i at a word and tag j at the next one is
    prefixes[i] · transitions[i, j] · suffixes[j].

    Attributes:
        log_partition: logarithm of the sum of all sequences, 0 for a row without words.
            *Shape:* (B,)
        marginals: probability of each tag at each word, 0 after the last word. *Shape:* (W, C, B)
        prefixes: normalized sums of the sequences that end at each word; 0 from the last word on.
            *Shape:* (W - 1, C, B)
        transitions: weights of the transitions. *Shape:* (C, C)
        suffixes: sums of the sequences that start at the word after each word.
            *Shape:* (W - 1, C, B)
    """

    log_partition: Tensor
    marginals: Tensor
    prefixes: Tensor
    transitions: Tensor
    suffixes: Tensor

    def expected_transitions(self) -> Tensor:
        """Return the expected number of each transition in each row. *Shape:* (B, C, C)"""
        pairs = torch.einsum("wib,wjb->bij", self.prefixes, self.suffixes)
        return pairs * self.transitions


def sum_sequences(chain: Chain, emissions: Tensor, mask: Tensor) -> ChainSums:
    """Compute the forward and the backward sums of all tag sequences.

    Both directions run in one recursion, as two matrices of a batch: the backward sums are forward
    sums with the words reversed, the transitions transposed, and start and end exchanged.
    Twins: `vaner.tagger.decoding.forward` and `backward`.

    Args:
        chain: the transition scores.
        emissions: *Shape:* (B, W, C)
        mask: *Shape:* (B, W)
    """
    dtype = torch.float32 if emissions.device.type == "mps" else torch.float64
    emissions, mask = emissions.permute(1, 2, 0).contiguous(), mask.t().unsqueeze(1)

    # 1. Weights: exponentials of the scores, divided by the largest of each kind. What is divided
    #    out is added to the log-partition in step 5.
    maxima = [scores.amax() for scores in chain]
    start, transitions, end = (
        to_weights(scores, maximum, dtype) for scores, maximum in zip(chain, maxima, strict=True)
    )
    start, end = start.unsqueeze(1), end.unsqueeze(1)
    highest = emissions.amax(1, keepdim=True)
    words = to_weights(emissions, highest, dtype)  # (W, C, B)

    # 2. Both recursions at once, direction as the second dimension. Each state is known only up
    #    to a factor. (W, 2, C, B)
    order = reverse_words(mask).expand_as(words)
    directions = torch.stack([words, words.gather(0, order)], 1)
    first = directions[0] * torch.stack([start, end])
    matrices = torch.stack([transitions.t(), transitions])
    states = _scan_states(PROBABILITIES, first, matrices, directions[1:])
    prefixes = states[:, 0]  # sums of what ends at each word, its emission included
    suffixes = states[:, 1].gather(0, order)[1:]  # sums of what starts at the word after each word

    # 3. Marginals: prefix times suffix, normalized at each word, which cancels the factors.
    has_previous = mask[1:]  # words with a word before them
    following = torch.where(has_previous, transitions @ suffixes, end)
    products = prefixes * torch.cat([following, end.expand_as(words[:1])])
    norms = products.sum(1, keepdim=True)
    normalized = (prefixes / norms)[:-1].masked_fill_(~has_previous, 0.0)
    marginals = products.div_(norms).masked_fill_(~mask, 0.0)

    # 4. The factors that rescaling divided out: by how much each word changed the sum.
    steps = (transitions.t() @ prefixes[:-1] * words[1:]).sum(1, keepdim=True)

    # 5. The log-partition: these factors, the sum at the last word, and the maxima of step 1.
    total = steps.log_().add_(maxima[1]).masked_fill_(~has_previous, 0.0).sum((0, 1))
    total += (_select_last(prefixes, mask) * end).sum(0).log_().add_(maxima[0] + maxima[2])
    total += highest.to(dtype).masked_fill_(~mask, 0.0).sum((0, 1))
    total.masked_fill_(~mask[0, 0], 0.0)
    return ChainSums(total, marginals, normalized, transitions, suffixes)


class _LogPartition(torch.autograd.Function):
    """The log-partition. Its gradient is the expected count of each score."""

    @staticmethod
    def forward(ctx: Any, *inputs: Tensor) -> Tensor:
        *scores, emissions, mask = inputs
        sums = sum_sequences(Chain(*scores), emissions, mask)
        ctx.save_for_backward(mask, *sums[1:])
        return sums.log_partition.to(emissions.dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        mask, marginals, prefixes, transitions, suffixes = ctx.saved_tensors
        expected = transitions * _count_transitions(prefixes * gradient, suffixes)
        return *_to_gradients(marginals * gradient, expected, mask, gradient.dtype), None


class _LogLikelihood(torch.autograd.Function):
    """The log-likelihood. Its gradient is the actual minus the expected count of each score."""

    @staticmethod
    def forward(ctx: Any, *inputs: Tensor) -> Tensor:
        *scores, emissions, mask, tags = inputs
        chain = Chain(*scores)
        sums = sum_sequences(chain, emissions, mask)
        ctx.save_for_backward(mask, tags, *sums[1:])
        return (path_score(chain, emissions, tags, mask) - sums.log_partition).to(emissions.dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        mask, tags, marginals, prefixes, transitions, suffixes = ctx.saved_tensors
        actual = torch.zeros_like(marginals).scatter_(1, tags.t().unsqueeze(1), 1.0)
        actual.masked_fill_(~mask.t().unsqueeze(1), 0.0)
        pairs = _count_transitions(actual[:-1] * gradient, actual[1:])
        pairs = pairs - transitions * _count_transitions(prefixes * gradient, suffixes)
        words = actual.sub_(marginals).mul_(gradient)
        return *_to_gradients(words, pairs, mask, gradient.dtype), None, None


def log_partition(chain: Chain, emissions: Tensor, mask: Tensor) -> Tensor:
    """Return the log-sum over all tag sequences; 0 for a row without words. *Shape:* (B,)"""
    return _LogPartition.apply(*chain, emissions, mask)  # type: ignore[no-any-return,no-untyped-call]


def log_likelihood(chain: Chain, emissions: Tensor, tags: Tensor, mask: Tensor) -> Tensor:
    """Return `path_score` minus `log_partition`. `tags`: (B, W), int. *Shape:* (B,)"""
    tags = tags.masked_fill(~mask, 0)  # padding may have any value
    return _LogLikelihood.apply(*chain, emissions, mask, tags)  # type: ignore[no-any-return,no-untyped-call]


def _count_transitions(before: Tensor, after: Tensor) -> Tensor:
    """Return Σ_w,b before[w, i, b] · after[w, j, b]. *Shape:* (C, C)"""
    return (before @ after.transpose(1, 2)).sum(0)


def _to_gradients(
    words: Tensor, transitions: Tensor, mask: Tensor, dtype: torch.dtype
) -> Iterator[Tensor]:
    """Yield the gradients of start, transitions, end and emissions from the counts of each score.

    Args:
        words: count of each tag at each word. *Shape:* (W, C, B)
        transitions: count of each transition. *Shape:* (C, C)
        mask: *Shape:* (B, W)
        dtype: dtype of the gradients.
    """
    ends = _select_last(words, mask.t().unsqueeze(1)).sum(1)
    parts = (words[0].sum(1), transitions, ends, words.permute(2, 0, 1))
    return (part.to(dtype) for part in parts)


def expected_score(chain: Chain, emissions: Tensor, tags: Tensor, transitions: Tensor) -> Tensor:
    """Return the mean score of the tag sequences of another distribution.

    Minus `log_partition`, it is the negative cross-entropy of that distribution and this chain.

    Args:
        chain: the transition scores.
        emissions: *Shape:* (B, W, C)
        tags: probability of each tag at each word, 0 after the last word. *Shape:* (B, W, C)
        transitions: expected number of each transition. *Shape:* (B, C, C)

    Returns:
        *Shape:* (B,)
    """
    last = (tags.sum(2) > 0).sum(1).sub(1).clamp(min=0)
    ends = tags[torch.arange(len(tags), device=tags.device), last]
    score = (tags * emissions).sum((1, 2)) + (transitions * chain.transitions).sum((1, 2))
    return score + (tags[:, 0] @ chain.start + ends @ chain.end)


def path_score(chain: Chain, emissions: Tensor, tags: Tensor, mask: Tensor) -> Tensor:
    """Return the score of one tag sequence per row.

    Args:
        chain: the transition scores.
        emissions: *Shape:* (B, W, C)
        tags: *Shape:* (B, W), int
        mask: *Shape:* (B, W)

    Returns:
        0 for a row without words. *Shape:* (B,)
    """
    words = emissions.gather(2, tags.unsqueeze(2)).squeeze(2)
    score = words.masked_fill(~mask, 0.0).sum(1)
    between = chain.transitions[tags[:, :-1], tags[:, 1:]]
    score = score + between.masked_fill(~mask[:, 1:], 0.0).sum(1)
    final = tags.gather(1, (mask.sum(1, keepdim=True) - 1).clamp_(min=0)).squeeze(1)
    edges = chain.start[tags[:, 0]] + chain.end[final]
    return score + edges.masked_fill(~mask[:, 0], 0.0)


def viterbi(chain: Chain, emissions: Tensor, mask: Tensor) -> Tensor:
    """Return the best tag sequence of each row; twin: `vaner.tagger.decoding.viterbi`.

    Args:
        chain: the transition scores.
        emissions: *Shape:* (B, W, C)
        mask: *Shape:* (B, W)

    Returns:
        0 after the last word. *Shape:* (B, W), int64
    """
    # 1. Backward: the score of the best suffix that starts with each tag at each word. The words
    #    of each row are reversed, so that the recursion starts at its last word.
    words, mask_first = emissions.permute(1, 2, 0).contiguous(), mask.t().unsqueeze(1)
    order = reverse_words(mask_first).expand_as(words)
    reversed_words = words.gather(0, order).unsqueeze(1)
    first = reversed_words[0] + chain.end.unsqueeze(1)
    states = _scan_states(MAXIMA, first, chain.transitions.unsqueeze(0), reversed_words[1:])
    suffixes = states[:, 0].gather(0, order).transpose(1, 2).contiguous()  # (W, B, C)
    # 2. Forward: at each word the tag with the best suffix, given the tag before it.
    return _select_path(chain, suffixes).masked_fill(~mask, 0)


def _select_path(chain: Chain, suffixes: Tensor) -> Tensor:
    """Return the best path, selected from the first word to the last.

    Args:
        chain: the transition scores.
        suffixes: score of the best suffix that starts with each tag. *Shape:* (W, B, C)

    Returns:
        *Shape:* (B, W)
    """
    tag = (chain.start + suffixes[0]).argmax(1)
    if len(suffixes) > 1 and _is_parallel_faster(suffixes[1:].transpose(1, 2)):
        # The best next tag is a map of tags; the path is the composition of these maps.
        next_tag = (chain.transitions + suffixes[1:].unsqueeze(2)).argmax(3)
        rest = prefix_products(compose, next_tag)[:, torch.arange(len(tag)), tag]
        return torch.cat([tag.unsqueeze(0), rest]).t()
    # NumPy takes half as long as torch for steps as small as these.
    transitions, path = chain.transitions.detach().cpu().numpy(), [tag.cpu().numpy()]
    for scores in suffixes[1:].detach().cpu().numpy():
        path.append((transitions[path[-1]] + scores).argmax(1))
    return torch.from_numpy(np.array(path)).t().to(tag.device)


def reverse_words(mask: Tensor) -> Tensor:
    """Return the position of each word when the words of its row are reversed.

    Positions after the last word stay as they are, so applying the result twice changes nothing.

    Args:
        mask: *Shape:* (W, 1, B)

    Returns:
        *Shape:* (W, 1, B), int64
    """
    position = torch.arange(len(mask), device=mask.device)[:, None, None]
    return torch.where(mask, mask.sum(0) - 1 - position, position)


def _select_last(values: Tensor, mask: Tensor) -> Tensor:
    """Return the value at the last word of each row, or at position 0 of a row without words.

    Args:
        values: *Shape:* (W, C, B)
        mask: *Shape:* (W, 1, B)

    Returns:
        *Shape:* (C, B)
    """
    last = (mask.sum(0, keepdim=True) - 1).clamp_(min=0)
    return values.gather(0, last.expand(1, *values.shape[1:])).squeeze(0)


def _scan_states(
    semiring: Semiring, first: Tensor, transitions: Tensor, emissions: Tensor
) -> Tensor:
    """Return the product after each word by the faster scan; see `sequential_scan`."""
    if not len(emissions):
        return first.unsqueeze(0)
    scan = parallel_scan if _is_parallel_faster(emissions) else sequential_scan
    return scan(semiring, first, transitions, emissions)


def _is_parallel_faster(emissions: Tensor) -> bool:
    """Return whether the parallel scan is faster. `emissions`: (W, …, C, B)"""
    words, (tags, rows) = len(emissions), emissions.shape[-2:]
    if emissions.device.type == "cpu":
        work = words * rows * tags**2 / _ELEMENTS_PER_STEP
        return _STEPS_PER_DOUBLING * words.bit_length() + work < words
    return emissions.numel() * tags < _MAX_ELEMENTS
