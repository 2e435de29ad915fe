"""``vaner train``: a complete small run, and errors in recipes."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from tests.command_line import Run
from tests.tiny_model import write_recipe
from vaner.cli.messages import resume_hint
from vaner.training.examples.sentences import Coverage
from vaner.training.result import TrainingResult


@pytest.fixture
def recipe(tiny_backbone: Path, tmp_path: Path) -> Path:
    text = "Asthma\tB-Disease\nkills\tO\n\nGout\tB-Disease\n\n" * 2
    return write_recipe(tmp_path, tiny_backbone, text)


def test_schema_is_json_and_needs_no_recipe(run: Run) -> None:
    schema = json.loads(run("train", "--schema").out)
    assert {"stages", "dev", "model"} <= set(schema["properties"])


@pytest.mark.heavy
def test_a_run_ends_with_a_model_and_the_next_command(
    run: Run, recipe: Path, tmp_path: Path
) -> None:
    done = run("train", recipe, "--output", tmp_path / "run", "--set", "name=trial")
    assert done.code == 0, done.err
    record = json.loads((tmp_path / "run" / "seed-1" / "recipe.json").read_text())
    assert record["name"] == "trial"
    model = tmp_path / "run" / "seed-1" / "model"
    assert done.out.startswith(f"{model}\tdev F1 ")
    assert f"vaner evaluate --model {model} --corpus {tmp_path / 'mine'} --split test" in done.err
    assert run("annotate", "-t", "Asthma kills", "--model", model, "-f", "jsonl").code == 0
    assert "add --resume to continue" in run("train", recipe, "-o", tmp_path / "run").error


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("epochs: 1", "epoch: 1", "unknown field. Did you mean `epochs`?"),
        ("epochs: 1", "epochs: many", "stages.0.epochs: "),
        ("stages:", "stages: [", "not YAML"),
        ("name: tiny", "- tiny", "not YAML"),
    ],
)
def test_mistakes_in_a_recipe(
    run: Run, recipe: Path, tmp_path: Path, old: str, new: str, message: str
) -> None:
    recipe.write_text(recipe.read_text().replace(old, new))
    line = run("train", recipe, "-o", tmp_path / "run").error
    assert message in line and f"{recipe}:" in line
    assert not (tmp_path / "run").exists()


def test_missing_arguments_are_errors(run: Run, recipe: Path, tmp_path: Path) -> None:
    assert "needs a recipe and an output folder" in run("train").error
    assert "needs a recipe and an output folder" in run("train", recipe).error
    changed = run("train", recipe, "-o", tmp_path / "run", "--set", "stages.0.steps=many")
    assert "recipe.yaml, stages.0.steps changed: stages.0.steps: " in changed.error
    assert "missing.yaml" in run("train", "missing.yaml", "-o", tmp_path / "run").error
    assert "is a file; --output must be a folder" in run("train", recipe, "-o", recipe).error


def test_printed_commands_work_as_they_are(
    run: Run, recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not with the options left out, or for a corpus without a test split or without gold."""

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    def finish(_: object, output: Path, **__: object) -> list[TrainingResult]:
        return [TrainingResult(output / "a model", 0.5, [], Coverage(0, {}, 0), {}, 1.0)]

    text = recipe.read_text().replace(
        f"corpus: {tmp_path}/mine\n    epochs",
        f"""{{corpus: {tmp_path}/mine, rename: {{Disease: My disease}}, encoding: latin-1}}
      - {{corpus: {tmp_path}/general, domain: general}}
      - {{corpus: {tmp_path}/untested}}
    epochs""",
    )
    recipe.write_text(text)
    for name, splits in (("general", ("train", "test")), ("untested", ("train", "devel"))):
        (tmp_path / name).mkdir()
        for split in splits:
            (tmp_path / name / f"{split}.tsv").write_text("Gout\tB-X\n")
    monkeypatch.delenv("VANER_CORPORA", raising=False)
    arguments = ("train", recipe, "-o", tmp_path / "run", "--corpora", tmp_path)
    monkeypatch.setattr("vaner.training.train.train", stop)
    (tmp_path / "run").mkdir()
    assert "to continue, run the same command with --resume\n" in run(*arguments).err
    monkeypatch.setattr("vaner.training.train.train", finish)
    [command] = (line for line in run(*arguments).err.splitlines() if "vaner evaluate" in line)
    assert shlex.split(command)[1:] == [
        "vaner", "evaluate", "--model", f"{tmp_path}/run/a model", "--corpus", f"{tmp_path}/mine",
        "--split", "test", "--encoding", "latin-1", "--rename", "Disease=My disease",
        "--corpora", str(tmp_path),
    ]  # fmt: skip


@pytest.mark.heavy
def test_draw_redraws_the_curves(run: Run, recipe: Path, tmp_path: Path) -> None:
    output = tmp_path / "run"
    assert run("train", recipe, "--output", output).code == 0
    history = json.loads((output / "seed-1" / "history.json").read_text())
    record = json.loads((output / "seed-1" / "training.json").read_text())
    assert history == record["history"]
    assert any("loss" in entry for entry in history) and any("eval_f1" in e for e in history)
    picture = output / "seed-1" / "training.png"
    picture.unlink()
    assert run("train", "--output", output, "--draw").out == f"{picture}\n"
    assert picture.read_bytes().startswith(b"\x89PNG")
    (output / "seed-1" / "history.json").write_text("[1")
    assert "not the log of a training run" in run("train", "--output", output, "--draw").error
    message = run("train", "--output", tmp_path / "none", "--draw").error
    assert "contains no training log" in message


def test_an_early_failure_leaves_no_folder(run: Run, recipe: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(recipe.read_text().replace("precision: fp32", "held_out: [nowhere]"))
    output = tmp_path / "deep" / "run"
    assert "nowhere" in run("train", wrong, "--output", output).error
    assert not (tmp_path / "deep").exists()
    output.parent.mkdir()
    assert "nowhere" in run("train", wrong, "--output", output).error
    assert output.parent.exists() and not output.exists()


def test_ctrl_c_says_how_to_continue(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "run"
    checkpoint = output / "fold-0" / "run" / "seed-1" / "stage-1-main" / "checkpoint-20"
    checkpoint.mkdir(parents=True)
    for state, said in (("{", "there is no checkpoint yet"), ('{"best_metric": 0.8}', "is 80.00")):
        (checkpoint / "trainer_state.json").write_text(state)
        with pytest.raises(SystemExit) as ended, resume_hint(output):
            raise KeyboardInterrupt
        assert ended.value.code == 130
        first, second = capsys.readouterr().err.splitlines()
        assert first.startswith("vaner: stopped; ") and said in first
        assert second == "vaner: to continue, run the same command with --resume"
