"""An exported graph has the scores of its model, or nothing is exported."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from experiments.backbones.architectures import TOKENIZER, save_model
from vaner.errors import ModelError
from vaner.tagger.exported_forms import MODEL_FILE
from vaner.tagger.model import VanerForTokenClassification
from vaner.tagger.onnx_export import export


def export_architecture(architecture: str, folder: Path, **options: Any) -> Path:
    backbone = save_model(architecture, folder / "backbone")
    torch.manual_seed(0)
    model = VanerForTokenClassification.from_backbone(
        str(backbone), types=["Disease"], max_subwords=96, **options
    )
    _ = model.layout
    target = folder / "exported"
    export(model.eval(), backbone / TOKENIZER, target, precision="fp32")
    return target


@pytest.mark.parametrize("architecture", ["gemma2", "roberta"])
def test_export_of_architectures(architecture: str, tmp_path: Path) -> None:
    assert (export_architecture(architecture, tmp_path) / MODEL_FILE).is_file()


@pytest.mark.parametrize(
    "architecture",
    [
        pytest.param("longformer", marks=pytest.mark.slow),
        "cohere2", "fnet", "glm4", "gpt_oss", "granitemoehybrid",
    ],
)  # fmt: skip
def test_graph_that_differs_is_not_exported(
    architecture: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    attention = "causal" if architecture == "granitemoehybrid" else "bidirectional"
    options = {} if architecture in ("longformer", "fnet") else {"attention": attention}
    with pytest.raises(ModelError, match=f"a {architecture} backbone cannot be exported: "):
        export_architecture(architecture, tmp_path, **options)
    assert "graph(" not in "".join(capfd.readouterr())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backbone"]
