"""Push a model with its tokenizer, from a folder or from memory."""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

from vaner.backbones.encoding import TOKENIZER_FILE
from vaner.backbones.file_names import CARD_FILE
from vaner.backbones.locate import locate_tokenizer
from vaner.hub.model_description import describe
from vaner.hub.repository import push


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
    from are included only if its weights have not changed, because they describe these weights. The
    handwritten parts of its card are always included.
    """
    with TemporaryDirectory(prefix="vaner-") as temporary:
        folder = Path(temporary)
        model.save_pretrained(folder)
        if model.name_or_path and (card := Path(model.name_or_path) / CARD_FILE).is_file():
            shutil.copyfile(card, folder / CARD_FILE)
        return push_folder(folder, repo, **options)
