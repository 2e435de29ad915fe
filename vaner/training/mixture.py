"""The examples of a stage, mixed, and the order in which they are seen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

import torch
from torch.utils.data import Dataset, Sampler

from vaner.batching import collate
from vaner.encoding import Encoder, Row
from vaner.instructions import Instruction
from vaner.training.examples import Example


class Mixture(Dataset[Row]):
    """All examples of a stage as a dataset of rows.

    What an example leaves to chance (its instruction, the names of a dense one) is drawn by (seed,
    epoch, index): the same in every run of the recipe, resumed or not, another in every epoch.
    """

    def __init__(
        self, examples: Sequence[Example], encoder: Encoder, instruction: Instruction, seed: int
    ) -> None:
        self.examples = list(examples)
        self.seed = seed
        self.epoch = 0
        self._encoder = encoder
        self._instruction = instruction

    def __len__(self) -> int:
        return len(self.examples)

    def __getitem__(self, index: int) -> Row:
        draw = Random(f"{self.seed}:{self.epoch}:{index}")
        return self.examples[index].row(self._encoder, self._instruction, draw)

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
        return len(self.mixture)

    def set_epoch(self, epoch: int) -> None:
        """Called by the Trainer's data loader; examples are drawn anew with the order."""
        self.mixture.epoch = int(epoch)

    def __iter__(self) -> Iterator[int]:
        generator = torch.Generator().manual_seed(
            1_000_003 * self.mixture.seed + self.mixture.epoch
        )
        order = torch.randperm(len(self), generator=generator).tolist()
        lengths, mega = self.mixture.lengths, 50 * self.batch_size
        batches: list[list[int]] = []
        for start in range(0, len(order), mega):
            pool = sorted(order[start : start + mega], key=lambda i: -lengths[i])
            batches += [pool[i : i + self.batch_size] for i in range(0, len(pool), self.batch_size)]
        # A short last batch stays last: the sampler gives indices, not batches.
        short = [b for b in batches if len(b) < self.batch_size]
        full = [b for b in batches if len(b) == self.batch_size]
        for i in torch.randperm(len(full), generator=generator).tolist():
            yield from full[i]
        for batch in short:
            yield from batch


def as_training_batch(rows: Sequence[Row]) -> dict[str, Any]:
    """The collator of the Trainer."""
    return dict(collate(rows))
