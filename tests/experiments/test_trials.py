"""Tests that the trials of a second stage score the weights that a run of the recipe produces."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.six_corpora.trials import score_trials, table
from tests.training.test_train import corpus_folder, recipe
from vaner.errors import VanerError
from vaner.training.recipe.schema import Recipe
from vaner.training.train import train

__all__ = ["corpus_folder"]


def in_two_stages(backbone: Path, corpus: Path, text: Path, teacher: Path) -> Recipe:
    plan = recipe(backbone, corpus, lora=False, epochs=3, learning_rate=0.005).model_dump()
    [stage] = plan["stages"]
    extra = {"corpus": str(text), "teacher": str(teacher)}
    plan["stages"] = [
        stage | {"name": "mix"},
        stage
        | {"name": "distilled", "sources": [*stage["sources"], extra], "weight_interpolation": 0.6},
    ]
    return Recipe.model_validate(plan)


@pytest.mark.heavy
def test_interpolation_of_recipe_gives_model_of_run(
    tiny_backbone: Path, corpus_folder: Path, tmp_path: Path
) -> None:
    plan = recipe(tiny_backbone, corpus_folder, lora=False, epochs=4, learning_rate=0.005)
    [teacher] = train(plan, tmp_path / "teacher", report=lambda _: None)
    text = tmp_path / "abstracts.txt"
    text.write_text("aspirin helps against lung cancer .\n\nno patient is ill .\n", "utf-8")
    plan = in_two_stages(tiny_backbone, corpus_folder, text, teacher.folder)
    [trained] = train(plan, tmp_path / "run", report=lambda _: None, keep_checkpoints=True)
    rows = list(score_trials(plan, tmp_path / "run", tmp_path / "trials", None))
    assert [row["weights"] for row in rows] == [
        "after stage mix", "one more epoch of the same",
        "one more epoch, with the teacher's sentences",
        "weight_interpolation: 0.5", "weight_interpolation: 0.6", "weight_interpolation: 0.7",
    ]  # fmt: skip
    by_name = {row["weights"]: row for row in rows}
    assert by_name["weight_interpolation: 0.6"]["all"] == round(100 * trained.dev_f1, 2)
    assert len({row["all"] for row in rows}) > 1
    assert f"| weight_interpolation: 0.6 | {100 * trained.dev_f1:.2f} |" in table(rows)
    with pytest.raises(VanerError, match="train first"):
        list(score_trials(plan, tmp_path / "nowhere", tmp_path / "other", None))
