"""Collate candidate rows into padded batches. Shapes: B rows, T subwords, K entity types."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from vaner.selector.encoding import CandidateRow


def collate(rows: Sequence[CandidateRow]) -> dict[str, Tensor]:
    """Pad rows into one batch.

    Returns:
        ``input_ids``, ``attention_mask``: *Shape:* (B, T), int64.
        ``open_index``, ``close_index``: Positions of the markers. *Shape:* (B,), int64.
        ``type_ids``: Types the candidates are compared with. *Shape:* (B,), int64.
        ``is_correct``: Only for training rows. *Shape:* (B,), bool.
        ``excluded_types``: Only for training rows: types the candidates are known not to have,
        padded with -1. *Shape:* (B, M), int64, with M at most K.
    """
    shape = len(rows), max(map(len, rows))
    batch = {
        "input_ids": torch.zeros(shape, dtype=torch.long),
        "attention_mask": torch.zeros(shape, dtype=torch.long),
        "open_index": torch.tensor([row.open_index for row in rows]),
        "close_index": torch.tensor([row.close_index for row in rows]),
        "type_ids": torch.tensor([row.type_id for row in rows]),
    }
    for i, row in enumerate(rows):
        batch["input_ids"][i, : len(row)] = torch.tensor(row.input_ids)
        batch["attention_mask"][i, : len(row)] = 1
    if rows[0].is_correct is not None:
        batch["is_correct"] = torch.tensor([bool(row.is_correct) for row in rows])
        excluded = torch.full((len(rows), max(len(row.excluded_types) for row in rows)), -1)
        for i, row in enumerate(rows):
            types = torch.tensor(row.excluded_types, dtype=torch.long)
            excluded[i, : len(types)] = types
        batch["excluded_types"] = excluded
    return batch
