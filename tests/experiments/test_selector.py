"""Tests a small study of the selector: one recognizer per seed, used by all conditions."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from experiments import studies
from experiments.selector import run as study
from tests.experiments.test_studies import corpus
from vaner.training import crossfit as crossfitting
from vaner.training.recipe.schema import Recipe


def recipe(backbone: Path, **model: Any) -> dict[str, Any]:
    return {
        "name": "toy",
        "model": {"backbone": str(backbone), "lora": None, "max_subwords": 128, **model},
        "stages": [{"sources": [{"corpus": "CORPUS", "limit": 6}], "steps": 2}],
        "dev": [{"corpus": "CORPUS"}],
        "seeds": [1],
        "precision": "fp32",
    }


@pytest.fixture
def toy(tiny_backbone: Path, tmp_path: Path) -> str:
    """Write a toy corpus and the folder of the study; return the path of the corpus."""
    folder = tmp_path / "selector"
    folder.mkdir()
    (folder / "small.yaml").write_text(json.dumps(recipe(tiny_backbone, family="selector")))
    (folder / "README.md").write_text("<!-- small:begin -->\n<!-- small:end -->\n")
    return str(corpus(tmp_path / "toy", "gout"))


def records(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, recognizer: Recipe, size: study.Recognizers
) -> dict[str, dict[str, Any]]:
    """Run the study for a recognizer; return the record of each condition."""
    monkeypatch.setattr(study, "read_recipe", lambda _: recognizer)
    monkeypatch.setattr(study, "RECOGNIZERS", {"small": (size,)})
    monkeypatch.setattr(study, "FOLDS", 2)
    output = str(tmp_path / "runs")
    monkeypatch.setattr("sys.argv", ["run.py", "--output", output, "--keep-models"])
    folder = tmp_path / "selector"
    studies.main(replace(study.STUDY, folder=folder, recipes=folder))
    runs = json.loads((folder / "results-small.json").read_text())["runs"]
    assert all(record["behind"] == size.family for record in runs)
    return {record["condition"]: record for record in runs}


def check_only_removes(by_condition: dict[str, dict[str, Any]], corpus: str) -> None:
    """Check that selectors and thresholds only remove mentions of the recognizer."""
    scores = {name: run["tests"][corpus]["micro"] for name, run in by_condition.items()}
    alone = scores["alone"]
    for name, micro in scores.items():
        assert micro["tp"] <= alone["tp"] and micro["fp"] <= alone["fp"], name
        assert by_condition[name]["dev_f1"] >= by_condition["alone"]["dev_f1"]


@pytest.mark.slow
def test_all_conditions_use_one_tagger(
    toy: str, tiny_backbone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    resumed: list[bool] = []
    real = crossfitting.crossfit

    def record_resume(*rest: Any, **options: Any) -> Any:
        resumed.append(options["resume"])
        return real(*rest, **options)

    monkeypatch.setattr(crossfitting, "crossfit", record_resume)
    tagger = Recipe.model_validate(recipe(tiny_backbone))
    by_condition = records(monkeypatch, tmp_path, tagger, study.Recognizers("tagger", (toy,)))
    assert resumed == [False] + [True] * 5
    assert list(by_condition) == [
        "alone", "own threshold", "contrastive", "contrastive and errors", "binary",
        "binary and errors",
    ]  # fmt: skip
    check_only_removes(by_condition, toy)
    for name in ("contrastive and errors", "binary and errors"):
        source = by_condition[name]["recipe"]["stages"][0]["sources"][0]
        assert source["proposals"] is None  # the recipe of the study; the file is in its folder
        assert by_condition[name]["recognizer"]["model"]["family"] == "tagger"
    assert "| alone |" in (tmp_path / "selector" / "README.md").read_text()
    output = tmp_path / "runs"
    assert not list(output.glob("**/checkpoint-*"))
    assert len(list((output / "small" / "models").glob("*/config.json"))) == 4


@pytest.mark.heavy
def test_generator_without_folds(
    toy: str, tiny_backbone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator = Recipe.model_validate(
        recipe(tiny_backbone, family="generator", instruction="compact", max_subwords=256)
    )
    kind = study.Recognizers(
        "generator", (toy,), (study.ALONE, study.THRESHOLD, study.CONTRASTIVE), 3
    )
    by_condition = records(monkeypatch, tmp_path, generator, kind)
    assert list(by_condition) == ["alone", "own threshold", "contrastive"]
    check_only_removes(by_condition, toy)
    assert {run["tests"][toy]["documents"] for run in by_condition.values()} == {3}
    assert by_condition["contrastive"]["recognizer"]["model"]["family"] == "generator"
    assert not list((tmp_path / "runs").glob("**/fold-*"))
