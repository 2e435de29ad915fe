"""Models put on the Hub, with the tokenizer that they need."""

from __future__ import annotations

import filecmp
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

from vaner.backbones.file_names import RESULTS_FILE, TRAINING_FILE
from vaner.backbones.locate import locate_tokenizer
from vaner.calibration.calibration import CALIBRATION_FILE
from vaner.hub.model_description import describe
from vaner.hub.repository import CARD_FILE, TOKENIZER_FILE, push


class SavableModel(Protocol):
    """A model in memory that can be saved into a folder."""

    @property
    def name_or_path(self) -> str | None: ...

    def save_pretrained(self, save_directory: str | Path) -> None: ...


def push_folder(folder: Path, repo: str, **options: Any) -> str:
    """Push a saved model, as `vaner.hub.repository.push` does, with its backbone's tokenizer."""
    return push(folder, repo, tokenizer=find_tokenizer_file(folder), **options)


def find_tokenizer_file(folder: Path) -> Path:
    """The tokenizer of a saved model: its own, or the backbone's.

    Raises:
        ModelError: where it is no saved model, or its backbone is not found.
    """
    config = describe(folder).config
    place = locate_tokenizer(folder, config.get("backbone", ""), config.get("backbone_origin"))
    return place / TOKENIZER_FILE


def push_model(model: SavableModel, repo: str, **options: Any) -> str:
    """Push a model that is in memory.

    The figures, the record of the training and the calibration that lie beside the weights that it
    was loaded from go with it only where it still has these weights: they say nothing of any
    others.
    """
    source = Path(model.name_or_path or "")
    with TemporaryDirectory(prefix="vaner-") as place:
        folder = Path(place)
        model.save_pretrained(folder)
        same = _same_weights(folder, source)
        told = (RESULTS_FILE, TRAINING_FILE, CALIBRATION_FILE) if same else ()
        for name in (TOKENIZER_FILE, CARD_FILE, *told):
            if (source / name).is_file():
                shutil.copyfile(source / name, folder / name)
        return push_folder(folder, repo, **options)


def _same_weights(one: Path, other: Path) -> bool:
    ours = {path.name: path for path in one.rglob("*.safetensors")}
    places = (other, other / "adapter")
    theirs = {path.name: path for place in places for path in place.glob("*.safetensors")}
    return ours.keys() == theirs.keys() and all(
        filecmp.cmp(path, theirs[name], shallow=False) for name, path in ours.items()
    )
