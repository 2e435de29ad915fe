"""Embeddings of names by a small encoder, whose cosines help to rank candidates.

`vaner kb index --embed` writes those of a base to a folder next to it; they are memory-mapped. A
base that has them is linked with them, which needs PyTorch.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vaner.errors import KnowledgeError, ModelError
from vaner.knowledge.base import KnowledgeBase, default_path
from vaner.linking.name_index import VERSION, NameIndex
from vaner.utils import array_cache
from vaner.utils.temporary_folder import temporary_folder

if TYPE_CHECKING:
    from vaner.backbones.text_encoder import TextEncoder

BACKBONE = "minilm-l6"
_MAX_SUBWORDS = 32


class NameEmbeddings:
    """The embeddings of the names of an index.

    Args:
        vectors: vectors of the names, of length 1. *Shape:* (number of names, hidden size)
        encoder: embeds mentions.
    """

    def __init__(self, vectors: NDArray[np.float16], encoder: TextEncoder) -> None:
        self.vectors, self.encoder = vectors, encoder

    def compare(
        self, mentions: Sequence[str], candidates: Sequence[NDArray[np.int64]]
    ) -> list[NDArray[np.float32]]:
        """Return the cosines of the embeddings of mentions and their candidates.

        Args:
            mentions: canonical names.
            candidates: indices of names, for each mention. *Shape:* (candidates of the mention,)
        """
        return [
            self.vectors[names].astype(np.float32) @ vector
            for names, vector in zip(candidates, self.encoder.embed(mentions), strict=True)
        ]


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
    """Remove the embeddings of a base, if there are any: all of them or nothing.

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


def _load_encoder(base: KnowledgeBase) -> TextEncoder:
    try:
        from vaner.backbones.text_encoder import TextEncoder

        return TextEncoder(BACKBONE, _MAX_SUBWORDS)
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
    """Return the argument of commands for a base: its name, or its path in another folder."""
    return base.name if base.path == default_path(base.name) else str(base.path)


def _make_key(base: KnowledgeBase) -> dict[str, Any]:
    return {"version": VERSION, "base": base.fingerprint, "backbone": BACKBONE}
