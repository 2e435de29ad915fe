"""Products of many matrices, one after another, over a semiring.

What a linear chain sums (all tag sequences) or maximises (the best one) is a product of matrices,
one a word (Goodman, J99-4004; Rush, arXiv 2002.00876). Over the probabilities a product matters
only up to a factor here, so it is scaled as often as it needs (Rabiner 1989) and the factors are
forgotten. Rows of a batch come last in shapes, where a CPU adds up many at a time.
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
        by: multiplication from the left: a function of the left matrix, since it is often the
            same. *Shape:* (…, C, C) -> (…, C, B) -> (…, C, B).
        times: of values, in place and element by element.
        scaled: values brought near 1, in place, by a factor for all that lies in the dimensions
            named, where that changes nothing.
    """

    by: Callable[[Tensor], Callable[[Tensor], Tensor]]
    times: Callable[[Tensor, Tensor], Tensor]
    scaled: Callable[[Tensor, tuple[int, ...]], Tensor]


def _sum(left: Tensor) -> Callable[[Tensor], Tensor]:
    # The same function, but the first has less to find out at each of a thousand small steps.
    multiply = torch.bmm if left.dim() == 3 else torch.matmul
    return lambda right: multiply(left, right)


def _best(left: Tensor) -> Callable[[Tensor], Tensor]:
    columns = left.unsqueeze(-1)
    return lambda right: (columns + right.unsqueeze(-3)).amax(-2)


def _divided(values: Tensor, together: tuple[int, ...]) -> Tensor:
    return values.div_(values.sum(together, keepdim=True))


PROBABILITIES = Semiring(_sum, Tensor.mul_, _divided)
"""Sums of products of weights, up to a factor."""

MAXIMA = Semiring(_best, Tensor.add_, lambda values, together: values)
"""The best sum of scores."""


def weights(scores: Tensor, top: Tensor, kind: torch.dtype) -> Tensor:
    """Exponentials of scores, of which `top` are the highest.

    None is so small that a product of two is 0: what is 230 below the highest, in double precision,
    counts as just that. So no sum is ever 0, and nothing has to be looked after.
    """
    least = torch.finfo(kind).tiny ** (1 / 3)
    return (scores - top).to(kind).exp_().clamp_(min=least)


def one_by_one(semiring: Semiring, first: Tensor, between: Tensor, own: Tensor) -> Tensor:
    """What a product comes to after each word, where the words' matrices differ in rows alone.

    Args:
        semiring: over which.
        first: what stands before it. *Shape:* (D, C, B).
        between: the matrix of every word. *Shape:* (D, C, C).
        own: by what each word multiplies its rows. *Shape:* (W, D, C, B).

    Returns:
        *Shape:* (W + 1, D, C, B).
    """
    product = semiring.by(between)
    states = [first]
    for scores in own.unbind():
        state = semiring.times(product(states[-1]), scores)
        states.append(semiring.scaled(state, (-2,)))
    return torch.stack(states)


def at_once(semiring: Semiring, first: Tensor, between: Tensor, own: Tensor) -> Tensor:
    """The same in some 2 log W steps, each C times the work: an associative scan.

    Args and returns as for `one_by_one`.
    """

    def product(earlier: Tensor, later: Tensor) -> Tensor:
        return semiring.scaled(semiring.by(later)(earlier), (-2, -1))

    rows = own.transpose(-1, -2).unsqueeze(-1)
    matrices = between.unsqueeze(1).expand(*rows.shape[:-1], rows.shape[-2]).clone()
    prefixes = scan(product, semiring.times(matrices, rows))
    states = semiring.by(prefixes)(first.transpose(-1, -2).unsqueeze(-1))
    states = semiring.scaled(states.squeeze(-1).transpose(-1, -2), (-2,))
    return torch.cat([first.unsqueeze(0), states])


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


def compositions(earlier: Tensor, later: Tensor) -> Tensor:
    """One map after another: later[earlier[i]]. *Shape:* (…, C), int64, each."""
    return later.gather(-1, earlier)
