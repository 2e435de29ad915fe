"""Compute the memory of QLoRA for models of known shapes, and compare it with a measured step.

    python -m experiments.backbones.memory          # compute and measure, a minute on a CPU
    python -m experiments.backbones.memory --table  # only the tables, from the stored results

``shapes.json`` has the shapes of the models, so nothing is downloaded. The command writes
``memory.json`` and the tables in ``docs/qlora.md``.
"""

from __future__ import annotations

import argparse
import json
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedConfig

from experiments.results_table import fill_part
from experiments.study_report import write_record
from vaner.backbones.backbone import load_backbone
from vaner.backbones.memory import TrainingShape, estimate_memory
from vaner.backbones.trainable_weights import add_lora
from vaner.utils.atomic_write import atomic_write
from vaner.utils.provenance import collect_provenance

FOLDER = Path(__file__).parent
RESULTS = FOLDER / "memory.json"
PAGE = FOLDER.parents[1] / "docs" / "qlora.md"

_SMALL = {
    "model_type": "llama", "hidden_size": 512, "intermediate_size": 1024, "num_hidden_layers": 6,
    "num_attention_heads": 8, "num_key_value_heads": 4, "vocab_size": 8000,
}  # fmt: skip
_BATCHES = ((4, 256), (16, 256))


class PeakMemory(TorchDispatchMode):
    """Measures the memory of the tensors that are created while it is active.

    Attributes:
        peak: the largest number of bytes at a time.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.peak = self._size = 0
        self._known: set[int] = set()

    def __torch_dispatch__(
        self, operation: Any, types: Any, inputs: tuple[Any, ...] = (), options: Any = None
    ) -> Any:
        """Run an operation, and count the memory of its results."""
        before = {_address(item) for item in tree_leaves((inputs, options or {})) if _is(item)}
        result = operation(*inputs, **(options or {}))
        for tensor in filter(_is, tree_leaves(result)):
            address = _address(tensor)
            if address not in before | self._known:
                storage = tensor.untyped_storage()
                self._known.add(address)
                self._size += storage.nbytes()
                self.peak = max(self.peak, self._size)
                weakref.finalize(storage, self._free, address, storage.nbytes())
        return result

    def _free(self, address: int, size: int) -> None:
        self._known.discard(address)
        self._size -= size


def _is(item: object) -> bool:
    return isinstance(item, Tensor)


def _address(tensor: Tensor) -> int:
    return int(tensor.untyped_storage()._cdata)


def build_config(fields: Mapping[str, Any]) -> PreTrainedConfig:
    """Return the config of a model of `shapes.json`."""
    config: PreTrainedConfig = AutoConfig.for_model(**fields)
    return config


def read_shapes() -> dict[str, dict[str, Any]]:
    """Return the names of models -> the fields of their configs."""
    shapes: dict[str, dict[str, Any]] = json.loads((FOLDER / "shapes.json").read_text("utf-8"))
    return shapes


def compute_rows() -> list[dict[str, Any]]:
    """Return the memory of each model, in bytes, for batches of several sizes."""
    rows = []
    for name, fields in read_shapes().items():
        config = build_config(fields)
        for batch_size, length in _BATCHES:
            estimate = estimate_memory(config, TrainingShape(batch_size, length))
            rows.append({
                "model": name, "batch_size": batch_size, "length": length, **estimate._asdict(),
                "fixed": estimate.fixed, "total": estimate.total,
                "saved_total": estimate.saved_total,
            })  # fmt: skip
    return rows


def measure_step(fields: Mapping[str, Any] | None = None) -> dict[str, float]:
    """Make a QLoRA step with a small random model on the CPU, and compare memory, in bytes.

    Args:
        fields: the config of the model.

    Returns:
        For weights with adapter and state of the optimizer, for the rest of the step, and for the
        total: the computed and the measured number.
    """
    config = build_config(fields or _SMALL)
    shape = TrainingShape(batch_size=4, length=128, dtype=torch.float32)
    estimate = estimate_memory(config, shape)
    with TemporaryDirectory() as folder:
        AutoModelForCausalLM.from_config(config).save_pretrained(folder)
        backbone = load_backbone(
            Path(folder), attention="bidirectional", quantization="nf4", device="cpu"
        )
    model = add_lora(backbone, {"r": shape.rank, "target_modules": "all-linear"}).train()
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad])
    ids = torch.randint(config.vocab_size, (shape.batch_size, shape.length))

    def step() -> None:
        model(input_ids=ids).last_hidden_state.square().mean().backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=False)

    step()  # gradients and the state of the optimizer exist from now on
    with PeakMemory() as watch:
        step()
    states = [value for state in optimizer.state.values() for value in state.values()]
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    fixed = _count_bytes(
        [*model.parameters(), *_quantization_constants(model), *states, *gradients]
    )
    return {
        "computed_fixed": estimate.fixed, "measured_fixed": fixed,
        "computed_step": estimate.total - estimate.fixed, "measured_step": watch.peak,
        "computed_total": estimate.total, "measured_total": fixed + watch.peak,
    }  # fmt: skip


def _quantization_constants(model: torch.nn.Module) -> list[Tensor]:
    states = [getattr(weight, "quant_state", None) for weight in model.parameters()]
    return [part for state in states if state for part in (state.absmax, state.state2.absmax)]


def _count_bytes(tensors: Sequence[Tensor]) -> int:
    storages = {_address(tensor): tensor.untyped_storage().nbytes() for tensor in tensors}
    return sum(storages.values())


def make_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return a Markdown table of the memory of models, in GB."""
    lines = [
        "| model | rows × subwords | weights | adapter, gradients, optimizer | activations "
        "| total | total with `gradient_checkpointing` |",
        "|---|---|--:|--:|--:|--:|--:|",
    ]
    for row in rows:
        parts = (
            row["weights"], row["fixed"] - row["weights"], row["total"] - row["fixed"],
            row["total"], row["saved_total"],
        )  # fmt: skip
        cells = (f"{part / 1e9:.1f}" for part in parts)
        batch = f"{row['batch_size']} × {row['length']}"
        lines.append(f"| {row['model']} | {batch} | {' | '.join(cells)} |")
    return "\n".join(lines)


def describe_error(measured: Mapping[str, float]) -> str:
    """Return a sentence about the difference between computed and measured memory."""
    errors = [
        round(100 * (measured[f"computed_{part}"] / measured[f"measured_{part}"] - 1), 1) + 0.0
        for part in ("fixed", "step", "total")
    ]
    return (
        "Against a step of a small random LLaMA in 4 bits on a CPU, the computed memory is off by "
        f"{errors[0]:+.1f}% for weights, gradients and optimizer, {errors[1]:+.1f}% for the step, "
        f"and {errors[2]:+.1f}% in total."
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--table", action="store_true", help="compute nothing; write the tables")
    if not parser.parse_args(arguments).table:
        content = {"rows": compute_rows(), "measured": measure_step(), **collect_provenance()}
        write_record(content, RESULTS)
    results = json.loads(RESULTS.read_text("utf-8"))
    page = fill_part(PAGE.read_text("utf-8"), make_table(results["rows"]), "memory")
    page = fill_part(page, describe_error(results["measured"]), "memory-error")
    with atomic_write(PAGE) as temporary:
        temporary.write_text(page, "utf-8")


if __name__ == "__main__":
    main()
