"""Recipes, records and results with former field names are read as before."""

import json
import logging
import warnings
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from vaner.errors import RecipeError
from vaner.training import resume
from vaner.training.recipe.file import read_recipe
from vaner.training.recipe.schema import Recipe

FORMER = Path(__file__).with_name("former_names.yaml")
NAMES = {
    "start": "init_from", "nameless": "nameless_fraction", "blanks": "negative_fraction",
    "without": "held_out_fold", "named": "type_map", "kept": "weight_interpolation",
    "sure": "min_teacher_score", "licence": "license",
}  # fmt: skip
SELECTOR: dict[str, Any] = {
    "name": "selector",
    "model": {"family": "selector", "lora": None, "variants": 2, "width": 16},
    "stages": [{"sources": [{"corpus": "NCBI-disease", "blanks": 0.5}], "kept": 0.0}],
    "dev": [{"corpus": "NCBI-disease"}],
}


def test_old_recipe_is_read_as_the_new_one(tmp_path: Path) -> None:
    text = FORMER.read_text("utf-8")
    for name, new in NAMES.items():
        text = text.replace(f"{name}: ", f"{new}: ")
    (tmp_path / "new.yaml").write_text(text, "utf-8")
    assert read_recipe(FORMER) == read_recipe(tmp_path / "new.yaml")


def test_old_recipe_warns_once_and_names_lines(caplog: pytest.LogCaptureFixture) -> None:
    with warnings.catch_warnings(), caplog.at_level(logging.WARNING):
        warnings.simplefilter("error")
        read_recipe(FORMER)
    [message] = caplog.messages
    assert message.startswith(f"{FORMER}: rename these fields: `start` (line 4) is now `init_from`")
    assert all(
        f"`{name}` (line " in message and f"`{new}`" in message for name, new in NAMES.items()
    )
    assert "`nameless` (line 8)" in message and "`sure` (line 16)" in message


def test_new_recipe_does_not_warn(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "new.yaml").write_text(
        "name: n\nmodel: {instruction: {named: '{dataset} {type}', nameless: '{type}'}}\n"
        "stages: [{sources: [{corpus: NCBI-disease}]}]\ndev: [{corpus: NCBI-disease}]\n"
    )
    read_recipe(tmp_path / "new.yaml")
    assert not caplog.messages


def test_former_names_in_python_are_deprecated() -> None:
    with pytest.warns(DeprecationWarning) as caught:
        recipe = Recipe.model_validate(SELECTOR)
    messages = {str(warning.message) for warning in caught}
    assert "recipe field `width` is now called `projection_dim`" in messages
    assert recipe.model.projection_dim == 16 and recipe.model.negatives_per_mention == 2  # type: ignore[union-attr]


def test_stored_recipe_is_the_same_recipe_without_a_warning(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        recipe = Recipe.from_record(SELECTOR)
        (tmp_path / resume.RECIPE_FILE).write_text(json.dumps(SELECTOR), "utf-8")
        resume.check_same_recipe(recipe, tmp_path)


def test_both_names_of_a_field_are_an_error(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(FORMER.read_text("utf-8").replace("kept: 0.25", "weight_interpolation: 0.2\n"
                                                       "    kept: 0.25"), "utf-8")  # fmt: skip
    with pytest.raises(RecipeError, match="kept is the former name of weight_interpolation"):
        read_recipe(path)


def test_errors_name_the_line_of_a_former_name(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(FORMER.read_text("utf-8").replace("sure: 0.7", "sure: 7"), "utf-8")
    with pytest.raises(RecipeError, match=r"recipe.yaml:16: .*\.min_teacher_score: input should"):
        read_recipe(path)


def test_json_schema_has_the_current_names_only() -> None:
    schema = json.dumps(Recipe.model_json_schema())
    properties = {
        name
        for part in Recipe.model_json_schema()["$defs"].values()
        for name in part.get("properties", ())
    }
    assert {*NAMES.values(), "projection_dim", "negatives_per_mention"} <= properties
    assert not {"kept", "sure", "blanks", "without", "start", "width", "variants"} & properties
    assert "FormerName" not in schema


def test_unknown_field_is_an_error_in_a_record() -> None:
    with pytest.raises(ValidationError):
        Recipe.from_record(SELECTOR | {"unknown": 1})
