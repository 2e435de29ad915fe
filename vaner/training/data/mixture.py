"""The dataset of a stage, and the order in which its examples are seen.

Exact resume depends on this file: random choices must not depend on what the run did before it was
interrupted. The state of Python's and torch's global generators does, so they are not used.
Instead, each random choice has a separate generator with a fixed seed: (seed, epoch) for the order
of an epoch, (seed, epoch, index) for the content of an example. A resumed run reads the epoch and
the position from the checkpoint, computes the order of the epoch again, skips the batches that were
already used, and continues with the same batches as an uninterrupted run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any, NamedTuple

import torch
from torch.utils.data import Dataset, Sampler

from vaner.training.examples.sentences import Example


class Share(NamedTuple):
    """The share of a source in an epoch.

    Args:
        size: number of examples of the source.
        drawn: number of examples that an epoch sees; if it is larger, some are seen twice.
    """

    size: int
    drawn: int


def compute_shares(sizes: Sequence[int], temperature: float) -> list[Share]:
    """Return how often each source is drawn in an epoch as long as all examples together.

    Args:
        sizes: number of examples of each source, at least 1.
        temperature: sources are drawn in proportion to size ** (1 / temperature): 1 takes every
            example once, infinity the same number from each source.

    Source: arXiv 1907.05019, section 4.1.

    >>> compute_shares([900, 100], 1)
    [Share(size=900, drawn=900), Share(size=100, drawn=100)]
    >>> compute_shares([900, 100], float("inf"))
    [Share(size=900, drawn=500), Share(size=100, drawn=500)]
    """
    weights = [size ** (1 / temperature) for size in sizes]
    return [
        Share(size, max(1, round(sum(sizes) * weight / sum(weights))))
        for size, weight in zip(sizes, weights, strict=True)
    ]


class Mixture(Dataset[Any]):
    """All examples of a stage as a dataset of encoded rows.

    Args:
        examples: the examples of the first source, then of the second, and so on.
        encode: encodes an example; a generator makes the example's random choices (its
            instruction, the names of a dense one).
        seed: seed of all random choices.
        shares: how often each source is drawn; every example once in an epoch if empty.
    """

    def __init__(
        self,
        examples: Sequence[Example],
        encode: Callable[[Any, Random], Any],
        seed: int,
        shares: Sequence[Share] = (),
    ) -> None:
        self.examples = list(examples)
        self.shares = tuple(shares) or (Share(len(examples), len(examples)),)
        self.seed = seed
        self.epoch = 0
        self._encode = encode

    def __len__(self) -> int:
        return len(self.examples)

    def __getitem__(self, index: int) -> Any:
        # An index past the last example is an example drawn again, see `order`. The generator is
        # new for each item: worker processes and resumed runs make the same choices.
        rng = Random(f"{self.seed}:{self.epoch}:{index}")
        return self._encode(self.examples[index % len(self)], rng)

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch that random choices depend on.

        The Trainer's data loader calls this if it does not find the sampler: in training with
        several processes that is resumed in the middle of an epoch.
        """
        self.epoch = int(epoch)

    @property
    def epoch_size(self) -> int:
        """Number of examples in an epoch."""
        return sum(share.drawn for share in self.shares)

    def order(self, generator: torch.Generator) -> list[int]:
        """Return the indices of the examples of an epoch in random order.

        A source that is drawn more often than it has examples is used completely before any of its
        examples is used again. A source that is drawn less often provides other examples in each
        epoch. An example that is used again has the number of all examples added to its index, so
        that `__getitem__` makes other random choices for it.

        Args:
            generator: makes the order random; its state must depend on seed and epoch only.
        """
        if all(share.drawn == share.size for share in self.shares):
            return [int(i) for i in torch.randperm(len(self), generator=generator)]
        chosen, first = [], 0
        for share in self.shares:
            remaining, offset = share.drawn, 0
            while remaining > 0:
                part = torch.randperm(share.size, generator=generator)[:remaining]
                chosen.append(part + first + offset)
                remaining, offset = remaining - len(part), offset + len(self)
            first += share.size
        indices = torch.cat(chosen)
        shuffled = indices[torch.randperm(len(indices), generator=generator)]
        return [int(index) for index in shuffled]

    @property
    def lengths(self) -> list[int]:
        """Number of subwords of each example."""
        return [example.length for example in self.examples]


class LengthGroupedSampler(Sampler[int]):
    """Sample in random order, with examples of similar length next to each other.

    Unlike the sampler of this name in transformers, the order is a function of seed and epoch. The
    Trainer skips the batches that an interrupted run has used; because the order is the same, the
    resumed run sees exactly the rest of the epoch.

    The order is made in three steps: shuffle all indices; sort blocks of 50 batches by length, so
    that a batch needs little padding; shuffle the batches.

    Args:
        mixture: the dataset.
        batch_size: number of examples in a batch.
    """

    def __init__(self, mixture: Mixture, batch_size: int) -> None:
        self.mixture = mixture
        self.batch_size = batch_size

    def __len__(self) -> int:
        return self.mixture.epoch_size

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch; the Trainer's data loader calls this at its start."""
        self.mixture.set_epoch(epoch)

    def __iter__(self) -> Iterator[int]:
        # A new generator for every epoch, so that nothing depends on earlier epochs.
        generator = torch.Generator().manual_seed(
            1_000_003 * self.mixture.seed + self.mixture.epoch
        )
        order = self.mixture.order(generator)
        lengths, block_size = self.mixture.lengths, 50 * self.batch_size
        batches: list[list[int]] = []
        for start in range(0, len(order), block_size):
            block = order[start : start + block_size]
            block = sorted(block, key=lambda index: -lengths[index % len(lengths)])
            batches += [
                block[i : i + self.batch_size] for i in range(0, len(block), self.batch_size)
            ]
        # A short batch must come last: the data loader cuts the indices into batches again.
        short = [batch for batch in batches if len(batch) < self.batch_size]
        full = [batch for batch in batches if len(batch) == self.batch_size]
        for i in torch.randperm(len(full), generator=generator).tolist():
            yield from full[i]
        for batch in short:
            yield from batch
