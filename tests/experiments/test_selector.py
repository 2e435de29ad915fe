"""The selector study in small: one tagger a seed, and every condition behind it."""

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
    """A corpus; and beside it the study's folder."""
    folder = tmp_path / "selector"
    folder.mkdir()
    (folder / "small.yaml").write_text(json.dumps(recipe(tiny_backbone, family="selector")))
    (folder / "README.md").write_text("<!-- small:begin -->\n<!-- small:end -->\n")
    return str(corpus(tmp_path / "toy", "gout"))


def records(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, recognizer: Recipe, size: study.Recognizers
) -> dict[str, dict[str, Any]]:
    """Run the study behind a recognizer: a record of every condition."""
    monkeypatch.setattr(study, "read_recipe", lambda _: recognizer)
    monkeypatch.setattr(study, "RECOGNIZERS", {"small": (size,)})
    monkeypatch.setattr(study, "FOLDS", 2)
    output = str(tmp_path / "runs")
    monkeypatch.setattr("sys.argv", ["run.py", "--output", output, "--keep-models"])
    folder = tmp_path / "selector"
    studies.main(replace(study.STUDY, folder=folder, recipes=folder))
    found = json.loads((folder / "results-small.json").read_text())["runs"]
    assert all(record["behind"] == size.family for record in found)
    return {record["condition"]: record for record in found}


def only_drops(by_condition: dict[str, dict[str, Any]], corpus: str) -> None:
    """Nothing is found but a part of what the recognizer finds."""
    found = {name: one["tests"][corpus]["micro"] for name, one in by_condition.items()}
    for name, micro in found.items():
        assert micro["tp"] <= found["alone"]["tp"] and micro["fp"] <= found["alone"]["fp"], name
        assert by_condition[name]["dev_f1"] >= by_condition["alone"]["dev_f1"]


@pytest.mark.heavy
def test_all_conditions_stand_behind_one_tagger(
    toy: str, tiny_backbone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fitted: list[bool] = []
    real = crossfitting.crossfit

    def watched(*rest: Any, **options: Any) -> Any:
        fitted.append(options["resume"])
        return real(*rest, **options)

    monkeypatch.setattr(crossfitting, "crossfit", watched)
    tagger = Recipe.model_validate(recipe(tiny_backbone))
    by_condition = records(monkeypatch, tmp_path, tagger, study.Recognizers("tagger", (toy,)))
    assert fitted == [False] + [True] * 5
    assert list(by_condition) == [
        "alone", "own threshold", "contrastive", "contrastive and errors", "binary",
        "binary and errors",
    ]  # fmt: skip
    only_drops(by_condition, toy)
    for name in ("contrastive and errors", "binary and errors"):
        source = by_condition[name]["recipe"]["stages"][0]["sources"][0]
        assert source["proposals"] is None  # the recipe of the study; the file is in its folder
        assert by_condition[name]["recognizer"]["model"]["family"] == "tagger"
    assert "| alone |" in (tmp_path / "selector" / "README.md").read_text()
    output = tmp_path / "runs"
    assert not list(output.glob("**/checkpoint-*"))
    assert len(list((output / "small" / "models").glob("*/config.json"))) == 4


@pytest.mark.heavy
def test_behind_a_generator_that_is_not_cut_in_folds(
    toy: str, tiny_backbone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator = Recipe.model_validate(
        recipe(tiny_backbone, family="generator", instruction="compact", max_subwords=256)
    )
    kind = study.Recognizers("generator", (toy,), (study.ALONE, study.CUT, study.CONTRASTIVE), 3)
    by_condition = records(monkeypatch, tmp_path, generator, kind)
    assert list(by_condition) == ["alone", "own threshold", "contrastive"]
    only_drops(by_condition, toy)
    assert {one["tests"][toy]["documents"] for one in by_condition.values()} == {3}
    assert by_condition["contrastive"]["recognizer"]["model"]["family"] == "generator"
    assert not list((tmp_path / "runs").glob("**/fold-*"))
