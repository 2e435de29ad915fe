"""``vaner distill``: a complete small run, and its recipe."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.command_line import Run
from vaner.annotator import Annotator


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "abstracts.txt"
    path.write_text("Metformin treats diabetes. Asthma kills.", "utf-8")
    return path


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "mine"
    folder.mkdir()
    for name in ("train", "devel"):
        (folder / f"{name}.tsv").write_text("Metformin\tB-Chemical\nAsthma\tB-Disease\n\n")
    return folder


@pytest.mark.heavy
def test_a_pupil_has_half_the_layers_and_its_teachers_types(
    run: Run, tiny_model: Path, text: Path, corpus: Path, tmp_path: Path
) -> None:
    done = run("distill", tiny_model, "--text", text, "--corpus", corpus, "--epochs", 1,
               "-o", tmp_path / "run")  # fmt: skip
    assert done.code == 0, done.err
    pupil, teacher = (
        Annotator.from_pretrained(path) for path in (tmp_path / "run/seed-1/model", tiny_model)
    )
    assert pupil.types == teacher.types
    models = [each.recognizer.model for each in (pupil, teacher)]  # type: ignore[attr-defined]
    depths = [model.config.base_config.num_hidden_layers for model in models]
    assert depths == [1, 2]


@pytest.mark.heavy
def test_the_recipe_can_be_had_and_trained_by_itself(
    run: Run, tiny_model: Path, text: Path, corpus: Path, tmp_path: Path
) -> None:
    shown = run("distill", tiny_model, "--text", text, "--corpus", corpus, "--show")
    recipe = yaml.safe_load(shown.out)
    assert recipe["stages"][0]["sources"][0] == {"corpus": str(text), "teacher": str(tiny_model)}
    recipe["stages"][0]["epochs"] = 1
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(recipe), "utf-8")
    assert run("train", tmp_path / "recipe.yaml", "-o", tmp_path / "run").code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--text", "nowhere.txt", "--corpus", "mine"], "nowhere.txt: no such file"),
        ([], "name at least one corpus"),
        (["--corpus", "mine", "--layers", 9], "9 layers are more than the 2"),
        (["--corpus", "mine"], "-o FOLDER"),
    ],
)
def test_missing_arguments_are_errors(
    run: Run, tiny_model: Path, arguments: list[object], message: str
) -> None:
    done = run("distill", tiny_model, *arguments)
    assert done.code != 0 and message in done.error


def test_a_teacher_must_be_a_tagger(run: Run, tmp_path: Path, corpus: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "config.json").write_text('{"model_type": "bert"}')
    done = run("distill", tmp_path / "other", "--corpus", corpus, "-o", tmp_path / "run")
    assert done.code != 0 and "not a saved tagger" in done.error


def test_the_output_must_be_a_folder(run: Run, tiny_model: Path, text: Path, corpus: Path) -> None:
    done = run("distill", tiny_model, "--text", text, "--corpus", corpus, "-o", text)
    assert "is a file; --output must be a folder" in done.error
