"""Marked rows to padded batches. Letters in shapes: B rows, T sub-words, K types."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from vaner.selector.encoding import MarkedRow


def collate(rows: Sequence[MarkedRow]) -> dict[str, Tensor]:
    """Pad rows into one batch.

    Returns:
        ``input_ids``, ``attention_mask``: *Shape:* (B, T), int64.
        ``opening``, ``closing``: *Shape:* (B,), int64: where the marks are.
        ``types``: *Shape:* (B,), int64: the types asked about.
        ``right``: *Shape:* (B,), bool, where the rows tell.
        ``others``: *Shape:* (B, at most K), int64, filled with -1, where the rows tell: types
            that the candidates are known not to be of.
    """
    shape = len(rows), max(map(len, rows))
    batch = {
        "input_ids": torch.zeros(shape, dtype=torch.long),
        "attention_mask": torch.zeros(shape, dtype=torch.long),
        "opening": torch.tensor([row.opening for row in rows]),
        "closing": torch.tensor([row.closing for row in rows]),
        "types": torch.tensor([row.type for row in rows]),
    }
    for i, row in enumerate(rows):
        batch["input_ids"][i, : len(row)] = torch.tensor(row.input_ids)
        batch["attention_mask"][i, : len(row)] = 1
    if rows[0].right is not None:
        batch["right"] = torch.tensor([bool(row.right) for row in rows])
        batch["others"] = torch.full((len(rows), max(len(row.others) for row in rows)), -1)
        for i, row in enumerate(rows):
            batch["others"][i, : len(row.others)] = torch.tensor(row.others, dtype=torch.long)
    return batch
