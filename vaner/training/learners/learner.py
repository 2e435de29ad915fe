"""The interface between the training loop and a kind of model."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any, Protocol

import torch

from vaner.backbones.backbone import count_embeddings
from vaner.backbones.base_model import BackboneModel
from vaner.backbones.encoding import Encoder, read_tokenizer
from vaner.backbones.locate import locate_backbone
from vaner.errors import ModelError
from vaner.text.documents import Corpus
from vaner.training.data.sources import DevSet, LoadedSource
from vaner.training.examples.sentences import Coverage, Example
from vaner.training.recipe.models import AnyModel


class Learner(Protocol):
    """A model in training.

    Attributes:
        model: the model.
    """

    @property
    def model(self) -> BackboneModel: ...

    def make_examples(
        self, source: LoadedSource, corpus: Corpus, proposals: Corpus | None = None
    ) -> tuple[Sequence[Example], Coverage]:
        """Return the training examples of a source, and how much of its gold is reachable.

        Args:
            source: the source.
            corpus: its documents, without held-out sentences.
            proposals: the same documents with a recognizer's mentions, for a selector.

        Raises:
            VanerError: if a knowledge base or a teacher does not exist.
        """
        ...

    def encode(self, example: Any, rng: Random) -> Any:
        """Return the encoded row of an example; the same row for the same state of `rng`."""
        ...

    def collate(self, rows: Sequence[Any]) -> dict[str, torch.Tensor]:
        """Return a batch of rows as arguments of the model's forward pass."""
        ...

    def score(self, dev: Sequence[DevSet], autocast: torch.dtype | None) -> Mapping[str, float]:
        """Return ``eval_f1``, which selects the checkpoint, and further scores, all in [0, 1].

        The mentions are found as at inference.

        Args:
            dev: the dev sets.
            autocast: number format of the forward pass; None is the format of the weights.
        """
        ...


def backbone_options(recipe: AnyModel) -> dict[str, Any]:
    """Return the arguments of `BackboneModel.from_backbone` for a model that is trained here.

    Each process of torchrun has a GPU; 4-bit weights are loaded on it directly.
    """
    has_gpu = torch.cuda.is_available()
    return {
        "origin": recipe.origin,
        "layers": recipe.layers,
        "lora": recipe.lora.options() if recipe.lora else None,
        "quantization": recipe.quantization,
        "dtype": torch.bfloat16 if recipe.quantization and has_gpu else torch.float32,
        "device": f"cuda:{os.environ.get('LOCAL_RANK', '0')}" if has_gpu else "cpu",
        "kernel": None if has_gpu else "eager",
        "frozen_layers": recipe.frozen_layers,
        "backbone_dropout": recipe.backbone_dropout,
        "max_subwords": recipe.max_subwords,
    }


def check_tokenizer(model: BackboneModel) -> None:
    """Check that the backbone has an embedding for each subword of its tokenizer.

    Raises:
        ModelError: if it does not, or if the tokenizer is missing or broken.
    """
    file = tokenizer_file(model)
    Encoder.from_folder(file.parent, model.config.max_subwords)  # it can encode any word
    tokenizer = read_tokenizer(file.parent)
    rows = count_embeddings(model.backbone)
    used = {*tokenizer.get_vocab(with_added_tokens=False).values(), *tokenizer.encode("a").ids}
    if (largest := max(used)) >= rows:
        raise ModelError(
            f"{file}: the subwords have ids up to {largest}, but the backbone has only {rows} "
            "embeddings: use the tokenizer that the backbone was trained with"
        )


def tokenizer_file(model: BackboneModel) -> Path:
    """Return the path of the ``tokenizer.json`` of a model's backbone."""
    located = locate_backbone(model.config.backbone, model.config.backbone_origin)
    return located.folder / "tokenizer.json"
