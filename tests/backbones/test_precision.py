"""Number formats: fp32 by default, and bf16 within the tolerance that is stated."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from experiments.backbones.architectures import save_model
from tests.command_line import Run
from vaner.annotator import Annotator
from vaner.backbones.load_options import parse_dtype
from vaner.errors import ModelError
from vaner.recognition.options import BF16_TOLERANCE, LoadOptions, declaration
from vaner.tagger.model import VanerForTokenClassification
from vaner.text.documents import Document

TEXTS = [
    "Aspirin-induced asthma (AIA) was seen in 5 % of the patients.",
    "Gout.",
    "Metformin is given to patients with type 2 diabetes mellitus. " * 3,
    "A mutation of the BRCA1 gene raises the risk of breast cancer.",
]
PAGE = Path(__file__).parents[2] / "docs" / "backbones.md"


def build_tagger(architecture: str, folder: Path) -> Path:
    """Save a tagger with many predictions, of all weights."""
    backbone = save_model(architecture, folder / "backbone")
    model = VanerForTokenClassification.from_backbone(
        str(backbone), types=["Chemical", "Disease"], max_subwords=128
    )
    torch.nn.init.normal_(model.classifier.weight, std=1.0)
    model.save_pretrained(folder / "model")
    (folder / "model/tokenizer.json").write_bytes((backbone / "tokenizer.json").read_bytes())
    return folder / "model"


def scores(document: Document) -> dict[Any, float]:
    return {(span.start, span.end, span.type): span.score or 0.0 for span in document.spans}


def largest_difference(annotator: Annotator) -> tuple[float, int]:
    """Return how much scores alone and in a batch differ, and the number of mentions."""
    pairs = [
        (scores(annotator(text)), scores(document))
        for text, document in zip(TEXTS, annotator.annotate(TEXTS), strict=True)
    ]
    shared = [
        abs(alone[key] - batch[key]) for alone, batch in pairs for key in alone.keys() & batch
    ]
    return max(shared), len(shared)


@pytest.mark.parametrize("architecture", ["llama", "bloom", "bert"])  # packed, padded, encoder
def test_scores_alone_and_in_a_batch(architecture: str, tmp_path: Path) -> None:
    folder = build_tagger(architecture, tmp_path)
    difference, mentions = largest_difference(Annotator.from_pretrained(folder, device="cpu"))
    assert mentions > 8 and difference < 1e-4
    annotator = Annotator.from_pretrained(folder, device="cpu", dtype="bf16")
    assert annotator.recognizer.emission_model.model.backbone.dtype == torch.bfloat16  # type: ignore[attr-defined]
    assert annotator.recognizer.emission_model.model.classifier.weight.dtype == torch.float32  # type: ignore[attr-defined]
    difference, mentions = largest_difference(annotator)
    assert mentions > 8 and difference <= BF16_TOLERANCE


def test_tolerance_is_stated_where_bf16_is_requested(run: Run) -> None:
    stated = f"by up to {BF16_TOLERANCE}"
    assert stated in declaration(LoadOptions, "dtype").description
    assert stated in " ".join(PAGE.read_text("utf-8").split())
    for command in ("annotate", "evaluate", "serve"):
        shown = run(command, "--help").out.replace("│", " ").split()
        assert f"up to {BF16_TOLERANCE}" in " ".join(shown)


def test_adapter_in_bf16(tiny_model: Path, run: Run) -> None:
    model = VanerForTokenClassification.from_pretrained(tiny_model, dtype="bf16")
    assert model.backbone.dtype == torch.bfloat16
    done = run("annotate", "--model", tiny_model, "--dtype", "bf16", "--text", TEXTS[0])
    assert done.code == 0 and not done.err.count("error")
    assert (
        "--dtype applies to models"
        in run("evaluate", "--kb", "open", "--dtype", "bf16", "--corpus", "NCBI-disease").error
    )


def test_names_of_number_formats(tiny_model: Path) -> None:
    assert parse_dtype(None) == parse_dtype("auto") == torch.float32
    assert parse_dtype("bfloat16") == parse_dtype(torch.bfloat16) == torch.bfloat16
    with pytest.raises(ModelError, match="dtype is 'bf61'; choose one of auto, float32"):
        VanerForTokenClassification.from_pretrained(tiny_model, dtype="bf61")
