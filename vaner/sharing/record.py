"""How a model came to be, in a file beside its weights: what its card tells of the training."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

TRAINING_FILE = "training.json"

Training = Mapping[str, Any]
"""Of a training: name, seed, dev_f1, seconds, trained_on, chosen_on, languages, and provenance; the
name under ``began_with`` where it began with a trained model, which the others then tell of too."""


def read_training(folder: Path) -> Training:
    """The record in a model's folder; an empty one where there is none that can be read."""
    try:
        content = json.loads((folder / TRAINING_FILE).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def write_training(folder: Path, record: Training) -> None:
    """Put the record into a model's folder."""
    text = json.dumps(record, indent=1, ensure_ascii=False)
    (folder / TRAINING_FILE).write_text(text + "\n", "utf-8")
