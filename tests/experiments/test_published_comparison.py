"""Tests the comparison with published results."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

from experiments import published_comparison as comparison


def figures(**types: float) -> dict[str, Any]:
    return {"types": {t: {"f1": f1} for t, f1 in types.items()}, "micro": {"f1": 0.5}}


def results(folder: Path, name: str, content: dict[str, Any]) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(json.dumps(content))


def test_results_of_all_kinds_are_read(tmp_path: Path) -> None:
    scores = {"BC5CDR test": figures(Disease=0.8, Chemical=0.9), "BC5CDR devel": figures()}
    results(tmp_path, "one/results.json", {"seeds": [{"scores": scores}]})
    run = {"peer": "crf", "corpus": "NCBI-disease", "test": figures(Disease=0.7)}
    results(tmp_path, "peers/results.json", {"runs": [run]})
    runs = [
        {"condition": "named", "tests": {"BC5CDR-chem": figures(Chemical=f1)}} for f1 in (0.8, 0.9)
    ]
    results(tmp_path, "mix/results-full.json", {"runs": runs})
    rows = comparison.read_results(tmp_path)
    assert rows["[one](one)"] == {"BC5CDR-disease": [80.0], "BC5CDR-chem": [90.0]}
    assert rows["[peers](peers): crf"] == {"NCBI-disease": [70.0]}
    table = comparison.render_table(rows, {"system": []})
    assert "| [mix](mix): named |  |  | 85.00 |" in table


def test_partial_and_cross_corpus_results_are_left_out(tmp_path: Path) -> None:
    run = {"share": 0.05, "tests": {"NCBI-disease": figures(Disease=0.7)}}
    results(tmp_path, "a/results-full.json", {"runs": [run]})
    results(tmp_path, "b/results-small.json", {"runs": [run | {"share": 1.0}]})
    results(tmp_path, "c/results-full.json", {"runs": [{**run, "share": 1.0, "trained on": "x"}]})
    five = {type: 0.5 for type in ("protein", "DNA", "RNA", "cell_type")}
    results(tmp_path, "d/results-full.json", {"runs": [{"tests": {"JNLPBA": figures(**five)}}]})
    assert comparison.read_results(tmp_path) == {}


def test_published_figures_are_marked() -> None:
    published = tomllib.loads((comparison.FOLDER / "published.toml").read_text("utf-8"))
    for system in published["system"]:
        assert set(system["f1"]) <= set(comparison.COLUMNS)
        assert set(system.get("unconfirmed", ())) <= set(system["f1"])
        assert all(40 < f1 < 100 for f1 in system["f1"].values()) and system["differs"]
    table = comparison.render_table({}, published)
    assert "*89.71*" in table and "*87.15*?" in table


def test_readme_is_up_to_date() -> None:
    published = tomllib.loads((comparison.FOLDER / "published.toml").read_text("utf-8"))
    table = comparison.render_table(comparison.read_results(comparison.FOLDER), published)
    text = f"{table}\n\n{comparison.render_notes(published)}"
    assert text in comparison.README.read_text("utf-8"), (
        "run python -m experiments.published_comparison"
    )
