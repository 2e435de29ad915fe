"""Rows to padded batches, sorted by length so that little of a batch is padding.

Letters in shapes: B rows, T sub-words, W words.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from vaner.encoding import Row


def collate(rows: Sequence[Row]) -> dict[str, npt.NDArray[np.generic]]:
    """Pad rows into one batch.

    Returns:
        ``input_ids``, ``attention_mask``: *Shape:* (B, T), int64.
        ``word_starts``, ``word_ends``: *Shape:* (B, W), int64: sub-words of each word, half-open.
        ``word_mask``: *Shape:* (B, W), bool: True on words.
        ``tags``: *Shape:* (B, W), int64, where the rows have tags.
        ``hidden_tags``: *Shape:* (B, at most C), int64, filled with -1, where a row has some: tags
            that may stand behind its Os.
        ``general``: *Shape:* (B,), bool, where a row is of the general domain.
    """
    longest, most = max(len(r) for r in rows), max(len(r.starts) for r in rows)
    shape, words = (len(rows), longest), (len(rows), most)
    batch = {
        "input_ids": np.zeros(shape, np.int64),
        "attention_mask": np.zeros(shape, np.int64),
        "word_starts": np.zeros(words, np.int64),
        "word_ends": np.ones(words, np.int64),
        "word_mask": np.zeros(words, np.bool_),
    }
    if rows[0].tags:
        batch["tags"] = np.zeros(words, np.int64)
    if most_hidden := max(len(row.hidden) for row in rows):
        batch["hidden_tags"] = np.full((len(rows), most_hidden), -1)
    if any(row.general for row in rows):
        batch["general"] = np.array([row.general for row in rows])
    for i, row in enumerate(rows):
        length, count = len(row), len(row.starts)
        batch["input_ids"][i, :length] = row.input_ids
        batch["attention_mask"][i, :length] = 1
        batch["word_starts"][i, :count] = row.starts
        batch["word_ends"][i, :count] = row.ends
        batch["word_mask"][i, :count] = True
        if row.tags:
            batch["tags"][i, :count] = row.tags
        if row.hidden:
            batch["hidden_tags"][i, : len(row.hidden)] = row.hidden
    return batch


def by_length(lengths: Sequence[int], batch_size: int, max_subwords: int) -> Iterator[list[int]]:
    """Group items of like length.

    Args:
        lengths: length of each item.
        batch_size: most items in a batch.
        max_subwords: most positions in a batch, padding included; one item may exceed it alone.

    Yields:
        Indices of the items of a batch, longest first, so that memory peaks at once.

    >>> list(by_length([5, 9, 5], batch_size=2, max_subwords=100))
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
