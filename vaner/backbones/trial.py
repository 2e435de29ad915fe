"""The trial of a backbone: what it does with a few rows of realistic length.

Architectures differ in what they do with a mask, with padding and with positions, and their configs
do not say so. Instead of a list of names, a trial measures it before the first training step:

1. How many subwords the backbone can read: the size of its table of positions, if it has one.
2. How far each layer sees (`vaner.backbones.reach`): a causal mask must be lifted in every layer.
3. Whether a sentence has the same vectors alone, after a longer one, in a padded batch and in a
   packed one. If only packing changes them, rows are padded. If padding changes them too, rows are
   computed one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
from torch import Tensor
from transformers import PreTrainedModel

from vaner.backbones.backbone import (
    count_embeddings,
    silence_transformers,
    unwrap_adapter,
)
from vaner.backbones.positions import find_position_limit
from vaner.backbones.reach import Reach, measure_reach
from vaner.backbones.row_packing import Packing, disable_packing, enable_packing, run_backbone
from vaner.backbones.trainable_weights import is_adapted
from vaner.errors import summarize_error

TrialLayout = Literal["packed", "padded", "single"]

_SHORTEST = 5  # subwords of the shortest row

# Largest difference of two vectors of a subword, relative to their length. In bf16 and 4 bits, the
# sum of rounding errors is larger, and a few subwords may exceed it.
_TOLERANCE = {torch.float32: 1e-3, torch.float64: 1e-6}
_COARSE_TOLERANCE = 0.05
_COARSE_SHARE = 0.95


@dataclass(frozen=True, slots=True)
class Trial:
    """The result of a trial.

    Attributes:
        length: number of subwords of the longest row.
        vector_size: size of the vectors that the backbone returns.
        reach: the reach of each layer.
        layout: the fastest layout of batches that leaves the vectors as they are alone: ``packed``,
            ``padded``, or ``single`` for one row at a time.
        reason: why the layout is not ``packed``, in one line. Empty if it is.
        problem: why the backbone cannot be used, and what to do, in one line. Empty if it can.
    """

    length: int
    vector_size: int = 0
    reach: tuple[Reach, ...] = ()
    layout: TrialLayout = "single"
    reason: str = ""
    problem: str = ""


class TrialOptions(NamedTuple):
    """What a model needs of its backbone.

    Attributes:
        longest: maximum number of subwords in a row.
        causal_layers: number of layers from the bottom that must have a causal mask. None: all.
        adds_vectors: whether the model adds vectors to the subword embeddings.
        packs: whether it packs rows, if it can.
    """

    longest: int
    causal_layers: int | None = 0
    adds_vectors: bool = False
    packs: bool = True


def run_trial(backbone: PreTrainedModel, options: TrialOptions) -> Trial:
    """Let a backbone read a few rows, and return what it does with them.

    Args:
        backbone: loaded, with an adapter or without. It is left as it was, with padded rows.
        options: what the model needs.
    """
    model = unwrap_adapter(backbone)
    training = model.training
    model.eval()
    device = next(model.parameters()).device
    try:
        # The first use may be in inference mode or under autocast, which would change the result.
        with (
            silence_transformers(),
            torch.inference_mode(False),
            torch.autocast(device.type, enabled=False),
        ):
            return _TrialRun(backbone, options).run()
    finally:
        disable_packing(backbone)
        model.train(training)


class _TrialRun:
    """The steps of a trial. Arguments as for `run_trial`."""

    def __init__(self, backbone: PreTrainedModel, options: TrialOptions) -> None:
        self._backbone = backbone
        self._model = unwrap_adapter(backbone)
        self._kind = self._model.config.model_type
        self._device = next(self._model.parameters()).device
        self._longest = options.longest
        self._options = options
        disable_packing(backbone)

    def run(self) -> Trial:
        """Return the result."""
        too_long = ""
        try:
            limit = find_position_limit(self._model, self._make_row(_SHORTEST, seed=0))
            if limit is not None and limit < self._longest:
                too_long = (
                    f"max_subwords is {self._longest}, but a {self._kind} backbone has "
                    f"{limit} positions: set max_subwords: {limit}"
                )
                self._longest = limit
            # Some models compute positions from the longest row so far, above some length.
            lengths = (
                self._longest, max(_SHORTEST, self._longest - 1),
                max(_SHORTEST, self._longest // 3), _SHORTEST,
            )  # fmt: skip
            rows = [self._make_row(length, seed) for seed, length in enumerate(lengths)]
            alone = [self._read(row) for row in rows]
            reach = measure_reach(self._backbone, rows[0])
        except Exception as error:  # architectures fail in different ways
            adapter, remedy = "", "use another backbone"
            if is_adapted(self._backbone):
                adapter, remedy = " with this adapter", f"set other lora.targets, or {remedy}"
            return self._fail(
                f"a {self._kind} backbone{adapter} cannot read a row of {self._longest} subwords "
                f"({summarize_error(error)}): {remedy}"
            )
        problem = too_long or self._check_vectors(rows, alone) or self._check_reach(reach)
        layout, reason = self._choose_layout(rows, alone)
        size = alone[0].shape[-1]
        return Trial(self._longest, size, tuple(reach), layout, reason, problem)

    def _fail(self, problem: str) -> Trial:
        return Trial(self._longest, problem=problem)

    def _make_row(self, length: int, seed: int) -> Tensor:
        """Return a row of random subwords, none of which is special. *Shape:* (1, T)"""
        config = self._model.config.get_text_config()
        values = config.to_dict()
        special = {values[name] for name in values if name.endswith("_token_id")}
        rows = count_embeddings(self._model)
        ordinary = [i for i in range(min(rows, 1000)) if i not in special]
        generator = torch.Generator().manual_seed(seed)
        draws = torch.randint(len(ordinary), (length,), generator=generator)
        return torch.tensor(ordinary)[draws][None].to(self._device)

    @torch.no_grad()
    def _read(self, row: Tensor) -> Tensor:
        return run_backbone(self._backbone, row, {"attention_mask": torch.ones_like(row)})[0]

    def _check_vectors(self, rows: Sequence[Tensor], alone: Sequence[Tensor]) -> str:
        """Return a problem with the vectors: their size, or that they depend on earlier rows."""
        size = self._model.config.get_text_config().hidden_size
        if alone[0].shape != (self._longest, size):
            return (
                f"a {self._kind} backbone returns {tuple(alone[0].shape)} numbers for "
                f"{self._longest} subwords, not {(self._longest, size)}: use another backbone"
            )
        if not all(vectors.isfinite().all() for vectors in alone):
            return f"a {self._kind} backbone returns numbers that are not finite: use another dtype"
        if not self._agree([self._read(row) for row in rows[::-1]], alone[::-1]):
            return (
                f"the vectors of a {self._kind} backbone depend on the sentences that it read "
                "before: use another backbone, or a smaller max_subwords"
            )
        return self._check_added(rows[2], alone[2]) if self._options.adds_vectors else ""

    def _check_added(self, row: Tensor, expected: Tensor) -> str:
        """Return a problem with input that is given as vectors, not as subword ids."""
        width = self._model.get_input_embeddings().weight.shape[1]
        size = self._model.config.get_text_config().hidden_size
        try:
            if width != size:
                raise ValueError(f"subword embeddings have size {width}, not {size}")
            added = torch.zeros(*row.shape, size, device=self._device)
            mask = {"attention_mask": torch.ones_like(row)}
            with torch.no_grad():
                actual = run_backbone(self._backbone, row, mask, added)[0]
            if not self._agree([actual], [expected]):
                raise ValueError("its vectors differ from those of subword ids")
        except Exception as error:
            return (
                f"a {self._kind} backbone does not read changed embeddings, which casing and "
                f"selectors need ({summarize_error(error)}): use another backbone"
            )
        return ""

    def _check_reach(self, reach: Sequence[Reach]) -> str:
        """Return a problem with the causal mask of a layer."""
        bottom = self._options.causal_layers
        bottom = len(reach) if bottom is None else bottom
        missing = [i for i, layer in enumerate(reach[:bottom], 1) if layer.right]
        if missing:
            return (
                f"layer {missing[0]} of a {self._kind} backbone has no causal mask: it sees "
                f"{reach[missing[0] - 1].right} subwords to the right; use a decoder"
            )
        causal = [i for i, layer in enumerate(reach, 1) if i > bottom and layer.is_causal]
        if causal:
            shown = ", ".join(map(str, causal[:4])) + " …" * (len(causal) > 4)
            return (
                f"a {self._kind} backbone cannot be made bidirectional: {len(causal)} of its "
                f"{len(reach)} layers see no subword to the right (layers {shown}); use another "
                "backbone, or set attention: causal"
            )
        is_lifted = self._options.causal_layers is not None and bottom < max(1, len(reach))
        if is_lifted and not any(layer.right for layer in reach[bottom:]):
            return (
                f"a {self._kind} backbone cannot be made bidirectional: no layer sees a subword to "
                "the right; use another backbone, or set attention: causal"
            )
        return ""

    def _choose_layout(
        self, rows: Sequence[Tensor], alone: Sequence[Tensor]
    ) -> tuple[TrialLayout, str]:
        """Return the fastest layout that changes no vectors, and why it is not a faster one."""
        packed = "not tried"
        if self._options.packs:
            packed = self._try_layout(self._read_packed, rows, alone)
            disable_packing(self._backbone)
        if not packed:
            return "packed", ""
        padded = self._try_layout(self._read_padded, rows, alone)
        if not padded:
            return "padded", f"packing: {packed}"
        return "single", f"padding: {padded}"

    def _try_layout(
        self,
        read: Callable[[Sequence[Tensor]], list[Tensor]],
        rows: Sequence[Tensor],
        alone: Sequence[Tensor],
    ) -> str:
        """Return why rows cannot be read in a layout; empty if they can."""
        try:
            # Both orders: the masks of some architectures depend on the first row of a batch.
            for order in (slice(None), slice(None, None, -1)):
                if not self._agree(read(rows[order]), alone[order]):
                    return "the vectors differ from those of a sentence alone"
        except Exception as error:  # architectures fail in different ways
            return summarize_error(error)
        return ""

    @torch.no_grad()
    def _read_padded(self, rows: Sequence[Tensor]) -> list[Tensor]:
        padding = getattr(self._model.config.get_text_config(), "pad_token_id", None) or 0
        ids = torch.full((len(rows), self._longest), padding, device=self._device)
        mask = torch.zeros_like(ids)
        for i, row in enumerate(rows):
            ids[i, : row.shape[1]] = row[0]
            mask[i, : row.shape[1]] = 1
        result = run_backbone(self._backbone, ids, {"attention_mask": mask})
        return [vectors[: row.shape[1]] for vectors, row in zip(result, rows, strict=True)]

    @torch.no_grad()
    def _read_packed(self, rows: Sequence[Tensor]) -> list[Tensor]:
        lengths = [row.shape[1] for row in rows]
        steps = torch.arange(self._longest, device=self._device)
        sizes = torch.tensor(lengths, device=self._device)
        mask = steps < sizes.unsqueeze(1)
        index = (steps + (sizes.cumsum(0) - sizes).unsqueeze(1)) * mask
        packing = Packing(index, mask, index, mask, steps.expand_as(mask)[mask][None])
        enable_packing(self._backbone)
        result = run_backbone(self._backbone, torch.cat(list(rows), 1), packing._asdict())
        return list(result[0].split(lengths))

    def _agree(self, actual: Sequence[Tensor], expected: Sequence[Tensor]) -> bool:
        """Return whether the vectors of rows agree, up to rounding errors."""
        errors = torch.cat(
            [
                (a.float() - b.float()).norm(dim=-1) / b.float().norm(dim=-1).clamp(min=1e-9)
                for a, b in zip(actual, expected, strict=True)
            ]
        )
        is_quantized = getattr(self._model, "is_quantized", False)
        exact = None if is_quantized else _TOLERANCE.get(expected[0].dtype)
        if exact is not None:
            return bool((errors <= exact).all())
        return bool((errors <= _COARSE_TOLERANCE).float().mean() >= _COARSE_SHARE)
