"""Vectors of names by a small encoder, whose cosines help to rank candidates.

`vaner kb index --embed` writes those of a base to a folder next to it; they are memory-mapped. A
base that has them is linked with them, which needs PyTorch.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaner.errors import KnowledgeError, ModelError
from vaner.knowledge import array_cache
from vaner.knowledge.base import KnowledgeBase, default_path
from vaner.linking.name_index import VERSION, NameIndex
from vaner.utils.temporary_folder import temporary_folder

BACKBONE = "minilm-l6"
_MAX_SUBWORDS = 32
_BATCH = 64


class NameEmbeddings:
    """The vectors of the names of an index.

    Args:
        names: vectors of length 1. *Shape:* (number of names, dimensions)
        encoder: embeds mentions.
    """

    def __init__(self, names: NDArray[np.float16], encoder: NameEncoder) -> None:
        self._names, self._encoder = names, encoder

    def compare(
        self, mentions: Sequence[str], candidates: Sequence[NDArray[np.int64]]
    ) -> list[NDArray[np.float32]]:
        """Return the cosines of the embeddings of mentions and their candidates.

        Args:
            mentions: canonical names.
            candidates: indices of names, for each mention. *Shape:* (candidates of the mention,)
        """
        vectors = self._encoder.embed(mentions)
        return [
            self._names[names].astype(np.float32) @ vector
            for names, vector in zip(candidates, vectors, strict=True)
        ]


class NameEncoder:
    """Embeds names as the mean of the last layer of a small encoder.

    Raises:
        VanerError: if the backbone cannot be loaded.
    """

    def __init__(self) -> None:
        from vaner.backbones.backbone import load_backbone
        from vaner.backbones.encoding import read_tokenizer
        from vaner.backbones.locate import locate_backbone

        folder = locate_backbone(BACKBONE).folder
        self._tokenizer = read_tokenizer(folder)
        self._tokenizer.enable_truncation(_MAX_SUBWORDS)
        self._tokenizer.enable_padding()
        self._model = load_backbone(folder, attention="bidirectional").eval()

    def embed(self, names: Sequence[str]) -> NDArray[np.float32]:
        """Return vectors of length 1. *Shape:* (number of names, dimensions)"""
        import torch

        order = sorted(range(len(names)), key=lambda row: len(names[row]))
        vectors = np.zeros((len(names), self._model.config.hidden_size), np.float32)
        with torch.inference_mode():
            for first in range(0, len(names), _BATCH):
                rows = order[first : first + _BATCH]
                encoded = self._tokenizer.encode_batch([names[row] for row in rows])
                mask = torch.tensor([each.attention_mask for each in encoded])
                hidden = self._model(
                    input_ids=torch.tensor([each.ids for each in encoded]), attention_mask=mask
                ).last_hidden_state
                sums = (hidden * mask[..., None]).sum(1)
                vectors[rows] = torch.nn.functional.normalize(sums).numpy()
        return vectors


def open_embeddings(base: KnowledgeBase) -> NameEmbeddings | None:
    """Open the embeddings of a base; None if its names are not embedded.

    Raises:
        KnowledgeError: if they are damaged or of another version of the base, or without PyTorch or
            the weights of the encoder.
    """
    folder = _get_folder(base)
    if not os.path.lexists(folder):
        return None
    tables = array_cache.load(folder, _make_key(base))
    if tables is None or "names" not in tables:
        raise KnowledgeError(
            f"{folder}: damaged, or of another version of the knowledge base; embed its names "
            f"again with: vaner kb index {_get_argument(base)} --embed"
        )
    return NameEmbeddings(np.asarray(tables["names"]), _load_encoder(base))


def write_embeddings(base: KnowledgeBase, index: NameIndex) -> None:
    """Embed the names of a base, and write them next to it.

    Raises:
        KnowledgeError: if they cannot be written, or without PyTorch or the weights of the encoder.
    """
    folder = _get_folder(base)
    try:
        with temporary_folder(folder):  # embedding takes minutes: find out before
            is_writable = True
    except OSError:
        is_writable = False
    if is_writable:
        vectors = _load_encoder(base).embed(index.get_names(np.arange(len(index))))
        arrays = {"names": vectors.astype(np.float16)}
        is_writable = array_cache.save(folder, arrays, _make_key(base))
    if not is_writable:
        raise KnowledgeError(f"{folder}: cannot be written; check the permissions of its folder")


def remove_embeddings(base: KnowledgeBase) -> None:
    """Remove the embeddings of a base, if it has some: all of them or nothing.

    Raises:
        KnowledgeError: if they cannot be removed.
    """
    folder = _get_folder(base)
    if not os.path.lexists(folder):
        return
    try:
        with temporary_folder(folder) as temporary:
            folder.rename(temporary / "removed")
    except OSError as error:
        raise KnowledgeError(
            f"{folder}: cannot be removed: {error.strerror}; check the permissions of its folder"
        ) from None


def _load_encoder(base: KnowledgeBase) -> NameEncoder:
    try:
        return NameEncoder()
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] not in {"torch", "transformers"}:
            raise
        need = "PyTorch: pip install torch transformers"
    except ModelError as error:
        need = f"the encoder: {error}"
    raise KnowledgeError(
        f"the embedded names of {base.name} need {need}; or "
        f"link without them after: vaner kb index {_get_argument(base)} --no-embed"
    )


def _get_folder(base: KnowledgeBase) -> Path:
    return base.path.with_suffix(".embeddings")


def _get_argument(base: KnowledgeBase) -> str:
    """Return what commands call a base: its name, or its path if it is in another folder."""
    return base.name if base.path == default_path(base.name) else str(base.path)


def _make_key(base: KnowledgeBase) -> dict[str, Any]:
    return {"version": VERSION, "base": base.fingerprint, "backbone": BACKBONE}
