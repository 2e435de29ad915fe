"""Describe a saved model from its files, without loading it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vaner.backbones.embedded import EMBEDDED
from vaner.backbones.hub_names import parse_hub_name
from vaner.backbones.stored_config import read_config
from vaner.calibration.calibration import Calibration, read_calibration
from vaner.corpora import lookup
from vaner.errors import ModelError, library_errors
from vaner.hub.reported_results import ReportedResults, read_reported_results
from vaner.hub.training_record import TrainingRecord, list_training_splits, read_training_record

HEAD_FILE = "head.safetensors"
_DTYPES = {"F32": "fp32", "F16": "fp16", "BF16": "bf16"}


@dataclass(frozen=True, slots=True)
class ModelDescription:
    """Description of a saved model.

    Args:
        config: Fields of ``config.json``, under their current names.
        weights: Names of the weight files, relative to the folder.
        training: Record of the training; empty if there is none.
        results: Reported results; empty if there are none.
        size: Size of the weights, in bytes.
        dtypes: Dtypes of the weights without the head.
        calibration: Calibration of the scores; None if there is none.
    """

    config: Mapping[str, Any]
    weights: tuple[str, ...]
    training: TrainingRecord
    results: ReportedResults
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
        """Entity types."""
        types: Sequence[str] = self.config.get("types", ())
        return types

    @property
    def corpora(self) -> Sequence[str]:
        """Names of the corpora that the model or its teachers were trained on."""
        recorded = (
            n for n, split in list_training_splits(self.training) if split or lookup(n) is not None
        )
        return list(dict.fromkeys((*self.config.get("corpora", ()), *recorded)))

    @property
    def backbone(self) -> str:
        """Name or folder of the backbone."""
        name: str = self.config.get("backbone", "")
        return name

    @property
    def is_adapter(self) -> bool:
        """Whether the trained weights of the backbone are an adapter."""
        return any(Path(name).name.startswith("adapter_model") for name in self.weights)

    @property
    def needs_backbone(self) -> bool:
        """Whether the original weights of the backbone are needed to load the model."""
        return self.is_adapter or self.config.get("frozen_layers") is not None

    @property
    def base_model(self) -> str | None:
        """Name of the backbone on the Hub; None if it is not known to be on the Hub."""
        repo = parse_hub_name(self.backbone).repo
        if repo in EMBEDDED:
            return EMBEDDED[repo].hub
        return repo if self.config.get("backbone_origin") == "hub" else None

    @property
    def layers(self) -> int | None:
        """Number of layers of the backbone in the model."""
        backbone = self.config.get("backbone_config") or {}
        inner = backbone.get("text_config") or backbone
        layers: int | None = inner.get("num_hidden_layers")
        return layers


def describe(folder: Path) -> ModelDescription:
    """Return the description of the model in a folder.

    Raises:
        ModelError: If the folder is not a complete saved model of vaner.
    """
    config = read_config(folder)
    family = str(config.get("model_type"))
    if family != "vaner" and not family.startswith("vaner-"):
        raise ModelError(f"{folder} is a {family} model, not a saved vaner model")
    files = sorted([*folder.glob("*.safetensors"), *folder.glob("adapter/*.safetensors")])
    if not files:
        raise ModelError(f"{folder}: there are no weights (*.safetensors)")
    dtypes = {file: _read_dtypes(file) for file in files}
    return ModelDescription(
        config,
        tuple(file.relative_to(folder).as_posix() for file in files),
        read_training_record(folder),
        read_reported_results(folder),
        sum(file.stat().st_size for file in files),
        tuple(sorted({d for f, names in dtypes.items() if f.name != HEAD_FILE for d in names})),
        read_calibration(folder),
    )


def _read_dtypes(file: Path) -> set[str]:
    """Return the dtypes of a safetensors file from its header, without reading the weights.

    Raises:
        ModelError: If the file is broken or incomplete.
    """
    problem = "not a readable weight file"
    with library_errors(file, problem, "copy it again", error_class=ModelError):
        with file.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            header = json.loads(stream.read(min(length, file.stat().st_size)))
        tensors = [tensor for name, tensor in header.items() if name != "__metadata__"]
        dtypes = {tensor["dtype"] for tensor in tensors}
        ends = [tensor["data_offsets"][1] for tensor in tensors]
    if 8 + length + max(ends, default=0) != file.stat().st_size:
        raise ModelError(f"{file}: the weight file is incomplete; copy it again")
    return {_DTYPES.get(dtype, dtype.lower()) for dtype in dtypes}
