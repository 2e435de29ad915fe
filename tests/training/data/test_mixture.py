"""The mixture of sources: shares, order and random choices."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from vaner.training.data.mixture import LengthGroupedSampler, Mixture, Share, compute_shares


class Sized:
    """An example that has only a length."""

    length = 5


def mixture(parts: list[Share], seed: int = 1) -> Mixture:
    examples: list[Any] = [Sized()] * sum(share.size for share in parts)
    return Mixture(examples, lambda example, rng: rng.random(), seed, parts)


@given(
    st.lists(st.integers(1, 60), min_size=1, max_size=5),
    st.sampled_from([1.0, 2.0, 5.0, math.inf]),
    st.integers(0, 3),
)
def test_epoch_draws_each_source_by_its_share(
    sizes: list[int], temperature: float, epoch: int
) -> None:
    parts = compute_shares(sizes, temperature)
    sampler = LengthGroupedSampler(mixture(parts), 4)
    sampler.set_epoch(epoch)
    order = list(sampler)
    assert order == list(sampler)
    assert len(order) == len(sampler) == sum(share.drawn for share in parts)
    assert len(set(order)) == len(order)  # what is drawn twice is drawn in two ways
    counts, first = Counter(index % sum(sizes) for index in order), 0
    for share in parts:
        draws = [counts[i] for i in range(first, first + share.size)]
        assert sum(draws) == share.drawn
        assert max(draws) - min(draws) <= 1  # no example is drawn three times before all are twice
        first += share.size


def test_proportional_epoch_has_every_example_once() -> None:
    parts = compute_shares([7, 30, 1], 1.0)
    assert parts == [Share(7, 7), Share(30, 30), Share(1, 1)]
    assert sorted(LengthGroupedSampler(mixture(parts), 4)) == list(range(38))


def test_temperature_is_between_proportional_and_balanced() -> None:
    drawn = [[s.drawn for s in compute_shares([900, 100], t)] for t in (1, 2, math.inf)]
    assert drawn == [[900, 100], [750, 250], [500, 500]]


def test_epochs_draw_different_examples_of_large_source() -> None:
    sampler = LengthGroupedSampler(mixture([Share(100, 10)]), 4)
    first = set(sampler)
    sampler.set_epoch(1)
    assert set(sampler) != first


def test_repeated_example_makes_other_random_choices() -> None:
    seen = mixture([Share(1, 4), Share(2, 2)])
    rows = [seen[index] for index in seen.order(torch.Generator().manual_seed(0))]
    assert len(rows) == len(set(rows)) == 6


def test_proportional_epoch_is_a_permutation() -> None:
    """Runs from before sources had shares must be reproducible."""
    order = mixture([Share(5, 5), Share(4, 4)]).order(torch.Generator().manual_seed(3))
    assert order == torch.randperm(9, generator=torch.Generator().manual_seed(3)).tolist()


@pytest.mark.parametrize("sizes", [[1], [3, 3]])
def test_equal_sources_have_equal_shares(sizes: list[int]) -> None:
    assert [s.drawn for s in compute_shares(sizes, math.inf)] == sizes


def test_each_process_resumes_within_its_epoch() -> None:
    from accelerate.data_loader import BatchSamplerShard, DataLoaderShard, skip_first_batches
    from torch.utils.data import BatchSampler

    def loader(examples: Mixture) -> Any:
        batches = BatchSampler(LengthGroupedSampler(examples, 2), 2, drop_last=False)
        shard = BatchSamplerShard(batches, num_processes=2, process_index=1)
        return DataLoaderShard(examples, batch_sampler=shard, collate_fn=list)

    unbroken, resumed = (loader(mixture([Share(16, 16)])) for _ in range(2))
    resumed = skip_first_batches(resumed, 2)
    for data_loader in (unbroken, resumed):
        data_loader.set_epoch(3)
    assert list(resumed) == list(unbroken)[2:]
