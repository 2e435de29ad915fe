"""Emissions of a tagger by PyTorch: on a GPU or a CPU, in any precision, in training too."""

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
        device: where it computes.
        autocast: compute in this dtype where it is safe; the weights' own if None.
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
        """The CRF's scores; all 0 where the head is a softmax."""
        crf = self.model.crf
        parts = (crf.start_transitions, crf.transitions, crf.end_transitions)
        return Transitions(*(part.detach().float().cpu().numpy() for part in parts))

    @torch.inference_mode()
    def emissions(self, rows: Sequence[Row]) -> Sequence[Floats]:
        """Tag scores of a batch, padded. *Shape:* (B, W, C), fp32."""
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
    """A tagger that computes with PyTorch; arguments as for `TorchEmissionModel` and `Tagger`."""
    reader = TorchEmissionModel(model, device, autocast)
    return Tagger(reader, model.config.prompts, encoder, batch_size=batch_size)
