"""Batches of rows as tensors."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from vaner import batching
from vaner.encoding import Row


def collate(rows: Sequence[Row], device: torch.device | None = None) -> dict[str, Tensor]:
    """Pad rows into one batch, as `vaner.batching.collate` does, on a device."""
    arrays = batching.collate(rows)
    return {name: torch.from_numpy(array).to(device) for name, array in arrays.items()}
