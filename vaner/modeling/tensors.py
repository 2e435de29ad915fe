"""Batches of rows as tensors."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from vaner import batching
from vaner.encoding import Row


def collate(
    rows: Sequence[Row], layout: batching.Layout, device: torch.device | None = None
) -> dict[str, Tensor]:
    """Rows as one batch, as `vaner.batching.collate` has it, on a device."""
    arrays = batching.collate(rows, layout)
    return {name: torch.from_numpy(array).to(device) for name, array in arrays.items()}
