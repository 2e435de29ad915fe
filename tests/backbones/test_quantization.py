"""4-bit weights where they cannot be computed with: one line, before anything is computed."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from vaner.backbones import backbone
from vaner.errors import ModelError


@pytest.mark.skipif(torch.cuda.is_available(), reason="about the arithmetic of CPUs")
def test_rows_that_are_no_whole_blocks(tiny_backbone: Path) -> None:
    with pytest.raises(ModelError, match=r"blocks of 64, and layers\.0\.\S+ .* has rows of 32"):
        backbone.load_backbone(tiny_backbone, attention="bidirectional", quantization="nf4")
