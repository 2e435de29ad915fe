"""transformers' pipeline: the annotator's own answers, for any text, one or many."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoConfig, AutoModel, AutoModelForTokenClassification, pipeline
from transformers.pipelines.pt_utils import KeyDataset

from vaner.annotator import Annotator
from vaner.integrations.transformers import VanerPipeline, entities
from vaner.tagger.model import VanerForTokenClassification

ROOT = Path(__file__).resolve().parents[2]
TEXTS = [
    "Aspirin-induced asthma (AIA) was seen.",
    "",
    "β-thalassaemia 😀 and sickle cell anaemia",
    "Metformin is given to patients. " * 200 + "She had breast cancer.",
]


@pytest.fixture(scope="module")
def find(tiny_model: Path) -> Any:
    return pipeline("vaner-ner", model=str(tiny_model), device="cpu")


@pytest.fixture(scope="module")
def annotator(tiny_model: Path) -> Annotator:
    return Annotator.from_pretrained(tiny_model, device="cpu")


def places(found: list[dict[str, Any]]) -> list[tuple[int, int, str]]:
    return [(one["start"], one["end"], one["entity_group"]) for one in found]


@pytest.mark.parametrize("text", TEXTS)
def test_one_text(find: Any, annotator: Annotator, text: str) -> None:
    found, expected = find(text), entities(annotator(text))
    assert places(found) == places(expected)
    assert [one["score"] for one in found] == pytest.approx(
        [one["score"] for one in expected], abs=1e-4
    )
    assert all(text[one["start"] : one["end"]] == one["word"] for one in found)


@settings(deadline=None, max_examples=40)
@given(st.text(max_size=60))
def test_offsets_hold_for_any_text(find: Any, text: str) -> None:
    for one in find(text):
        assert text[one["start"] : one["end"]] == one["word"] and one["word"].strip()


def test_many_texts(find: Any) -> None:
    alone = [places(find(text)) for text in TEXTS]
    assert any(alone)
    for many in (TEXTS, tuple(TEXTS)):
        assert [places(found) for found in find(many, batch_size=3)] == alone
    stream = find(text for text in TEXTS)
    assert not isinstance(stream, list) and [places(found) for found in stream] == alone
    rows = KeyDataset([{"text": text} for text in TEXTS], "text")  # type: ignore[arg-type]
    assert [places(found) for found in find(rows)] == alone
    assert find([]) == []


def test_options_at_construction_and_in_a_call(find: Any, tiny_model: Path) -> None:
    found = find(TEXTS[0], types=["Disease"], min_score=0.1)
    assert {one["entity_group"] for one in found} == {"Disease"}
    model = VanerForTokenClassification.from_pretrained(tiny_model)
    chosen = VanerPipeline(model, device="cpu", types=["Disease"], min_score=0.1)
    assert places(chosen(TEXTS[0])) == places(found)
    with pytest.raises(TypeError, match="no option tipes"):
        find("x", tipes=["Disease"])


def test_auto_classes_know_whole_models_and_adapters(tiny_model: Path, tmp_path: Path) -> None:
    config = AutoConfig.from_pretrained(tiny_model)
    assert config.types == ["Chemical", "Disease"]
    adapted = AutoModelForTokenClassification.from_pretrained(tiny_model)
    assert isinstance(adapted, VanerForTokenClassification) and adapted.is_adapted
    shutil.copytree(tiny_model, tmp_path / "hub")  # as it lies on the Hub
    (tmp_path / "hub" / "adapter").mkdir()
    for name in ("adapter_config.json", "adapter_model.safetensors"):
        (tmp_path / "hub" / name).rename(tmp_path / "hub" / "adapter" / name)
    moved = AutoModelForTokenClassification.from_pretrained(tmp_path / "hub")
    adapted.merge_adapter().save_pretrained(tmp_path / "whole")
    shutil.copyfile(tiny_model / "tokenizer.json", tmp_path / "whole" / "tokenizer.json")
    whole = AutoModelForTokenClassification.from_pretrained(tmp_path / "whole")
    for model in (moved.merge_adapter(), whole):
        for name, weight in adapted.state_dict().items():
            assert torch.equal(weight, model.state_dict()[name]), name
    made = AutoModelForTokenClassification.from_config(config)
    assert isinstance(made, VanerForTokenClassification)


def test_a_generator_too(tiny_backbone: Path, tmp_path: Path) -> None:
    from vaner.generator.model import VanerForGeneration

    model = VanerForGeneration.from_backbone(
        str(tiny_backbone),
        lora={"r": 4, "target_modules": "all-linear"},
        types=["Disease"],
        max_subwords=500,
    )
    model.save_pretrained(tmp_path)
    assert AutoConfig.from_pretrained(tmp_path).model_type == "vaner-generator"
    read = AutoModel.from_pretrained(tmp_path)
    assert isinstance(read, VanerForGeneration)
    text = "She had asthma."  # the backbone has no head of its own: each loading draws another
    assert VanerPipeline(read, device="cpu")(text) == entities(
        Annotator.from_model(read, "cpu")(text)
    )
    assert isinstance(pipeline("vaner-ner", model=str(tmp_path), device="cpu"), VanerPipeline)


@pytest.mark.heavy
@pytest.mark.parametrize(
    "first",
    ["transformers", "vaner", "vaner.tagger.config", "vaner.generator.config"],
)
def test_models_are_registered_in_any_import_order(first: str) -> None:
    code = (
        f"import sys, {first}\n"
        "import vaner\n"
        f"assert ('torch' in sys.modules) <= ({first!r} != 'vaner')\n"
        "import vaner.integrations.transformers\n"
        "from transformers.models.auto.configuration_auto import CONFIG_MAPPING\n"
        "print({'vaner', 'vaner-generator'} <= set(CONFIG_MAPPING))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == "True"
