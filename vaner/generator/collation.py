"""Collate answer rows into padded batches. Shapes: B rows, T subwords."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from vaner.generator.prompts import IGNORE_INDEX, AnswerRow


def collate(rows: Sequence[AnswerRow]) -> dict[str, Tensor]:
    """Pad rows into one batch.

    Returns:
        ``input_ids``, ``attention_mask``: *Shape:* (B, T), int64.
        ``labels``: Subwords of the answer, elsewhere `IGNORE_INDEX`. *Shape:* (B, T), int64.
        ``legal``: Legal subwords at each position of the answer, padded with -1.
        *Shape:* (B, T, 4), int64.
    """
    shape = len(rows), max(len(row) for row in rows)
    batch = {
        "input_ids": torch.zeros(shape, dtype=torch.long),
        "attention_mask": torch.zeros(shape, dtype=torch.long),
        "labels": torch.full(shape, IGNORE_INDEX),
        "legal": torch.full((*shape, 4), -1),
    }
    for i, row in enumerate(rows):
        length, answer_length = len(row), len(row.legal)
        batch["input_ids"][i, :length] = torch.tensor(row.input_ids)
        batch["attention_mask"][i, :length] = 1
        batch["labels"][i, :length] = torch.tensor(row.labels)
        legal = [[-1 if token is None else token for token in tokens] for tokens in row.legal]
        batch["legal"][i, length - answer_length : length] = torch.tensor(legal)
    return batch
