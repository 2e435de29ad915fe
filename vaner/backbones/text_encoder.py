"""Vectors of short texts: the mean of the last layer of an encoder."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from vaner.backbones.backbone import load_backbone
from vaner.backbones.encoding import read_tokenizer
from vaner.backbones.locate import locate_backbone

_BATCH_SIZE = 64


class TextEncoder:
    """Embeds short texts, such as names, on the CPU.

    Args:
        backbone: name of an encoder.
        max_subwords: number of subwords that are read of a text.

    Raises:
        VanerError: if the backbone cannot be loaded.
    """

    def __init__(self, backbone: str, max_subwords: int) -> None:
        folder = locate_backbone(backbone).folder
        self._tokenizer = read_tokenizer(folder)
        self._tokenizer.enable_truncation(max_subwords)
        self._tokenizer.enable_padding()
        self._model = load_backbone(folder, attention="bidirectional").eval()

    @torch.inference_mode()
    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return vectors of length 1. *Shape:* (number of texts, hidden size)"""
        order = sorted(range(len(texts)), key=lambda row: len(texts[row]))
        vectors = np.zeros((len(texts), self._model.config.hidden_size), np.float32)
        for start in range(0, len(texts), _BATCH_SIZE):
            rows = order[start : start + _BATCH_SIZE]
            encodings = self._tokenizer.encode_batch([texts[row] for row in rows])
            mask = torch.tensor([encoding.attention_mask for encoding in encodings])
            input_ids = torch.tensor([encoding.ids for encoding in encodings])
            hidden = self._model(input_ids=input_ids, attention_mask=mask).last_hidden_state
            sums = (hidden * mask[..., None]).sum(1)
            vectors[rows] = torch.nn.functional.normalize(sums).numpy()
        return vectors
