"""The selector study in small: one tagger a seed, and every condition behind it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from experiments import grid
from experiments.selector import run as study
from tests.experiments.test_studies import corpus
from vaner.training import crossfit as crossfitting
from vaner.training.recipe import Recipe


def recipe(backbone: Path, **model: Any) -> dict[str, Any]:
    return {
        "name": "toy",
        "model": {"backbone": str(backbone), "lora": None, "max_subwords": 128, **model},
        "stages": [{"sources": [{"corpus": "CORPUS", "limit": 6}], "steps": 2}],
        "dev": [{"corpus": "CORPUS"}],
        "seeds": [1],
        "precision": "fp32",
    }


def test_all_conditions_stand_behind_one_tagger(
    tiny_backbone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    toy = corpus(tmp_path / "toy", "gout")
    folder = tmp_path / "selector"
    folder.mkdir()
    (folder / "small.yaml").write_text(json.dumps(recipe(tiny_backbone, family="selector")))
    (folder / "README.md").write_text("<!-- small:begin -->\n<!-- small:end -->\n")
    tagger = Recipe.model_validate(recipe(tiny_backbone))
    monkeypatch.setattr(study, "read_recipe", lambda _: tagger)
    monkeypatch.setattr(study, "CORPORA", {"small": (str(toy),)})
    monkeypatch.setattr(study, "FOLDS", 2)
    fitted: list[bool] = []
    real = crossfitting.crossfit

    def watched(*rest: Any, **options: Any) -> Any:
        fitted.append(options["resume"])
        return real(*rest, **options)

    monkeypatch.setattr(crossfitting, "crossfit", watched)
    output = tmp_path / "runs"
    monkeypatch.setattr("sys.argv", ["run.py", "--output", str(output), "--keep-models"])
    grid.main(replace(study.STUDY, folder=folder, recipes=folder))

    assert fitted == [False] + [True] * 5
    records = json.loads((folder / "results-small.json").read_text())["runs"]
    by_condition = {record["condition"]: record for record in records}
    assert list(by_condition) == [
        "alone", "own threshold", "contrastive", "contrastive and errors", "binary",
        "binary and errors",
    ]  # fmt: skip
    found = {name: one["tests"][str(toy)]["micro"] for name, one in by_condition.items()}
    for name, micro in found.items():
        # Nothing but a part of what the tagger finds.
        assert micro["tp"] <= found["alone"]["tp"] and micro["fp"] <= found["alone"]["fp"], name
        assert by_condition[name]["dev_f1"] >= by_condition["alone"]["dev_f1"]
    for name in ("contrastive and errors", "binary and errors"):
        source = by_condition[name]["recipe"]["stages"][0]["sources"][0]
        assert source["proposals"] is None  # the recipe of the study; the file is in its folder
        assert by_condition[name]["proposer"]["model"]["family"] == "tagger"
    assert "| alone |" in (folder / "README.md").read_text()
    assert not list(output.glob("**/checkpoint-*"))
    assert len(list((output / "small" / "models").glob("*/config.json"))) == 4
