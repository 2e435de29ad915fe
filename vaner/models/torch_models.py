"""Saved models as recognizers, with PyTorch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from vaner.backbones.base_model import BackboneModel
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
_MODELS: tuple[type[BackboneModel], ...] = (VanerForTokenClassification, VanerForGeneration)


def load_torch_recognizer(
    folder: Path, device: str | torch.device, batch_size: int, **options: Any
) -> Tagger | Generator:
    """Load a saved model as a recognizer.

    Args:
        folder: folder of the model.
        device: ``auto``, ``cpu``, ``cuda`` …
        batch_size: maximum number of sentences in a batch.
        options: for its `from_pretrained`.

    Raises:
        VanerError: if this machine does not have the device.
        ModelError: if the model is incomplete, or is not a recognizer.
    """
    torch_device = select_device(device)  # before the model is loaded, which takes longer
    kind = read_model_type(folder)
    if kind == _SELECTOR:
        raise ModelError(
            f"{folder} is a selector, which finds no mentions; use a model that does, and add the "
            "selector",
            argument="selector",
        )
    model_class = next((each for each in _MODELS if each.config_class.model_type == kind), None)
    if model_class is None:
        raise ModelError(f"{folder} is of a {kind} model, not of a saved vaner model")
    model = load_for_inference(model_class, folder, torch_device, options)
    return build_recognizer(model, folder, torch_device, batch_size)


def build_recognizer(
    model: BackboneModel, folder: Path, device: torch.device, batch_size: int
) -> Tagger | Generator:
    """Return a recognizer for a model in memory.

    Args:
        model: the model, in evaluation mode.
        folder: the folder it was loaded from, which may contain its tokenizer.
        device: the device to move it to.
        batch_size: maximum number of sentences in a batch.

    Raises:
        ModelError: if the model is not a recognizer.
    """
    tokenizer = locate_tokenizer(model, folder)
    if isinstance(model, VanerForGeneration):
        prompts = PromptEncoder.from_folder(tokenizer, model.config.max_subwords)
        return Generator(model, prompts, device=device, batch_size=batch_size)
    if not isinstance(model, VanerForTokenClassification):
        raise ModelError(f"a {type(model).__name__} does not find mentions")
    encoder = model.config.build_encoder(tokenizer)
    return build_torch_tagger(model, encoder, device=device, batch_size=batch_size)
