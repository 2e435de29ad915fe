"""The table of architectures that were tried, and the command that makes it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from experiments.backbones import run
from experiments.backbones.architectures import ARCHITECTURES
from experiments.backbones.probe import probe


def test_page_has_the_stored_results() -> None:
    outcomes = json.loads(run.RESULTS.read_text("utf-8"))["outcomes"]
    assert [outcome["name"] for outcome in outcomes] == list(ARCHITECTURES)
    page = run.PAGE.read_text("utf-8")
    assert run.update_page(page, outcomes) == page
    assert not [o for o in outcomes if "wrong" in o["lora"] + o["full"]]


def test_command_replaces_the_results_of_named_architectures(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page, results = tmp_path / "page.md", tmp_path / "results.json"
    page.write_text("# Page\n\n<!-- backbones:begin -->\nold\n<!-- backbones:end -->\n")
    results.write_text(json.dumps({"outcomes": []}))
    monkeypatch.setattr(run, "PAGE", page)
    monkeypatch.setattr(run, "RESULTS", results)
    monkeypatch.setenv("VANER_CACHE", str(tmp_path / "cache"))
    assert run.main(["t5", "llama"]) == 0
    assert capsys.readouterr().out.splitlines()[1] == "llama | packed | ok | ok"
    assert "| `llama` | packed | both sides | ok | ok |" in page.read_text()
    refused = "t5 is an encoder-decoder, which is not supported"
    assert f"| `t5` | refused |  | {refused} | {refused} |" in page.read_text()
    assert [o["name"] for o in json.loads(results.read_text())["outcomes"]] == ["llama", "t5"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_architecture_works_or_is_refused(name: str) -> None:
    outcome = probe(name)
    assert not outcome.is_wrong, outcome
