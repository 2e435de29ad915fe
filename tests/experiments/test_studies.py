"""Tests the studies: distinct and valid runs, resuming, results and statistics over seeds."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from experiments import jobs, results_table, studies, study_report
from experiments.mix.run import STUDY as mix
from experiments.study_report import read_runs, write_runs
from experiments.study_run import Run
from vaner.errors import VanerError
from vaner.training.recipe.file import read_recipe
from vaner.training.recipe.leakage import find_split_conflict
from vaner.training.recipe.schema import Recipe

STUDIES = (
    "ablations", "cross_corpus", "dense_recognition", "gerbera", "mix", "selector", "single_corpora"
)  # fmt: skip


@pytest.mark.parametrize("name", STUDIES)
@pytest.mark.parametrize("size", studies.SIZES)
def test_studies_have_distinct_valid_runs(
    name: str, size: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VANER_CORPORA", str(tmp_path))
    # The study of mixtures uses the installed corpora: pretend that all are installed.
    monkeypatch.setattr(studies, "_why_missing", lambda *_: None)
    study = importlib.import_module(f"experiments.{name}.run").STUDY
    assert study.name == name and (study.folder / "README.md").is_file()
    runs = list(study.all_runs(size))
    assert len({run.name for run in runs}) == len(runs) >= 3
    assert {run.seed for run in runs} == {1, 2, 3}
    for run in runs:
        assert run.tests and len(run.recipe.seeds) == 1
        assert all(source.split == "devel" for source in run.recipe.dev)
        assert find_split_conflict(run.recipe) is None


@pytest.mark.parametrize("study", jobs.STUDIES, ids=lambda study: study.name)
def test_stored_results_belong_to_runs_of_study(
    study: studies.Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    # All corpora except BC4CHEMD were installed when they were made.
    monkeypatch.setattr(
        studies, "_why_missing", lambda corpus, *_: corpus if "CHEMD" in corpus else None
    )
    records = read_runs(study.folder / "results-small.json")
    assert records and len(studies.read_stored_records(study, "small")) == len(records)


def test_results_tables_are_up_to_date(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["table.py", "--check"])
    results_table.main()  # exits with a message if a table is outdated


@pytest.mark.parametrize(
    "path", sorted(Path(studies.__file__).parent.rglob("recipe.yaml")), ids=str
)
def test_recipes_are_valid_and_share_no_texts(path: Path) -> None:
    try:
        recipe = read_recipe(path)
    except VanerError as error:
        if "runs/" not in str(error):
            raise
        pytest.skip(f"starts from the model of another run: {error}")
    assert find_split_conflict(recipe) is None
    assert all(source.split != "test" for stage in recipe.stages for source in stage.sources)


def corpus(folder: Path, disease: str) -> Path:
    folder.mkdir(parents=True)
    for split in ("train", "devel", "test"):
        rows = [f"{disease}{split}{i}\tB-Disease\nhurts\tO\n" for i in range(8)]
        (folder / f"{split}.tsv").write_text("\n".join(rows))
    return folder


@pytest.fixture
def study(tiny_backbone: Path, tmp_path: Path) -> studies.Study:
    """Return a study with two conditions and two seeds on a toy corpus."""
    folder = tmp_path / "toy_study"
    folder.mkdir()
    toy = corpus(tmp_path / "toy", "gout")
    content = {
        "name": "toy",
        "model": {"backbone": str(tiny_backbone), "lora": None, "instruction": "compact"},
        "stages": [{"sources": [{"corpus": "CORPUS", "limit": 6}], "steps": 2}],
        "dev": [{"corpus": "CORPUS"}],
        "seeds": [1, 2],
        "precision": "fp32",
    }
    (folder / "small.yaml").write_text(json.dumps(content))
    (folder / "README.md").write_text("Before.\n<!-- small:begin -->\n<!-- small:end -->\nAfter.\n")

    def runs(recipe: Recipe, size: str, root: Path | None) -> Iterator[Run]:
        for head in ("crf", "softmax"):
            run_recipe = studies.train_on(recipe, [str(toy)], model={"head": head})
            yield Run({"head": head}, run_recipe, (str(toy),))
        missing = str(tmp_path / "missing")
        yield Run({"head": "none"}, studies.train_on(recipe, [missing]), (missing,))

    plot = partial(study_report.plot_seeds, keys=("head", "head"), parts=("all", "seen", "unseen"))
    return studies.Study(
        folder, "Toys.", runs, keys=("head",), baseline={"head": "crf"}, plot=plot, recipes=folder
    )


def command(
    study: studies.Study, output: Path, monkeypatch: pytest.MonkeyPatch, *more: str
) -> None:
    monkeypatch.setattr("sys.argv", ["run.py", "--output", str(output), *more])
    studies.main(study)


@pytest.mark.heavy
def test_study_runs_resumes_and_reports(
    study: studies.Study,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    output = tmp_path / "runs"
    command(study, output, monkeypatch, "--only", "crf-*")
    files = sorted((output / "small").iterdir())
    assert [file.name for file in files] == ["crf-1.json", "crf-2.json"]  # and no checkpoints
    record = json.loads(files[0].read_text())
    [figures] = record["tests"].values()
    assert figures["micro"]["gold"] == 8 and figures["unseen"]["gold"] == 8
    assert record["recipe"]["seeds"] == [1] and {"commit", "dev_f1", "head"} <= set(record)

    before = files[0].stat().st_mtime_ns
    command(study, output, monkeypatch)
    assert files[0].stat().st_mtime_ns == before
    printed = capsys.readouterr()
    assert "none-1: skipped: " in printed.err and "softmax-2: test F1" in printed.out
    readme = (study.folder / "README.md").read_text()
    assert readme.startswith("Before.\n") and readme.endswith("\nAfter.\n")
    rows = [line for line in readme.splitlines() if line.startswith(("| crf", "| softmax"))]
    assert len(rows) == 4 and "±" in rows[0]  # two conditions in two tables
    assert (study.folder / "results-small.png").stat().st_size > 5000
    assert len(json.loads((study.folder / "results-small.json").read_text())["runs"]) == 4

    # In another output folder, stored results are used, and stay when runs are added.
    command(study, tmp_path / "other", monkeypatch, "--report")
    assert (study.folder / "README.md").read_text() == readme
    command(study, tmp_path / "other", monkeypatch, "--missing", "--seeds", "1", "4",
            "--only", "crf-*")  # fmt: skip
    assert [file.name for file in (tmp_path / "other" / "small").iterdir()] == ["crf-4.json"]
    runs = json.loads((study.folder / "results-small.json").read_text())["runs"]
    assert [(run["head"], run["seed"]) for run in runs] == [
        ("crf", 1), ("softmax", 1), ("crf", 2), ("softmax", 2), ("crf", 4),
    ]  # fmt: skip


@pytest.mark.heavy
def test_results_of_another_recipe_are_left_out(
    study: studies.Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command(study, tmp_path / "runs", monkeypatch, "--only", "crf-*")
    assert list(studies.read_stored_records(study, "small")) == ["crf-1", "crf-2"]
    results = study.folder / "results-small.json"
    first, second = read_runs(results)
    stage = second["recipe"]["stages"][0]
    stage["kept"] = stage.pop("weight_interpolation")  # the field's former name
    del stage["schedule"]  # a field that the recipe of that time did not have
    write_runs([{**first, "test_limit": 3}, second], results)
    assert list(studies.read_stored_records(study, "small")) == ["crf-2"]
    second["recipe"]["stages"][0]["steps"] += 1
    write_runs([first, second], results)
    assert list(studies.read_stored_records(study, "small")) == ["crf-1"]
    write_runs([{**first, "recipe": {"of": "another version"}}], results)
    assert studies.read_stored_records(study, "small") == {}


def test_stored_runs_match_installed_corpora(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VANER_CORPORA", raising=False)
    root, folder = tmp_path / "corpora", tmp_path / "mix"
    corpus(root / "NCBI-disease", "gout")
    folder.mkdir()
    (folder / "README.md").write_text("<!-- small:begin -->\n<!-- small:end -->\n")
    runs = list(mix.all_runs("small", root, [1]))
    assert all(run.tests == ("NCBI-disease",) for run in runs)
    records = [
        {**run.details, "seed": 1, "test_limit": None, "tests": {},
         "recipe": run.recipe.model_dump(mode="json")}
        for run in runs
    ]  # fmt: skip
    write_runs(records, folder / "results-small.json")
    options = ("--report", "--corpora", str(root))
    command(replace(mix, folder=folder), tmp_path / "runs", monkeypatch, *options)
    assert read_runs(folder / "results-small.json") == records


def test_report_without_runs_is_an_error(
    study: studies.Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SystemExit, match="error: no finished run"):
        command(study, tmp_path / "runs", monkeypatch, "--report")


@pytest.mark.heavy
def test_report_does_not_import_torch() -> None:
    code = (
        "import sys, experiments.jobs\n"
        "heavy = {'torch', 'transformers', 'pyarrow'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    root = Path(studies.__file__).resolve().parent.parent
    subprocess.run([sys.executable, "-c", code], check=True, cwd=root, timeout=60)


def records() -> list[dict[str, Any]]:
    def of(seed: int, condition: str, f1: float) -> dict[str, Any]:
        figures = {"micro": {"f1": f1}, "seen": {"f1": f1}, "unseen": None}
        return {"seed": seed, "share": 0.05, "condition": condition, "tests": {"c": figures}}

    return [of(1, "a", 0.80), of(2, "a", 0.82), of(1, "b", 0.81), of(2, "b", 0.84)]


def test_differences_are_paired_by_seed() -> None:
    table = study_report.render_scores(records(), ("share", "condition"), {"condition": "a"})
    first, second = table.splitlines()[2:]
    assert first == "| 5 % | a | c | 2 | 81.00 ± 12.71 | 81.00 ± 12.71 |  |  |  |"
    assert "| +1.50 ± 6.35 |  |" in second


def test_single_seed_has_bootstrap_interval() -> None:
    [record, *_] = records()
    record["tests"]["c"]["micro"]["intervals"] = {"f1": [0.78, 0.8251]}
    table = study_report.render_scores([record], ("share", "condition"), {})
    assert "| 1 | 80.00 (78.00 to 82.51) | 80.00 |  |" in table.splitlines()[2]


def test_interval_over_seeds_is_students_t() -> None:
    mean, half = study_report.mean_and_half_interval([1.0, 2.0, 3.0])
    assert mean == 2.0 and half == pytest.approx(4.303 / 3**0.5)
    assert study_report.mean_and_half_interval([5.0]) == (5.0, None)


def test_learning_curves_are_plotted(tmp_path: Path) -> None:
    rows = [{**record, "corpus": "c"} for record in records()]
    study_report.plot_learning_curves(
        rows, tmp_path / "p.png", keys=("corpus", "share", "condition"), unit="%"
    )
    assert (tmp_path / "p.png").stat().st_size > 5000
