"""4-bit weights that a CPU cannot compute with are reported at load."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from vaner.backbones import backbone
from vaner.errors import ModelError


@pytest.mark.skipif(torch.cuda.is_available(), reason="tests the CPU implementation")
def test_rows_that_are_not_a_multiple_of_the_block_size(tiny_backbone: Path) -> None:
    with pytest.raises(ModelError, match=r"a multiple of 64, and layers\.0\.\S+ .* has rows of 32"):
        backbone.load_backbone(tiny_backbone, attention="bidirectional", quantization="nf4")
