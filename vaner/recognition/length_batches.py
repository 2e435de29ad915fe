"""Rows sorted by length into batches, so that little of a batch is padding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence


def batch_by_length(
    lengths: Sequence[int], batch_size: int, max_subwords: int = 8192
) -> Iterator[list[int]]:
    """Group items of like length.

    Args:
        lengths: length of each item.
        batch_size: most items in a batch.
        max_subwords: most positions in a batch, padding included; one item may exceed it alone.

    Yields:
        Indices of the items of a batch, longest first, so that memory peaks at once.

    >>> list(batch_by_length([5, 9, 5], batch_size=2, max_subwords=100))
    [[1, 0], [2]]
    """
    batch: list[int] = []
    widest = 0
    for i in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        if batch and (len(batch) == batch_size or widest * (len(batch) + 1) > max_subwords):
            yield batch
            batch = []
        if not batch:
            widest = lengths[i]
        batch.append(i)
    if batch:
        yield batch
