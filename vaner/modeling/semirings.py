"""Products of many matrices, one after another, over a semiring.

What a linear chain sums (all tag sequences) or maximises (the best one) is a product of matrices,
one a word (Goodman, J99-4004; Rush, arXiv 2002.00876). Over the probabilities a product matters
only up to a factor here, so it is scaled as often as it needs (Rabiner 1989) and the factors are
forgotten.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Semiring:
    """How matrices multiply.

    Args:
        by: multiplication by a matrix from the right: a function of that matrix, since it is often
            the same. *Shape:* (…, C, C) -> (…, R, C) -> (…, R, C).
        times: of values, in place and element by element.
        scaled: values brought near 1, in place, by a factor for all that lies in the dimensions
            named, where that changes nothing.
    """

    by: Callable[[Tensor], Callable[[Tensor], Tensor]]
    times: Callable[[Tensor, Tensor], Tensor]
    scaled: Callable[[Tensor, tuple[int, ...]], Tensor]


def _divided(values: Tensor, together: tuple[int, ...]) -> Tensor:
    return values.div_(values.sum(together, keepdim=True))


def _sum(right: Tensor) -> Callable[[Tensor], Tensor]:
    # The same function, but the first has less to find out at each of a thousand small steps.
    multiply = torch.bmm if right.dim() == 3 else torch.matmul
    return lambda left: multiply(left, right)


def _best(right: Tensor) -> Callable[[Tensor], Tensor]:
    columns = right.transpose(-1, -2).unsqueeze(-3).contiguous()
    return lambda left: (left.unsqueeze(-2) + columns).amax(-1)


def weights(scores: Tensor, top: Tensor, kind: torch.dtype) -> Tensor:
    """Exponentials of scores, of which `top` are the highest.

    None is so small that a product of two is 0: what is 230 below the highest, in double precision,
    counts as just that. So no sum is ever 0, and nothing has to be looked after.
    """
    least = torch.finfo(kind).tiny ** (1 / 3)
    return (scores - top).to(kind).exp_().clamp_(min=least)


PROBABILITIES = Semiring(_sum, Tensor.mul_, _divided)
"""Sums of products of weights, up to a factor."""

MAXIMA = Semiring(_best, Tensor.add_, lambda values, together: values)
"""The best sum of scores."""


def one_by_one(semiring: Semiring, first: Tensor, between: Tensor, own: Tensor) -> Tensor:
    """All prefixes of a product that differs from word to word in its columns alone.

    Args:
        semiring: over which.
        first: row vectors to begin with. *Shape:* (D, B, C).
        between: the matrix that stands between any two words. *Shape:* (D, C, C).
        own: by what each further word multiplies its columns. *Shape:* (W - 1, D, B, C).

    Returns:
        *Shape:* (W, D, B, C).
    """
    product = semiring.by(between)
    states = [first]
    for scores in own.unbind():
        state = semiring.times(product(states[-1]), scores)
        states.append(semiring.scaled(state, (-1,)))
    return torch.stack(states)


def at_once(semiring: Semiring, first: Tensor, between: Tensor, own: Tensor) -> Tensor:
    """The same prefixes in some 2 log W steps, each C times the work: an associative scan.

    Args and returns as for `one_by_one`.
    """

    def product(left: Tensor, right: Tensor) -> Tensor:
        return semiring.scaled(semiring.by(right)(left), (-2, -1))

    shape = (*own.shape, own.shape[-1])
    matrices = semiring.times(between.unsqueeze(1).expand(shape).clone(), own.unsqueeze(-2))
    states = semiring.by(scan(product, matrices))(first.unsqueeze(-2)).squeeze(-2)
    return torch.cat([first.unsqueeze(0), semiring.scaled(states, (-1,))])


def scan(product: Callable[[Tensor, Tensor], Tensor], items: Tensor) -> Tensor:
    """All prefixes of an associative product along the first dimension, one at least.

    Pairs are multiplied, their prefixes found in the same way, and what lies between filled in
    (Ladner and Fischer 1980).
    """
    if len(items) == 1:
        return items
    ends = scan(product, product(items[:-1:2], items[1::2]))
    found = torch.empty_like(items)
    found[0] = items[0]
    found[1::2] = ends
    if len(items) > 2:
        found[2::2] = product(ends[: (len(items) - 1) // 2], items[2::2])
    return found


def compositions(left: Tensor, right: Tensor) -> Tensor:
    """One map after another: right[left[i]]. *Shape:* (…, C), int64, each."""
    return right.gather(-1, left)
