"""Products of a sequence of matrices over a semiring, word by word or by a parallel scan.

Summing all tag sequences of a linear chain, or finding the best one, is a product of matrices, one
for each word (Goodman, J99-4004; Rush, arXiv 2002.00876). With sums of products it gives
probabilities; with maxima of sums, the best score.

The probabilities are needed only up to a constant factor, so each product is rescaled to a sum of
1 (Rabiner 1989) and the factors are dropped. The batch is the last dimension of all shapes, where a
CPU adds many numbers at a time.

Letters in shapes: W words, D directions (forward and backward), C tags, B rows of the batch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Semiring:
    """How matrices are multiplied.

    Attributes:
        multiply_by: returns the function that multiplies by a left matrix. It is built once for a
            matrix that many products share. *Shape:* (…, C, C) -> (…, C, B) -> (…, C, B)
        multiply_elementwise: multiplies the first argument by the second, in place.
        rescale: divides values by a factor common to the given dimensions, in place, so that they
            stay near 1. It does nothing in a semiring where a factor would change the result.
    """

    multiply_by: Callable[[Tensor], Callable[[Tensor], Tensor]]
    multiply_elementwise: Callable[[Tensor, Tensor], Tensor]
    rescale: Callable[[Tensor, tuple[int, ...]], Tensor]


def _multiply_by_sum(left: Tensor) -> Callable[[Tensor], Tensor]:
    # bmm has less overhead than matmul, which counts in a thousand small steps.
    multiply = torch.bmm if left.dim() == 3 else torch.matmul
    return lambda right: multiply(left, right)


def _multiply_by_maximum(left: Tensor) -> Callable[[Tensor], Tensor]:
    columns = left.unsqueeze(-1)
    return lambda right: (columns + right.unsqueeze(-3)).amax(-2)


def _divide_by_sum(values: Tensor, dimensions: tuple[int, ...]) -> Tensor:
    return values.div_(values.sum(dimensions, keepdim=True))


PROBABILITIES = Semiring(_multiply_by_sum, Tensor.mul_, _divide_by_sum)
"""Sums of products of weights, up to a constant factor."""

MAXIMA = Semiring(_multiply_by_maximum, Tensor.add_, lambda values, dimensions: values)
"""Maxima of sums of scores."""


def to_weights(scores: Tensor, maximum: Tensor, dtype: torch.dtype) -> Tensor:
    """Return the exponentials of scores, divided by that of their maximum. *Shape:* as `scores`

    Weights are clamped from below, so that a product of two is never 0 and no sum needs a check
    for it. In double precision, scores that are more than 230 below the maximum count as 230 below.
    """
    smallest = torch.finfo(dtype).tiny ** (1 / 3)
    return (scores - maximum).to(dtype).exp_().clamp_(min=smallest)


def sequential_scan(
    semiring: Semiring, first: Tensor, transitions: Tensor, emissions: Tensor
) -> Tensor:
    """Return the product after each word, computed word by word.

    The matrix of a word is diag(emissions of the word) · `transitions`: all words share one
    transition matrix, and differ only in how its rows are scaled. So a step needs one product of a
    matrix and a vector for each row of the batch.

    Cost: W steps of O(D · C² · B). The fastest way on a CPU for short sentences.

    Args:
        semiring: the semiring.
        first: the vector at the first word. *Shape:* (D, C, B)
        transitions: the matrix that all words share. *Shape:* (D, C, C)
        emissions: the row factors of each further word. *Shape:* (W, D, C, B)

    Returns:
        *Shape:* (W + 1, D, C, B)
    """
    multiply = semiring.multiply_by(transitions)
    states = [first]
    for factors in emissions.unbind():
        # state[j] = emission[j] · Σ_i transition[i, j] · previous state[i]; in `MAXIMA` a maximum
        # of sums instead.
        state = semiring.multiply_elementwise(multiply(states[-1]), factors)
        states.append(semiring.rescale(state, (-2,)))
    return torch.stack(states)


def parallel_scan(
    semiring: Semiring, first: Tensor, transitions: Tensor, emissions: Tensor
) -> Tensor:
    """Return the product after each word, computed by an associative scan.

    Products of matrices are associative, so the words need not be multiplied from left to right:
    the products of all prefixes are found in about 2 log₂ W rounds (see `prefix_products`), each of
    which multiplies many pairs of matrices at once.

    Cost: O(log W) steps, but O(W · D · C³ · B) work, C times that of `sequential_scan`, since
    matrices are multiplied by matrices. The fastest way on a GPU, and for long sentences.

    Args and returns as for `sequential_scan`.
    """

    def multiply(earlier: Tensor, later: Tensor) -> Tensor:
        return semiring.rescale(semiring.multiply_by(later)(earlier), (-2, -1))

    # 1. The full matrix of each word: the shared transitions, rows scaled by the emissions.
    rows = emissions.transpose(-1, -2).unsqueeze(-1)  # (W, D, B, C, 1)
    matrices = transitions.unsqueeze(1).expand(*rows.shape[:-1], rows.shape[-2]).clone()
    # 2. The product of the matrices up to each word. (W, D, B, C, C)
    prefixes = prefix_products(multiply, semiring.multiply_elementwise(matrices, rows))
    # 3. Each of them applied to the first vector.
    states = semiring.multiply_by(prefixes)(first.transpose(-1, -2).unsqueeze(-1))
    states = semiring.rescale(states.squeeze(-1).transpose(-1, -2), (-2,))
    return torch.cat([first.unsqueeze(0), states])


def prefix_products(multiply: Callable[[Tensor, Tensor], Tensor], items: Tensor) -> Tensor:
    """Return all prefixes of an associative product along the first dimension.

    Source: Ladner and Fischer 1980. Multiplies fewer than 2 W pairs in about 2 log₂ W rounds.

    Args:
        multiply: product of earlier and later items, for many pairs at once.
        items: at least one. *Shape:* (W, …)

    Returns:
        The product of the first w + 1 items at each index w. *Shape:* (W, …)
    """
    if len(items) == 1:
        return items
    # 1. Multiply neighbors, items 0 and 1, 2 and 3, …; the prefixes of these products are the
    #    prefixes of the items that end at an odd index.
    odd = prefix_products(multiply, multiply(items[:-1:2], items[1::2]))
    result = torch.empty_like(items)
    result[0] = items[0]
    result[1::2] = odd
    # 2. A prefix that ends at an even index is the one before it, times the item itself.
    if len(items) > 2:
        result[2::2] = multiply(odd[: (len(items) - 1) // 2], items[2::2])
    return result


def compose(earlier: Tensor, later: Tensor) -> Tensor:
    """Return the composition of two maps of tags: later[earlier[i]].

    Args:
        earlier, later: the tag that each tag is mapped to. *Shape:* (…, C), int64, each
    """
    return later.gather(-1, earlier)
