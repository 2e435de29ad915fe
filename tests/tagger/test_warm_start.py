"""Training that begins with a saved tagger: its weights, its types, and what must not differ."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from tests.training.test_train import corpus_folder, recipe
from vaner.errors import ModelError
from vaner.tagger.model import VanerForTokenClassification
from vaner.tagger.warm_start import warm_start
from vaner.training.recipe.schema import Recipe
from vaner.training.train import train

__all__ = ["corpus_folder"]


def trained(backbone: Path, corpus: Path, folder: Path, *, epochs: int = 1, **model: Any) -> Path:
    plan = recipe(backbone, corpus, lora=False, epochs=epochs, learning_rate=0.005).model_dump()
    plan["model"] |= model
    return train(Recipe.model_validate(plan), folder, report=lambda _: None)[0].folder


def continuing_recipe(start: Path, corpus: Path, **more: Any) -> Recipe:
    return Recipe.model_validate({
        "name": "further",
        "model": {"init_from": str(start), **more},
        "stages": [{"sources": [{"corpus": str(corpus)}], "epochs": 1, "batch_size": 4,
                    "learning_rate": 1e-9, "head_learning_rate": 1e-9}],
        "dev": [{"corpus": str(corpus)}],
        "precision": "fp32",
    })  # fmt: skip


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return {
        f"{file.name} {name}": tensor
        for file in folder.glob("*.safetensors")
        for name, tensor in load_file(file).items()
    }


@pytest.mark.heavy
@pytest.mark.parametrize(
    "form",
    [{}, {"frozen_layers": 1}, {"lora": {"rank": 2, "alpha": 4}}, {"joint": True, "casing": True,
     "instruction": "none"}],
    ids=["whole", "layers", "adapter", "joint"],
)  # fmt: skip
def test_warm_start_copies_all_weights(
    form: dict[str, Any], tiny_backbone: Path, corpus_folder: Path, tmp_path: Path
) -> None:
    start = trained(tiny_backbone, corpus_folder, tmp_path / "first", **form)
    plan = continuing_recipe(start, corpus_folder)
    assert plan.model.model_dump() == Recipe.model_validate(plan.model_dump()).model.model_dump()
    further = train(plan, tmp_path / "second", report=lambda _: None)[0].folder
    before, after = weights(start), weights(further)
    assert before
    torch.testing.assert_close(after, before, rtol=0, atol=1e-5)


@pytest.mark.heavy
def test_training_record_includes_initial_model(
    tiny_backbone: Path, corpus_folder: Path, tmp_path: Path
) -> None:
    start = trained(tiny_backbone, corpus_folder, tmp_path / "first")
    other = tmp_path / "other"
    other.mkdir()
    for split in ("train", "devel"):
        text = (corpus_folder / f"{split}.tsv").read_text("utf-8")
        (other / f"{split}.tsv").write_text(text, "utf-8")
    further = train(continuing_recipe(start, other), tmp_path / "run", report=lambda _: None)[
        0
    ].folder
    record = (further / "training.json").read_text("utf-8")
    assert "began_with" in record
    assert corpus_folder.name in record and other.name in record


def test_joint_head_copies_common_types(tiny_backbone: Path) -> None:
    def fresh(*types: str) -> VanerForTokenClassification:
        return VanerForTokenClassification.from_backbone(
            str(tiny_backbone), types=list(types), joint=True, instruction=NO_INSTRUCTION
        )

    old, new = fresh("Chemical", "Gene"), fresh("Disease", "Gene", "Species")
    with torch.no_grad():
        old.crf.transitions.copy_(torch.arange(25.0).view(5, 5))
    mine, theirs = new.config.tag_set.tags, old.config.tag_set.tags
    before = new.classifier.weight.detach().clone()
    folder = tiny_backbone.parent / "old-joint"
    old.save_pretrained(folder)
    warm_start(new, folder)
    for tag in mine:
        expected = (
            old.classifier.weight[theirs.index(tag)] if tag in theirs else before[mine.index(tag)]
        )
        torch.testing.assert_close(new.classifier.weight[mine.index(tag)], expected)
    moved = new.crf.transitions[mine.index("B-Gene"), mine.index("I-Gene")]
    assert moved == old.crf.transitions[theirs.index("B-Gene"), theirs.index("I-Gene")]
    torch.testing.assert_close(next(new.backbone.parameters()), next(old.backbone.parameters()))


NO_INSTRUCTION = {"named": "", "nameless": ""}


def test_fixed_option_cannot_change(
    tiny_backbone: Path, corpus_folder: Path, tmp_path: Path
) -> None:
    start = trained(tiny_backbone, corpus_folder, tmp_path / "first")
    assert continuing_recipe(start, corpus_folder, dropout=0.3, head="crf").model.dropout == 0.3
    with pytest.raises(ValueError, match="head is crf in the initial model; leave it out"):
        continuing_recipe(start, corpus_folder, head="softmax")
    with pytest.raises(ModelError, match="nowhere"):
        continuing_recipe(tmp_path / "nowhere", corpus_folder)


def test_damaged_adapter_config_raises_error(
    tiny_backbone: Path, corpus_folder: Path, tmp_path: Path
) -> None:
    start = trained(tiny_backbone, corpus_folder, tmp_path / "first", lora={"rank": 2, "alpha": 4})
    config = start / "adapter_config.json"
    for content in ("{", "[]", '{"r": 2}'):
        config.write_text(content, "utf-8")
        with pytest.raises(ModelError, match="not the config of an adapter"):
            continuing_recipe(start, corpus_folder)


@pytest.mark.heavy
def test_weight_interpolation_averages_weights(
    tiny_backbone: Path, corpus_folder: Path, tmp_path: Path
) -> None:
    start = trained(tiny_backbone, corpus_folder, tmp_path / "first")
    interpolation, results = 0.25, {}
    for share in (0.0, interpolation):
        plan = continuing_recipe(start, corpus_folder).model_dump()
        plan["stages"][0] |= {
            "weight_interpolation": share,
            "learning_rate": 0.01,
            "head_learning_rate": 0.01,
        }
        run = train(Recipe.model_validate(plan), tmp_path / f"kept-{share}", resume=True,
                    report=lambda _: None)  # fmt: skip
        results[share] = weights(run[0].folder)
    before, trained_weights, mean = weights(start), results[0.0], results[interpolation]
    for name, weight in trained_weights.items():
        expected = (1 - interpolation) * weight + interpolation * before[name]
        torch.testing.assert_close(mean[name], expected, rtol=1e-4, atol=1e-6)
    assert any(not torch.equal(trained_weights[name], before[name]) for name in trained_weights)


def test_weight_interpolation_in_first_stage_needs_init_from(
    tiny_backbone: Path, corpus_folder: Path
) -> None:
    plan = recipe(tiny_backbone, corpus_folder, lora=False).model_dump()
    plan["stages"][0]["weight_interpolation"] = 0.5
    with pytest.raises(ValueError, match="weight_interpolation in the first stage needs init_from"):
        Recipe.model_validate(plan)
