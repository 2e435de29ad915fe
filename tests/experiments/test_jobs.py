"""The list of all runs: the order, what is done, and the time."""

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
    """Two studies in the list, and the names of the runs that were made."""

    def study(name: str) -> studies.Study:
        (tmp_path / name).mkdir()
        (tmp_path / name / "small.yaml").write_text(RECIPE)

        def runs(recipe: Recipe, size: str, root: Path | None) -> list[Run]:
            return [Run({"study": name}, recipe, ("c",))]

        return studies.Study(tmp_path / name, "", runs, ("study",), recipes=tmp_path / name)

    done: list[str] = []

    def run(one: Run, *_: Any) -> dict[str, Any]:
        done.append(one.name)
        return {"tests": {}}

    monkeypatch.setattr(jobs, "STUDIES", (study("first"), study("second")))
    monkeypatch.setattr(studies, "lacking", lambda *_: None)
    monkeypatch.setattr(studies, "run", run)
    monkeypatch.setattr(studies, "tell", lambda *_: None)
    return done


def command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *more: str) -> None:
    monkeypatch.setattr(
        "sys.argv", ["jobs.py", "--size", "small", "--output", str(tmp_path), *more]
    )
    jobs.main()


def test_the_study_of_most_runs_keeps_no_other_waiting() -> None:
    *others, most = (len(list(study.all_runs("full", seeds=[1]))) for study in jobs.STUDIES)
    assert most > sum(others)


def test_all_of_the_first_seed_come_first(
    made: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    command(monkeypatch, tmp_path)
    assert made == ["first-1", "second-1", "first-2", "second-2"]


def test_what_is_done_is_not_done_again(
    made: list[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    [one] = jobs.STUDIES[0].all_runs("small", seeds=[1])
    record = {"study": "first", "seed": 1, "recipe": one.recipe.model_dump(mode="json")}
    (tmp_path / "first" / "small").mkdir()
    place = tmp_path / "first" / "small" / "first-1.json"
    place.write_text(json.dumps({**record, "recipe": {"of": "long ago"}}))
    command(monkeypatch, tmp_path, "--list")
    assert capsys.readouterr().out.startswith("to do")
    place.write_text(json.dumps(record))
    command(monkeypatch, tmp_path, "--list")
    listed = capsys.readouterr().out.splitlines()
    assert listed[0].split() == ["done", "first", "first-1"] and made == []
    assert listed[1].split() == ["to", "do", "second", "second-1"]
    command(monkeypatch, tmp_path, "--studies", "first")
    assert made == ["first-2"]


@pytest.mark.parametrize("problem", [VanerError("no base"), RuntimeError("out of memory")])
def test_a_run_that_fails_stops_none_of_the_others(
    problem: Exception,
    made: list[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    real = studies.run

    def run(one: Run, *rest: Any) -> dict[str, Any]:
        if one.name == "first-1":
            raise problem
        return real(one, *rest)

    monkeypatch.setattr(studies, "run", run)
    with pytest.raises(SystemExit, match="1 of 4 runs failed"):
        command(monkeypatch, tmp_path)
    assert made == ["second-1", "first-2", "second-2"]
    told = capsys.readouterr().err
    assert "first-1: failed" in told and str(problem) in told


def test_nothing_is_started_when_the_time_is_up(
    made: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(SystemExit, match="4 of 4 runs left, the time is up"):
        command(monkeypatch, tmp_path, "--minutes", "0.0000001")
    assert made == []
