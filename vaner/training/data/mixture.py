"""The examples of a stage, mixed, and the order in which they are seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any, NamedTuple

import torch
from torch.utils.data import Dataset, Sampler

from vaner.training.examples.sentences import Example


class Share(NamedTuple):
    """A source's part in a mixture.

    Args:
        size: how many examples it has.
        drawn: how many of them an epoch sees, some twice if that is more.
    """

    size: int
    drawn: int


def shares(sizes: Sequence[int], temperature: float) -> list[Share]:
    """How often each source is drawn in an epoch as long as all examples together.

    Args:
        sizes: number of examples of each source, none of them 0.
        temperature: a source is drawn in proportion to size ** (1 / temperature): 1 takes every
            example once, infinity as many of each source (arXiv 1907.05019, section 4.1).

    >>> shares([900, 100], 1)
    [Share(size=900, drawn=900), Share(size=100, drawn=100)]
    >>> shares([900, 100], float("inf"))
    [Share(size=900, drawn=500), Share(size=100, drawn=500)]
    """
    weights = [size ** (1 / temperature) for size in sizes]
    return [
        Share(size, max(1, round(sum(sizes) * weight / sum(weights))))
        for size, weight in zip(sizes, weights, strict=True)
    ]


class Mixture(Dataset[Any]):
    """All examples of a stage as a dataset of rows.

    Args:
        examples: those of one source after another.
        row: the row of an example, as a draw has it.
        seed: of all that is left to chance.
        shares: how often each source is drawn; every example once an epoch if none are given.

    What an example leaves to chance (its instruction, the names of a dense one) is drawn by (seed,
    epoch, index): the same in every run of the recipe, resumed or not, another in every epoch.
    """

    def __init__(
        self,
        examples: Sequence[Example],
        row: Callable[[Any, Random], Any],
        seed: int,
        shares: Sequence[Share] = (),
    ) -> None:
        self.examples = list(examples)
        self.shares = tuple(shares) or (Share(len(examples), len(examples)),)
        self.seed = seed
        self.epoch = 0
        self._row = row

    def __len__(self) -> int:
        return len(self.examples)

    def __getitem__(self, index: int) -> Any:
        draw = Random(f"{self.seed}:{self.epoch}:{index}")
        return self._row(self.examples[index % len(self)], draw)

    def set_epoch(self, epoch: int) -> None:
        """Called by the Trainer's data loader where it does not find the sampler.

        That is so where one of several processes goes on in the middle of an epoch.
        """
        self.epoch = int(epoch)

    @property
    def epoch_size(self) -> int:
        """Number of examples that an epoch sees."""
        return sum(share.drawn for share in self.shares)

    def order(self, generator: torch.Generator) -> list[int]:
        """Indices of the examples of one epoch, in random order.

        A source that is drawn more often than it has examples comes round again whole before any
        of its examples is seen a third time; one that is drawn less often gives others each epoch.
        What comes round again has the number of examples added to its index, so that it is
        another draw.
        """
        if all(share.drawn == share.size for share in self.shares):
            return [int(i) for i in torch.randperm(len(self), generator=generator)]
        chosen, first = [], 0
        for share in self.shares:
            left, again = share.drawn, 0
            while left > 0:
                some = torch.randperm(share.size, generator=generator)[:left] + first + again
                chosen.append(some)
                left, again = left - len(some), again + len(self)
            first += share.size
        indices = torch.cat(chosen)
        shuffled = indices[torch.randperm(len(indices), generator=generator)]
        return [int(index) for index in shuffled]

    @property
    def lengths(self) -> list[int]:
        """Sub-words of each example."""
        return [example.length for example in self.examples]


class LengthGroupedSampler(Sampler[int]):
    """Random order in which neighbours have like length, the same for the same seed and epoch.

    As transformers' sampler of that name, but a function of the epoch and not of a generator's
    history, so that a run resumed in the middle of an epoch sees the rest of the same epoch.
    """

    def __init__(self, mixture: Mixture, batch_size: int) -> None:
        self.mixture = mixture
        self.batch_size = batch_size

    def __len__(self) -> int:
        return self.mixture.epoch_size

    def set_epoch(self, epoch: int) -> None:
        """Called by the Trainer's data loader; examples are drawn anew with the order."""
        self.mixture.set_epoch(epoch)

    def __iter__(self) -> Iterator[int]:
        generator = torch.Generator().manual_seed(
            1_000_003 * self.mixture.seed + self.mixture.epoch
        )
        order = self.mixture.order(generator)
        lengths, mega = self.mixture.lengths, 50 * self.batch_size
        batches: list[list[int]] = []
        for start in range(0, len(order), mega):
            part = order[start : start + mega]
            pool = sorted(part, key=lambda index: -lengths[index % len(lengths)])
            batches += [pool[i : i + self.batch_size] for i in range(0, len(pool), self.batch_size)]
        # A short last batch stays last: the sampler gives indices, not batches.
        short = [b for b in batches if len(b) < self.batch_size]
        full = [b for b in batches if len(b) == self.batch_size]
        for i in torch.randperm(len(full), generator=generator).tolist():
            yield from full[i]
        for batch in short:
            yield from batch
