"""A saved model as its files describe it, without loading it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vaner.backbones.embedded import EMBEDDED
from vaner.backbones.stored_config import read_config
from vaner.calibration.calibration import Calibration, read_calibration
from vaner.corpora import lookup
from vaner.errors import ModelError
from vaner.hub.reported_results import ReportedResults, read_reported_results
from vaner.hub.training_record import TrainingRecord, list_training_splits, read_training_record

HEAD_FILE = "head.safetensors"
_DTYPES = {"F32": "fp32", "F16": "fp16", "BF16": "bf16"}


@dataclass(frozen=True, slots=True)
class ModelDescription:
    """What the files of a model say of it.

    Args:
        config: its config, as JSON has it.
        weights: the files of its weights, by their names in the folder.
        training: how it came to be.
        figures: what it scored.
        size: of its weights, in bytes.
        dtypes: of its weights, without the head's.
        calibration: of its scores, if they were calibrated.
    """

    config: Mapping[str, Any]
    weights: tuple[str, ...]
    training: TrainingRecord
    figures: ReportedResults
    size: int
    dtypes: tuple[str, ...]
    calibration: Calibration | None = None

    @property
    def kind(self) -> str:
        """``tagger``, ``generator`` or ``selector``."""
        family: str = self.config["model_type"]
        return family.removeprefix("vaner-") if family != "vaner" else "tagger"

    @property
    def types(self) -> Sequence[str]:
        types: Sequence[str] = self.config.get("types", ())
        return types

    @property
    def corpora(self) -> Sequence[str]:
        """The corpora that it, or a teacher of it, learnt from, by name."""
        recorded = (
            n for n, split in list_training_splits(self.training) if split or lookup(n) is not None
        )
        return list(dict.fromkeys((*self.config.get("corpora", ()), *recorded)))

    @property
    def backbone(self) -> str:
        name: str = self.config.get("backbone", "")
        return name

    @property
    def adapted(self) -> bool:
        """Whether what was trained of the backbone is an adapter."""
        return any(Path(name).name.startswith("adapter_model") for name in self.weights)

    @property
    def on_backbone(self) -> bool:
        """Whether it needs the backbone's own weights besides its own."""
        return self.adapted or self.config.get("frozen_layers") is not None

    @property
    def base_model(self) -> str | None:
        """The backbone's name on the Hub, if it is known to have one."""
        if self.backbone in EMBEDDED:
            return EMBEDDED[self.backbone].hub
        return self.backbone if self.config.get("backbone_origin") == "hub" else None

    @property
    def layers(self) -> int | None:
        """How many layers of the backbone there are in it."""
        backbone = self.config.get("backbone_config") or {}
        inner = backbone.get("text_config") or backbone
        found: int | None = inner.get("num_hidden_layers")
        return found


def describe(folder: Path) -> ModelDescription:
    """Read what a model's folder says of it.

    Raises:
        ModelError: where it is no folder of a saved model of ours.
    """
    config = read_config(folder)
    family = str(config.get("model_type"))
    if family != "vaner" and not family.startswith("vaner-"):
        raise ModelError(f"{folder} is of a {family} model, not of a saved vaner model")
    files = sorted([*folder.glob("*.safetensors"), *folder.glob("adapter/*.safetensors")])
    if not files:
        raise ModelError(f"{folder}: no weights here (*.safetensors)")
    dtypes = {file: _dtypes(file) for file in files}
    return ModelDescription(
        config,
        tuple(file.relative_to(folder).as_posix() for file in files),
        read_training_record(folder),
        read_reported_results(folder),
        sum(file.stat().st_size for file in files),
        tuple(sorted({d for f, own in dtypes.items() if f.name != HEAD_FILE for d in own})),
        read_calibration(folder),
    )


def _dtypes(file: Path) -> set[str]:
    """The kinds of numbers in a weight file, told by its head; the weights are not read.

    Raises:
        ModelError: where it is broken.
    """
    try:
        with file.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            head = json.loads(stream.read(min(length, file.stat().st_size)))
        kinds = {one["dtype"] for name, one in head.items() if name != "__metadata__"}
        ends = [one["data_offsets"][1] for name, one in head.items() if name != "__metadata__"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{file}: not a readable weight file ({error})") from error
    if 8 + length + max(ends, default=0) != file.stat().st_size:
        raise ModelError(f"{file}: not a whole weight file; copy it again")
    return {_DTYPES.get(kind, kind.lower()) for kind in kinds}
