"""Rows to padded batches, sorted by length so that little of a batch is padding.

Letters in shapes: B rows, T sub-words, W words.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from vaner.encoding import Row


def collate(rows: Sequence[Row]) -> dict[str, Tensor]:
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
        "input_ids": torch.zeros(shape, dtype=torch.long),
        "attention_mask": torch.zeros(shape, dtype=torch.long),
        "word_starts": torch.zeros(words, dtype=torch.long),
        "word_ends": torch.ones(words, dtype=torch.long),
        "word_mask": torch.zeros(words, dtype=torch.bool),
    }
    if rows[0].tags:
        batch["tags"] = torch.zeros(words, dtype=torch.long)
    if most_hidden := max(len(row.hidden) for row in rows):
        batch["hidden_tags"] = torch.full((len(rows), most_hidden), -1)
    if any(row.general for row in rows):
        batch["general"] = torch.tensor([row.general for row in rows])
    for i, row in enumerate(rows):
        length, count = len(row), len(row.starts)
        batch["input_ids"][i, :length] = torch.tensor(row.input_ids)
        batch["attention_mask"][i, :length] = 1
        batch["word_starts"][i, :count] = torch.tensor(row.starts)
        batch["word_ends"][i, :count] = torch.tensor(row.ends)
        batch["word_mask"][i, :count] = True
        if row.tags:
            batch["tags"][i, :count] = torch.tensor(row.tags)
        if row.hidden:
            batch["hidden_tags"][i, : len(row.hidden)] = torch.tensor(row.hidden)
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
