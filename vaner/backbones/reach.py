"""How far each layer of a backbone sees to the left and to the right, measured by gradients.

A flag in a config says what an architecture should do. Some architectures ignore it: a convolution
or a state space is causal by construction. So one row is read, and for each layer separately the
gradient of the vector in the middle is taken with respect to the vectors that enter the layer. It
is exactly 0 at positions that the layer does not see, in any number format. If no layer has a
vector for each subword, the entire backbone is measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.utils.hooks import RemovableHandle
from transformers import PreTrainedModel

from vaner.backbones.attention import get_layers
from vaner.backbones.backbone import unwrap_adapter


class Reach(NamedTuple):
    """How far the vector in the middle of a row sees in one layer.

    Attributes:
        left, right: distance to the first and to the last position that it depends on. 0 if it
            depends on none on this side.
    """

    left: int
    right: int

    @property
    def is_causal(self) -> bool:
        """Whether it sees what is before it, but not what is after it."""
        return self.left > 0 and self.right == 0


def measure_reach(backbone: PreTrainedModel, input_ids: Tensor) -> list[Reach]:
    """Return the reach of each layer, in the order in which the layers run.

    Args:
        backbone: in evaluation mode, with an adapter or without.
        input_ids: a row. *Shape:* (1, T)

    Returns:
        One reach for each layer, or one for the backbone if no layer can be measured. A layer whose
        vectors do not correspond to the subwords one by one has none.
    """
    model = unwrap_adapter(backbone)
    probe = _Probe(input_ids.shape[1])
    layers = list(get_layers(model))
    before = [layer.register_forward_pre_hook(probe.isolate, with_kwargs=True) for layer in layers]
    _run(
        model,
        input_ids,
        [*before, *(layer.register_forward_hook(probe.measure) for layer in layers)],
    )
    if not probe.results:
        hook = model.get_input_embeddings().register_forward_hook(probe.isolate_output)
        probe.measure(model, (), _run(model, input_ids, [hook]))
    return probe.results


def _run(model: PreTrainedModel, input_ids: Tensor, hooks: Sequence[RemovableHandle]) -> Tensor:
    """Return the vectors of a row, and remove the hooks. *Shape:* (1, T, H)"""
    try:
        with torch.enable_grad():
            result = model(input_ids=input_ids, attention_mask=torch.ones_like(input_ids))
    finally:
        for hook in hooks:
            hook.remove()
    hidden: Tensor = result.last_hidden_state
    return hidden


class _Probe:
    """Cuts the graph before each layer, and differentiates each layer by itself.

    Args:
        length: number of positions of the row.
    """

    def __init__(self, length: int) -> None:
        self.results: list[Reach] = []
        self._length = length
        self._input: Tensor | None = None

    def isolate(
        self, _: torch.nn.Module, inputs: tuple[Any, ...], options: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
        """Replace the vectors that enter a layer by a copy that gradients stop at."""
        hidden = inputs[0] if inputs else options.get("hidden_states")
        self._input = None
        if not isinstance(hidden, Tensor) or not hidden.is_floating_point():
            return None
        self._input = hidden.detach().requires_grad_()
        if inputs:
            return (self._input, *inputs[1:]), options
        return inputs, {**options, "hidden_states": self._input}

    def isolate_output(self, _: torch.nn.Module, __: Any, output: Tensor) -> Tensor:
        """Replace the vectors that leave the embeddings by a copy that gradients stop at."""
        self._input = output.detach().requires_grad_()
        return self._input

    def measure(self, _: torch.nn.Module, __: Any, output: Any) -> None:
        """Append the reach of a layer."""
        result = output if isinstance(output, Tensor) else output[0]
        entering, self._input = self._input, None
        if entering is None or not isinstance(result, Tensor):
            return
        if self._length not in entering.shape or self._length not in result.shape:
            return
        middle = self._length // 2
        vector = result.movedim(result.shape.index(self._length), 0)[middle].float().flatten()
        # Coefficients of no regularity, so that no sum of gradients is 0 by chance.
        coefficients = torch.linspace(0.5, 1.5, len(vector), device=vector.device).sin()
        (gradient,) = torch.autograd.grad(vector @ coefficients, entering, allow_unused=True)
        if gradient is None:
            return
        rows = gradient.movedim(entering.shape.index(self._length), 0).flatten(1)
        seen = (rows != 0).any(1).nonzero().flatten().tolist() or [middle]
        self.results.append(Reach(max(0, middle - seen[0]), max(0, seen[-1] - middle)))
