"""Batches of rows as tensors."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from vaner.backbones.encoding import Row
from vaner.tagger import batches


def collate(
    rows: Sequence[Row], layout: batches.Layout, device: torch.device | None = None
) -> dict[str, Tensor]:
    """Return rows as one batch of tensors on a device; see `vaner.tagger.batches.collate`."""
    arrays = batches.collate(rows, layout)
    return {name: torch.from_numpy(array).to(device) for name, array in arrays.items()}
