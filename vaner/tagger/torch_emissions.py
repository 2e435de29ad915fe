"""Emissions of a tagger computed with PyTorch, on a GPU or a CPU, also during training."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext

import torch

from vaner.backbones.encoding import Encoder, Row
from vaner.backbones.saved_model import move_to_device
from vaner.tagger.batch_tensors import collate
from vaner.tagger.decoding import Floats, Transitions
from vaner.tagger.model import VanerForTokenClassification
from vaner.tagger.recognizer import Tagger


class TorchEmissionModel:
    """Computes emissions with a `VanerForTokenClassification`.

    Args:
        model: the model, in evaluation mode.
        device: the device to move it to.
        autocast: dtype for operations that allow it. Default: that of the weights.
    """

    form = "PyTorch"

    def __init__(
        self,
        model: VanerForTokenClassification,
        device: torch.device,
        autocast: torch.dtype | None = None,
    ) -> None:
        self.model = model
        self._device = device
        self._autocast = autocast
        move_to_device(model, device)

    def transitions(self) -> Transitions:
        """Return the CRF's scores. They are all 0 if the head is a softmax."""
        crf = self.model.crf
        parts = (crf.start_transitions, crf.transitions, crf.end_transitions)
        return Transitions(*(part.detach().float().cpu().numpy() for part in parts))

    @torch.inference_mode()
    def emissions(self, rows: Sequence[Row]) -> Sequence[Floats]:
        """Return the tag scores of a batch, with padding, in fp32. *Shape:* (B, W, C)"""
        autocast = (
            torch.autocast(self._device.type, self._autocast) if self._autocast else nullcontext()
        )
        with autocast:
            logits = self.model(**collate(rows, self.model.layout, self._device)).logits
        return list(logits.float().cpu().numpy())


def build_torch_tagger(
    model: VanerForTokenClassification,
    encoder: Encoder,
    *,
    device: torch.device,
    batch_size: int = 32,
    autocast: torch.dtype | None = None,
) -> Tagger:
    """Return a tagger that computes with PyTorch.

    Args:
        model: the model, in evaluation mode.
        encoder: the encoder that it was trained with.
        device: the device to move it to.
        batch_size: maximum number of rows in a batch.
        autocast: dtype for operations that allow it. Default: that of the weights.
    """
    emission_model = TorchEmissionModel(model, device, autocast)
    return Tagger(emission_model, model.config.prompts, encoder, batch_size=batch_size)
