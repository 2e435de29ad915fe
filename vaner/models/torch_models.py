"""Saved models as what finds mentions, by PyTorch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from vaner.backbones.base_model import BackboneModel
from vaner.backbones.encoding import Encoder
from vaner.backbones.saved_model import load_for_inference, locate_tokenizer, select_device
from vaner.backbones.storage import read_model_type
from vaner.errors import ModelError
from vaner.generator.model import VanerForGeneration
from vaner.generator.prompts import PromptEncoder
from vaner.generator.recognizer import Generator
from vaner.tagger.model import VanerForTokenClassification
from vaner.tagger.recognizer import Tagger
from vaner.tagger.torch_emissions import build_torch_tagger

_SELECTOR = "vaner-selector"


def load_torch_recognizer(
    folder: Path, device: str | torch.device, batch_size: int, **options: Any
) -> Tagger | Generator:
    """A saved model, ready to find mentions.

    Args:
        folder: of the model.
        device: ``auto``, ``cpu``, ``cuda`` …
        batch_size: most sentences in a batch.
        options: for its `from_pretrained`.

    Raises:
        VanerError: for a device that this machine does not have.
        ModelError: where it is not complete, or of no kind that finds mentions.
    """
    place = select_device(device)  # a wrong one is told now and not after the loading
    kind = read_model_type(folder)
    if kind == _SELECTOR:
        raise ModelError(
            f"{folder} is of a selector, which finds no mentions; put it behind a model that does",
            argument="selector",
        )
    known: tuple[type[BackboneModel], ...] = (VanerForTokenClassification, VanerForGeneration)
    made = next((model for model in known if model.config_class.model_type == kind), None)
    if made is None:
        raise ModelError(f"{folder} is of a {kind} model, not of a saved vaner model")
    return build_recognizer(
        load_for_inference(made, folder, place, options), folder, place, batch_size
    )


def build_recognizer(
    model: BackboneModel, folder: Path, device: torch.device, batch_size: int
) -> Tagger | Generator:
    """A model in memory, ready to find mentions.

    Args:
        model: the model, in evaluation mode.
        folder: where it was loaded from, which may have its tokenizer.
        device: where it computes.
        batch_size: most sentences in a batch.
    """
    place = locate_tokenizer(model, folder)
    if isinstance(model, VanerForGeneration):
        prompts = PromptEncoder.from_folder(place, model.config.max_subwords)
        return Generator(model, prompts, device=device, batch_size=batch_size)
    if not isinstance(model, VanerForTokenClassification):
        raise ModelError(f"a {type(model).__name__} finds no mentions")
    encoder = Encoder.from_folder(place, model.config.max_subwords, casing=model.config.casing)
    return build_torch_tagger(model, encoder, device=device, batch_size=batch_size)
