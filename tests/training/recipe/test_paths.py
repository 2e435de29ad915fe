"""Paths in a recipe are relative to its file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from vaner.errors import RecipeError
from vaner.training.recipe.paths import with_absolute_paths, with_home_folder


def recipe(corpus: str, **source: str) -> dict[str, Any]:
    return {
        "model": {"init_from": source.pop("init_from", "biomedical")},
        "stages": [{"sources": [{"corpus": corpus, **source}]}],
        "dev": [corpus],
    }


def test_paths_are_those_of_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names of corpora and models stay, and paths of the working folder still work."""
    work, folder = tmp_path / "work", tmp_path / "recipes"
    for path in (work / "here", folder / "letters", folder / "model"):
        path.mkdir(parents=True)
    (folder / "model" / "config.json").touch()
    (folder / "names.parquet").touch()
    monkeypatch.chdir(work)
    given = recipe("letters", dense="names.parquet", teacher="model", init_from="./model")
    letters, model = str(folder / "letters"), str(folder / "model")
    expected = recipe(letters, dense=str(folder / "names.parquet"), teacher=model, init_from=model)
    assert with_absolute_paths(given, folder) == expected
    for name in ("here", "./here", "BC5CDR", "me/model"):
        given = recipe(name, teacher="me/model")
        assert with_absolute_paths(given, folder) == given


def test_a_recipe_may_use_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    given, letters = recipe("~/letters", init_from="me/model~1"), f"{tmp_path}/letters"
    assert with_home_folder(given) == recipe(letters, init_from="me/model~1")


@pytest.mark.parametrize("field", ["corpus", "dense", "teacher", "init_from"])
def test_a_missing_path_names_the_folder_of_the_recipe(tmp_path: Path, field: str) -> None:
    content = recipe(**{"corpus": "BC5CDR", field: "../missing"})
    with pytest.raises(RecipeError, match=r"\.\./missing: no such file or folder; .* which is /"):
        with_absolute_paths(content, tmp_path)
