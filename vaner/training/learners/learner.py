"""What the one training loop asks of a kind of model."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any, Protocol

import torch

from vaner.backbones.base_model import BackboneModel
from vaner.backbones.locate import locate_backbone
from vaner.text.documents import Corpus
from vaner.training.data.sources import DevSet
from vaner.training.examples.sentences import Coverage, Example
from vaner.training.recipe.models import AnyModel
from vaner.training.recipe.schema import CorpusSource, DenseSource


class Learner(Protocol):
    """A model that learns, and how.

    Attributes:
        model: the model.
    """

    @property
    def model(self) -> BackboneModel: ...

    def examples(
        self, source: CorpusSource | DenseSource, corpus: Corpus, proposals: Corpus | None = None
    ) -> tuple[Sequence[Example], Coverage]:
        """What a source of a recipe gives to learn from, and what of its gold is out of reach.

        Args:
            source: the source.
            corpus: its documents, without sentences that must not be learnt from.
            proposals: the same documents with what a recognizer found in them, for a selector.

        Raises:
            VanerError: for a knowledge base or a teacher that is not found.
        """
        ...

    def row(self, example: Any, draw: Random) -> Any:
        """The row of an example, perhaps another one each time; the same for the same `draw`."""
        ...

    def collate(self, rows: Sequence[Any]) -> dict[str, torch.Tensor]:
        """Rows as what the model's forward pass takes."""
        ...

    def score(self, dev: Sequence[DevSet], autocast: torch.dtype | None) -> Mapping[str, float]:
        """``eval_f1``, by which the model is chosen, and more figures; all in [0, 1].

        Found the way a user would find it.
        """
        ...


def fresh(wanted: AnyModel) -> dict[str, Any]:
    """Options of `BackboneModel.from_backbone` for a model that is to be trained here.

    Each process of torchrun has a GPU of its own, which its 4-bit weights are put on at once.
    """
    gpu = torch.cuda.is_available()
    return {
        "origin": wanted.origin,
        "layers": wanted.layers,
        "lora": wanted.lora.options() if wanted.lora else None,
        "quantization": wanted.quantization,
        "dtype": torch.bfloat16 if wanted.quantization and gpu else torch.float32,
        "device": f"cuda:{os.environ.get('LOCAL_RANK', '0')}" if gpu else "cpu",
        "kernel": None if gpu else "eager",
        "frozen_layers": wanted.frozen_layers,
        "backbone_dropout": wanted.backbone_dropout,
        "max_subwords": wanted.max_subwords,
    }


def tokenizer_file(model: BackboneModel) -> Path:
    """The ``tokenizer.json`` of a model's backbone."""
    found = locate_backbone(model.config.backbone, model.config.backbone_origin)
    return found.folder / "tokenizer.json"
