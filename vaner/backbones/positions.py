"""How many positions a backbone has: measured by what it reads while it computes a short row."""

from __future__ import annotations

from collections.abc import Set
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from transformers import PreTrainedModel

# Operations that read rows of a table -> which of their arguments has the indices of the rows.
_LOOKUPS = {
    torch.ops.aten.embedding.default: 1,
    torch.ops.aten.index_select.default: 2,
}


def find_position_limit(model: PreTrainedModel, row: Tensor) -> int | None:
    """Return how many subwords a backbone has positions for; None if there is no limit.

    A table of positions is what is read at the rows k, k + 1, k + 2 … for a row of subwords. On a
    GPU, reading behind its end would make the device unusable, so this is known beforehand.

    Args:
        model: a backbone without an adapter, in evaluation mode.
        row: a short row, whose subword ids are not consecutive. *Shape:* (1, T)
    """
    stored = (*model.parameters(), *model.buffers())
    watch = _LookupWatch(row.shape[1], {each.untyped_storage().data_ptr() for each in stored})
    with torch.no_grad(), watch:
        model(input_ids=row, attention_mask=torch.ones_like(row))
    return min(watch.limits, default=None)


class _LookupWatch(TorchDispatchMode):
    """Collects the sizes of the tables that are read at consecutive rows.

    Args:
        length: number of rows that are read for a row of subwords.
        stored: addresses of the tensors of the model. What is computed has no fixed size.
    """

    def __init__(self, length: int, stored: Set[int]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._length, self._stored = length, stored
        self.limits: list[int] = []

    def __torch_dispatch__(
        self, operation: Any, types: Any, inputs: tuple[Any, ...] = (), options: Any = None
    ) -> Any:
        """Run an operation, and look at the rows that it reads."""
        if operation in _LOOKUPS and inputs[0].untyped_storage().data_ptr() in self._stored:
            table, rows = inputs[0], inputs[_LOOKUPS[operation]].flatten()
            if len(rows) == self._length and bool((rows.diff() == 1).all()):
                self.limits.append(table.shape[0] - int(rows[0]))
        return operation(*inputs, **(options or {}))
