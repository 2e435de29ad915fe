"""The memory of fine-tuning a backbone with QLoRA, for ``vaner doctor``."""

from __future__ import annotations

from collections.abc import Iterator

from vaner.cli.diagnostics import Observation


def describe_memory(
    name: str, revision: str | None, batch_size: int, length: int, rank: int
) -> Iterator[Observation]:
    """Yield the parts of the memory, computed from the config of a backbone.

    Args:
        name: embedded name, folder or Hub id. Only the config is downloaded.
        revision: its branch, tag or commit.
        batch_size: number of rows in a batch.
        length: number of subwords in a row.
        rank: rank of the adapter.

    Raises:
        ModelError: if there is no such backbone, or if its memory cannot be computed.
    """
    from vaner.backbones.backbone import read_backbone_config
    from vaner.backbones.locate import locate_config
    from vaner.backbones.memory import TrainingShape, estimate_memory

    config = read_backbone_config(locate_config(name, revision))
    estimate = estimate_memory(config, TrainingShape(batch_size, length, rank))
    yield Observation("architecture", f"{config.model_type}, {estimate.parameters:,} parameters")
    yield Observation("batch", f"{batch_size} rows of {length} subwords; adapter of rank {rank}")
    yield Observation("weights", f"{_gigabytes(estimate.weights)}, linear layers in 4 bits")
    trained = _gigabytes(estimate.fixed - estimate.weights)
    yield Observation("training", f"{trained}, adapter with gradients and the state of AdamW")
    yield Observation("activations", f"{_gigabytes(estimate.total - estimate.fixed)}, in bf16")
    yield Observation("total", f"{_gigabytes(estimate.total)}, without the driver of the GPU")
    yield Observation(
        "checkpointing", f"{_gigabytes(estimate.saved_total)} with gradient_checkpointing"
    )


def _gigabytes(size: float) -> str:
    """Return a number of bytes in GB.

    >>> _gigabytes(12_345_678_901)
    '12.3 GB'
    """
    return f"{size / 1e9:.1f} GB" if size >= 1e8 else f"{size / 1e9:.3f} GB"
