"""Batches of rows of similar length, so that little of a batch is padding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence


def batch_by_length(
    lengths: Sequence[int], batch_size: int, max_subwords: int = 8192
) -> Iterator[list[int]]:
    """Group items of similar length into batches.

    Args:
        lengths: length of each item.
        batch_size: maximum number of items in a batch.
        max_subwords: maximum number of positions in a batch, including padding. A single item may
            exceed it.

    Yields:
        The indices of the items of a batch. The longest items come first, so that a lack of memory
        shows at once.

    >>> list(batch_by_length([5, 9, 5], batch_size=2, max_subwords=100))
    [[1, 0], [2]]
    """
    batch: list[int] = []
    longest = 0
    for i in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        if batch and (len(batch) == batch_size or longest * (len(batch) + 1) > max_subwords):
            yield batch
            batch = []
        if not batch:
            longest = lengths[i]
        batch.append(i)
    if batch:
        yield batch
