"""The transformers pipeline gives the same mentions as the annotator."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from datasets import Dataset
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils.data import IterableDataset
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForTokenClassification,
    AutoTokenizer,
    pipeline,
)
from transformers.pipelines.pt_utils import KeyDataset

from vaner.annotator import Annotator
from vaner.errors import ModelError, VanerError
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
def recognize(tiny_model: Path) -> Any:
    return pipeline("vaner-ner", model=str(tiny_model), device="cpu")


@pytest.fixture(scope="module")
def annotator(tiny_model: Path) -> Annotator:
    return Annotator.from_pretrained(tiny_model, device="cpu")


class _Stream(IterableDataset[str]):
    def __iter__(self) -> Iterator[str]:
        return iter(TEXTS)


def extents(mentions: list[dict[str, Any]]) -> list[tuple[int, int, str]]:
    return [(mention["start"], mention["end"], mention["entity_group"]) for mention in mentions]


@pytest.mark.parametrize("text", TEXTS)
def test_one_text(recognize: Any, annotator: Annotator, text: str) -> None:
    mentions, expected = recognize(text), entities(annotator(text))
    assert extents(mentions) == extents(expected)
    assert [mention["score"] for mention in mentions] == pytest.approx(
        [mention["score"] for mention in expected], abs=1e-4
    )
    assert all(text[mention["start"] : mention["end"]] == mention["word"] for mention in mentions)


@settings(deadline=None, max_examples=40)
@given(st.text(max_size=60))
def test_offsets_are_correct_for_any_text(recognize: Any, text: str) -> None:
    for mention in recognize(text):
        assert (
            text[mention["start"] : mention["end"]] == mention["word"] and mention["word"].strip()
        )


def test_many_texts(recognize: Any) -> None:
    separate = [extents(recognize(text)) for text in TEXTS]
    assert any(separate)
    for texts in (TEXTS, tuple(TEXTS)):
        assert [extents(mentions) for mentions in recognize(texts, batch_size=3)] == separate
    stream = recognize(text for text in TEXTS)
    assert not isinstance(stream, list) and [extents(mentions) for mentions in stream] == separate
    rows = KeyDataset([{"text": text} for text in TEXTS], "text")  # type: ignore[arg-type]
    assert [extents(mentions) for mentions in recognize(rows)] == separate
    for texts in (_Stream(), Dataset.from_dict({"text": TEXTS})["text"], np.array(TEXTS)):
        assert [extents(mentions) for mentions in recognize(texts)] == separate
    assert recognize([]) == []


def test_options_of_pipeline_and_call(recognize: Any, tiny_model: Path) -> None:
    mentions = recognize(TEXTS[0], types=["Disease"], min_score=0.1)
    assert {mention["entity_group"] for mention in mentions} == {"Disease"}
    model = VanerForTokenClassification.from_pretrained(tiny_model)
    pipe = VanerPipeline(model, device="cpu", types=["Disease"], min_score=0.1)
    assert extents(pipe(TEXTS[0])) == extents(mentions)
    with pytest.raises(VanerError, match="has no calibration"):
        recognize(TEXTS[0], min_precision=0.9)
    with pytest.raises(TypeError, match="no option tipes"):
        recognize("x", tipes=["Disease"])


def test_a_saved_pipeline_is_loaded_without_its_code(recognize: Any, tmp_path: Path) -> None:
    recognize.save_pretrained(tmp_path)
    assert not list(tmp_path.glob("*.py"))
    assert "custom_pipelines" not in (tmp_path / "config.json").read_text()
    loaded = pipeline("vaner-ner", model=str(tmp_path), device="cpu")
    assert extents(loaded(TEXTS[0])) == extents(recognize(TEXTS[0])) != []


def test_auto_classes_load_models_and_adapters(tiny_model: Path, tmp_path: Path) -> None:
    config = AutoConfig.from_pretrained(tiny_model)
    assert config.types == ["Chemical", "Disease"]
    adapted = AutoModelForTokenClassification.from_pretrained(tiny_model)
    assert isinstance(adapted, VanerForTokenClassification) and adapted.is_adapted
    shutil.copytree(tiny_model, tmp_path / "hub")  # the layout on the Hub
    (tmp_path / "hub" / "adapter").mkdir()
    for name in ("adapter_config.json", "adapter_model.safetensors"):
        (tmp_path / "hub" / name).rename(tmp_path / "hub" / "adapter" / name)
    hub_model = AutoModelForTokenClassification.from_pretrained(tmp_path / "hub")
    adapted.merge_adapter().save_pretrained(tmp_path / "whole")
    shutil.copyfile(tiny_model / "tokenizer.json", tmp_path / "whole" / "tokenizer.json")
    merged = AutoModelForTokenClassification.from_pretrained(tmp_path / "whole")
    for model in (hub_model.merge_adapter(), merged):
        for name, weight in adapted.state_dict().items():
            assert torch.equal(weight, model.state_dict()[name]), name
    created = AutoModelForTokenClassification.from_config(config)
    assert isinstance(created, VanerForTokenClassification)


def test_other_auto_classes_and_pipelines(tiny_model: Path) -> None:
    assert isinstance(AutoModel.from_pretrained(tiny_model), VanerForTokenClassification)
    tokenizer = AutoTokenizer.from_pretrained(tiny_model)
    assert tokenizer("Aspirin")["input_ids"]
    expected = pipeline("vaner-ner", model=str(tiny_model), device="cpu")(TEXTS[0])
    model = VanerForTokenClassification.from_pretrained(tiny_model)
    options: dict[str, Any] = {"device": "cpu", "aggregation_strategy": "simple"}
    for recognize in (
        pipeline("token-classification", model=str(tiny_model), **options),
        pipeline("ner", model=model, tokenizer=tokenizer, **options),
        pipeline("ner", model=model, **options),
    ):
        assert extents(recognize(TEXTS[0])) == extents(expected) != []
    with pytest.raises(ModelError, match="a tagger reads words: use vaner"):
        model(**tokenizer("Aspirin", return_tensors="pt"))


def test_token_classification_of_other_models(tiny_backbone: Path) -> None:
    recognize = pipeline("token-classification", model=str(tiny_backbone), device="cpu")
    assert not isinstance(recognize, VanerPipeline)
    assert recognize("Aspirin")[0]["entity"].startswith("LABEL_")


def test_pipeline_of_generator(tiny_backbone: Path, tmp_path: Path) -> None:
    from vaner.generator.model import VanerForGeneration

    model = VanerForGeneration.from_backbone(
        str(tiny_backbone),
        lora={"r": 4, "target_modules": "all-linear"},
        types=["Disease"],
        max_subwords=500,
    )
    model.save_pretrained(tmp_path)
    assert AutoConfig.from_pretrained(tmp_path).model_type == "vaner-generator"
    loaded = AutoModel.from_pretrained(tmp_path)
    assert isinstance(loaded, VanerForGeneration)
    text = (
        "She had asthma."  # the tiny backbone has no language model head: each load draws a new one
    )
    assert VanerPipeline(loaded, device="cpu")(text) == entities(
        Annotator.from_model(loaded, "cpu")(text)
    )
    assert isinstance(pipeline("vaner-ner", model=str(tmp_path), device="cpu"), VanerPipeline)


@pytest.mark.heavy
@pytest.mark.parametrize(
    "first",
    [
        "transformers",
        pytest.param("vaner", marks=pytest.mark.slow),
        pytest.param("vaner.tagger.config", marks=pytest.mark.slow),
        "vaner.generator.config",
    ],
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
