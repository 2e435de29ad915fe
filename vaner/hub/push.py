"""Push a model with its tokenizer, from a folder or from memory."""

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
    """A model in memory that can be saved."""

    @property
    def name_or_path(self) -> str | None: ...

    def save_pretrained(self, save_directory: str | Path) -> None: ...


def push_folder(folder: Path, repo: str, **options: Any) -> str:
    """Push a saved model with its tokenizer, see `vaner.hub.repository.push`."""
    return push(folder, repo, tokenizer=find_tokenizer_file(folder), **options)


def find_tokenizer_file(folder: Path) -> Path:
    """Return the path of the tokenizer of a saved model: in its folder, or that of the backbone.

    Raises:
        ModelError: If the folder is not a saved model, or the backbone is not found.
    """
    config = describe(folder).config
    source = locate_tokenizer(folder, config.get("backbone", ""), config.get("backbone_origin"))
    return source / TOKENIZER_FILE


def push_model(model: SavableModel, repo: str, **options: Any) -> str:
    """Push a model that is in memory.

    The results, the training record and the calibration of the folder that the model was loaded
    from are included only if its weights have not changed, because they describe these weights.
    """
    source = Path(model.name_or_path or "")
    with TemporaryDirectory(prefix="vaner-") as temporary:
        folder = Path(temporary)
        model.save_pretrained(folder)
        is_unchanged = _has_same_weights(folder, source)
        records = (RESULTS_FILE, TRAINING_FILE, CALIBRATION_FILE) if is_unchanged else ()
        for name in (TOKENIZER_FILE, CARD_FILE, *records):
            if (source / name).is_file():
                shutil.copyfile(source / name, folder / name)
        return push_folder(folder, repo, **options)


def _has_same_weights(saved: Path, source: Path) -> bool:
    saved_files = {path.name: path for path in saved.rglob("*.safetensors")}
    folders = (source, source / "adapter")
    source_files = {path.name: path for f in folders for path in f.glob("*.safetensors")}
    return saved_files.keys() == source_files.keys() and all(
        filecmp.cmp(path, source_files[name], shallow=False) for name, path in saved_files.items()
    )
