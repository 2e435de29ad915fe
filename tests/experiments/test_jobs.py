"""Tests the list of all runs: their order, their state, and the time limit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from experiments import jobs, studies
from experiments.study_run import Run
from vaner.errors import VanerError
from vaner.training.recipe.schema import Recipe

RECIPE = """\
name: toy
stages: [{sources: [{corpus: c}]}]
dev: [{corpus: c}]
seeds: [1, 2]
"""


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Replace the studies by two small ones, and return the names of the runs that are made."""

    def study(name: str) -> studies.Study:
        (tmp_path / name).mkdir()
        (tmp_path / name / "small.yaml").write_text(RECIPE)

        def runs(recipe: Recipe, size: str, root: Path | None) -> list[Run]:
            return [Run({"study": name}, recipe, ("c",))]

        return studies.Study(tmp_path / name, "", runs, ("study",), recipes=tmp_path / name)

    done: list[str] = []

    def train_and_score(run: Run, *_: Any) -> dict[str, Any]:
        done.append(run.name)
        return {"tests": {}}

    monkeypatch.setattr(jobs, "STUDIES", (study("first"), study("second")))
    monkeypatch.setattr(studies, "find_missing_corpus", lambda *_: None)
    monkeypatch.setattr(studies, "train_and_score", train_and_score)
    monkeypatch.setattr(studies, "write_report", lambda *_: None)
    return done


def command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *more: str) -> None:
    monkeypatch.setattr(
        "sys.argv", ["jobs.py", "--size", "small", "--output", str(tmp_path), *more]
    )
    jobs.main()


def test_study_with_most_runs_is_last() -> None:
    *others, most = (len(list(study.all_runs("full", seeds=[1]))) for study in jobs.STUDIES)
    assert most > sum(others)


def test_runs_of_first_seed_come_first(
    made: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    command(monkeypatch, tmp_path)
    assert made == ["first-1", "second-1", "first-2", "second-2"]


def test_finished_runs_are_not_repeated(
    made: list[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    [run] = jobs.STUDIES[0].all_runs("small", seeds=[1])
    record = {"study": "first", "seed": 1, "recipe": run.recipe.model_dump(mode="json")}
    (tmp_path / "first" / "small").mkdir()
    path = tmp_path / "first" / "small" / "first-1.json"
    path.write_text(json.dumps({**record, "recipe": {"of": "another version"}}))
    command(monkeypatch, tmp_path, "--list")
    assert capsys.readouterr().out.startswith("to do")
    path.write_text(json.dumps(record))
    command(monkeypatch, tmp_path, "--list")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["done", "first", "first-1"] and made == []
    assert lines[1].split() == ["to", "do", "second", "second-1"]
    command(monkeypatch, tmp_path, "--studies", "first")
    assert made == ["first-2"]


@pytest.mark.parametrize("error", [VanerError("no base"), RuntimeError("out of memory")])
def test_failed_run_does_not_stop_others(
    error: Exception,
    made: list[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    real = studies.train_and_score

    def fail_first(run: Run, *rest: Any) -> dict[str, Any]:
        if run.name == "first-1":
            raise error
        return real(run, *rest)

    monkeypatch.setattr(studies, "train_and_score", fail_first)
    with pytest.raises(SystemExit, match="1 of 4 runs failed"):
        command(monkeypatch, tmp_path)
    assert made == ["second-1", "first-2", "second-2"]
    stderr = capsys.readouterr().err
    assert "first-1: failed" in stderr and str(error) in stderr


def test_no_run_starts_after_time_limit(
    made: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(SystemExit, match="time is up: 4 of 4 runs left"):
        command(monkeypatch, tmp_path, "--minutes", "0.0000001")
    assert made == []
