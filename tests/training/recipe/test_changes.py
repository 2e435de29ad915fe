"""Changes of single values of a recipe."""

from pathlib import Path

import pytest

from vaner.errors import RecipeError
from vaner.training.recipe.changes import apply_changes, parse_changes
from vaner.training.recipe.file import read_recipe

RECIPE = """\
name: small
model:
  backbone: smollm2-135m
stages:
  - sources:
      - corpus: NCBI-disease
    epochs: 2
dev:
  - corpus: NCBI-disease
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    return tmp_path / "recipe.yaml"


def test_values_of_a_recipe_are_changed(path: Path) -> None:
    arguments = ["stages.0.steps=6", "model.lora.rank=4", "seeds=[1, 2]", "stages.0.steps=7"]
    recipe = read_recipe(path, changes=parse_changes(arguments))
    assert recipe.stages[0].steps == 7 and recipe.seeds == [1, 2]
    assert recipe.model.lora is not None and recipe.model.lora.rank == 4
    assert recipe.name == "small" and read_recipe(path).stages[0].steps is None


def test_the_content_is_not_changed() -> None:
    content = {"a": [{"b": 1}], "c": None}
    assert apply_changes(content, {"a.0.b": 2, "c.d.e": "x=y"}) == {
        "a": [{"b": 2}], "c": {"d": {"e": "x=y"}}
    }  # fmt: skip
    assert content == {"a": [{"b": 1}], "c": None}


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("steps", "--set steps: expected KEY=VALUE, such as stages.0.steps=6"),
        ("stages..steps=6", "expected KEY=VALUE"),
        ("name=[a", "--set name=[a: '[a' is not YAML"),
        ("seeds=2001-02-30", "is not YAML"),
        ("stages.1.steps=6", "stages.1.steps: '1' is not the number of a list item; the last"),
        ("stages.-1.steps=6", "'-1' is not the number of a list item; the last one is 0"),
        ("name.x=6", "name.x: 'small' has no field 'x'"),
        (
            "stages.0.step=6",
            "recipe.yaml, stages.0.step changed: stages.0.step: unknown field. D",
        ),
        (
            "stages.0={epochs: 1}",
            "recipe.yaml, stages.0 changed: stages.0.sources: field requir",
        ),
    ],
)
def test_changes_that_are_wrong(path: Path, argument: str, message: str) -> None:
    with pytest.raises(RecipeError) as caught:
        read_recipe(path, changes=parse_changes([argument]))
    assert message in str(caught.value)


def test_other_problems_name_the_line(path: Path) -> None:
    path.write_text(RECIPE.replace("epochs: 2", "epochs: 0"))
    with pytest.raises(RecipeError, match=r"recipe\.yaml:7: stages\.0\.epochs: "):
        read_recipe(path, changes={"stages.0.steps": 6})
