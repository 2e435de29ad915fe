"""Recipes are checked; an error names the file, the line and the field."""

from pathlib import Path

import pytest

from vaner.errors import RecipeError
from vaner.training.recipe.file import read_recipe

GOOD = """\
name: small
model:
  backbone: smollm2-135m
  lora: {rank: 8}
stages:
  - sources:
      - corpus: NCBI-disease
    epochs: 2
dev:
  - corpus: NCBI-disease
"""


def check(tmp_path: Path, text: str) -> str:
    path = tmp_path / "recipe.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(RecipeError) as caught:
        read_recipe(path)
    message = str(caught.value)
    assert "\n" not in message
    return message.removeprefix(str(tmp_path) + "/")


def test_valid_recipe_is_read(tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text(GOOD)
    recipe = read_recipe(tmp_path / "r.yaml")
    assert recipe.model.lora is not None and recipe.model.lora.rank == 8
    assert recipe.stages[0].epochs == 2


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "epochs: 2",
            "epoch: 2",
            "recipe.yaml:8: stages.0.epoch: unknown field. Did you mean `epochs`?",
        ),
        (
            "rank: 8",
            "rnak: 8",
            "recipe.yaml:4: model.lora.rnak: unknown field. Did you mean `rank`?",
        ),
        (
            "lora: {rank: 8}",
            "frozen_layers: 1",
            "recipe.yaml:2: model: frozen_layers is for training without an adapter",
        ),
        (
            "lora: {rank: 8}",
            "lora: null\n  quantization: nf4",
            "recipe.yaml:2: model: quantization is for training an adapter",
        ),
        ("epochs: 2", "epochs: two", "recipe.yaml:8: stages.0.epochs"),
        ("rank: 8", "rank: 0", "recipe.yaml:4: model.lora.rank"),
        (
            "lora: {rank: 8}",
            "family: generator\n  casing: true",
            "recipe.yaml:5: model.casing: unknown field here; it is a field of a tagger",
        ),
        (
            "epochs: 2",
            "epochs: 2\n    temperature: 5",
            "temperature needs sampling: temperature",
        ),
        ("epochs: 2", "epochs: 2\n    epochs: 3", "recipe.yaml:9: field `epochs` is given twice"),
        ("name: small", "name: small\nseeds: [1, 2, 1]", "seeds: a seed is given twice"),
        ("name: small", "name: small\nseeds: [-1]", "seeds.0: input should be greater than or"),
        ("name: small", f"name: small\nseeds: [{2**32}]", "seeds.0: input should be less than"),
        ("epochs: 2", "epochs: 2\n    name: ../x", "stages.0.name: it must be a valid file name"),
        ("name: small\n", "", "recipe.yaml:1: name: field required"),
        ("dev:\n  - corpus: NCBI-disease\n", "", "dev: field required"),
        ("  backbone: smollm2-135m", "  instruction: short", "recipe.yaml:3: model.instruction"),
        ("name: small", "name: [small", "recipe.yaml:2: not YAML"),
        (
            "corpus: NCBI-disease\n    epochs",
            "{corpus: NCBI-disease, min_teacher_score: 0.9}\n    epochs",
            "recipe.yaml:7: stages.0.sources.0: min_teacher_score needs a teacher",
        ),
        (
            "corpus: NCBI-disease\n    epochs",
            "{corpus: a.txt, teacher: biomedical, nameless_fraction: 0.5}\n    epochs",
            "a teacher never reads the corpus's name: remove nameless_fraction",
        ),
        (
            "corpus: NCBI-disease\n    epochs",
            "{corpus: NCBI-disease, types: []}\n    epochs",
            "recipe.yaml:7: stages.0.sources.0.types: list should have at least 1 item",
        ),
    ],
)  # fmt: skip
def test_errors_name_line_and_field(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert check(tmp_path, GOOD.replace(old, new)).startswith(message) or message in check(
        tmp_path, GOOD.replace(old, new)
    )


def test_test_split_as_dev_set_raises_error(tmp_path: Path) -> None:
    text = GOOD.replace(
        "dev:\n  - corpus: NCBI-disease", "dev:\n  - {corpus: NCBI-disease, split: test}"
    )
    assert "dev must not be a test split" in check(tmp_path, text)


def test_test_split_as_source_raises_error(tmp_path: Path) -> None:
    text = GOOD.replace(
        "- corpus: NCBI-disease\n    epochs", "- {corpus: NCBI-disease, split: test}\n    epochs"
    )
    message = check(tmp_path, text)
    assert "recipe.yaml:7: stages.0.sources.0.split: " in message
    assert "a test split is never trained on" in message


def test_unreadable_file_raises_error(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="No such file"):
        read_recipe(tmp_path / "none.yaml")
    (tmp_path / "latin.yaml").write_bytes("name: caf\xe9".encode("latin-1"))
    with pytest.raises(RecipeError, match="not UTF-8"):
        read_recipe(tmp_path / "latin.yaml")
