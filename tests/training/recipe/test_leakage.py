"""Texts must not be both trained on and scored on, or chosen by."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from vaner.corpora import load
from vaner.errors import RecipeError
from vaner.training.data.sources import DevSet, load_dev_set
from vaner.training.recipe.file import read_recipe
from vaner.training.recipe.leakage import find_split_conflict
from vaner.training.recipe.schema import Recipe


def recipe(
    *sources: dict[str, Any], dev: dict[str, Any] | None = None, held_out: tuple[str, ...] = ()
) -> Recipe:
    return Recipe.model_validate(
        {
            "name": "toy",
            "stages": [{"sources": list(sources)}],
            "dev": [dev or {"corpus": "NCBI-disease"}],
            "held_out": list(held_out),
        }
    )


def load_dev(recipe: Recipe) -> DevSet:
    [source] = recipe.dev
    return load_dev_set(source, {"D"}, load)


GENIA = {"corpus": "GENIA-nested", "split": "train_partial"}
JNLPBA = {"corpus": "JNLPBA-cells"}
CMEEE = {"corpus": "CMeEE", "limit": 14_000}


@pytest.mark.parametrize(
    "good",
    [
        recipe({"corpus": "NCBI-disease"}),
        recipe(GENIA, dev={"corpus": "GENIA-nested"}),
        recipe(JNLPBA, dev={"corpus": "JNLPBA"}, held_out=("BC2GM",)),
        # Its test abstracts are none of GENIA's.
        recipe(GENIA, held_out=("JNLPBA",)),
        recipe(CMEEE, dev={"corpus": "CMeEE", "split": "train", "skip": 14_000}),
        recipe(CMEEE, held_out=("CMeEE-V2", "CCKS2017")),
        recipe({"corpus": "cEHRNER"}, held_out=("CCKS2019",)),
    ],
)
def test_separate_splits_have_no_conflict(good: Recipe) -> None:
    assert find_split_conflict(good) is None


@pytest.mark.parametrize("dev", [GENIA | {"split": "devel"}, {"corpus": "NCBI-disease"}])
def test_initial_model_must_not_know_scored_texts(dev: dict[str, Any]) -> None:
    plan = recipe(GENIA, dev=dev)
    assert find_split_conflict(plan, [("NCBI-disease", "train"), ("abstracts.jsonl", "")]) is None
    message = find_split_conflict(plan, [("JNLPBA-cells", "train")]) or ""
    assert "was trained on JNLPBA train, which has texts of GENIA-nested" in message


def test_dev_set_must_not_be_training_data_of_earlier_models() -> None:
    plan = recipe(JNLPBA, dev={"corpus": "NCBI-disease", "split": "train", "skip": 5000})
    assert find_split_conflict(plan) is None
    assert "has texts of NCBI-disease train" in (
        find_split_conflict(plan, [("NCBI-disease", "train")]) or ""
    )


def test_dev_file_must_not_be_trained_on(tmp_path: Path) -> None:
    file, link = tmp_path / "file.tsv", tmp_path / "link.tsv"
    file.write_text("gout\tB-Disease\n")
    link.symlink_to(file)
    for dev in (file, link):
        assert "is trained on too" in (
            find_split_conflict(recipe({"corpus": str(file)}, dev={"corpus": str(dev)})) or ""
        )
    parts = {"corpus": str(file), "limit": 5}, {"corpus": str(file), "skip": 5}
    assert find_split_conflict(recipe(parts[0], dev=parts[1])) is None


def test_registered_corpus_is_recognized_by_its_path(tmp_path: Path) -> None:
    folder = tmp_path / "NCBI-disease"
    folder.mkdir()
    (folder / "train.tsv").write_text("gout\tB-Disease\n")
    dev = {"corpus": str(folder), "split": "train"}
    assert "is trained on too" in (
        find_split_conflict(recipe({"corpus": "NCBI-disease"}, dev=dev), (), tmp_path) or ""
    )


def test_test_split_by_path_raises_error(tmp_path: Path) -> None:
    for name in ("train.tsv", "test.tsv"):
        (tmp_path / name).write_text("gout\tB-Disease\n")
    train, test = ({"corpus": str(tmp_path / name)} for name in ("train.tsv", "test.tsv"))
    assert "dev must not be a test split" in (find_split_conflict(recipe(train, dev=test)) or "")
    assert "a test split is never trained on" in (find_split_conflict(recipe(test)) or "")
    assert find_split_conflict(recipe(train)) is None


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (recipe(JNLPBA, held_out=("GENIA-nested",)), "JNLPBA train and GENIA-nested test share"),
        (recipe(JNLPBA, dev={"corpus": "GENIA-nested"}), "GENIA-nested devel share texts"),
        (recipe(GENIA, dev=JNLPBA), "GENIA-nested train_partial and JNLPBA devel share texts"),
        (recipe(GENIA, JNLPBA), "JNLPBA train and GENIA-nested test share texts"),
        (
            recipe({"corpus": "NCBI-disease"}, dev=JNLPBA, held_out=("genia-nested",)),
            "JNLPBA devel and GENIA-nested test share texts",
        ),
        (recipe({"corpus": "CCKS2019"}, held_out=("cEHRNER",)), "CCKS2019 train and cEHRNER test"),
        (recipe(CMEEE, dev={"corpus": "CMeEE"}), "CMeEE devel is used as the test split"),
        (recipe({"corpus": "CCKS2017", "split": "devel"}), "CCKS2017 devel is used as the test"),
        (recipe(CMEEE, dev={"corpus": "CMeEE", "split": "train"}), "dev CMeEE train is trained"),
        (
            recipe({"corpus": "CMeEE"}, dev={"corpus": "CMeEE", "split": "train", "skip": 9}),
            "is trained on too: set a limit in the source",
        ),
        (
            recipe({"corpus": "BC5CDR-chem"}, dev={"corpus": "BC5CDR", "split": "train"}),
            "dev BC5CDR train is trained on too",
        ),
        (recipe(GENIA, dev={"corpus": "S800", "split": "test"}), "dev must not be a test split"),
    ],
)
def test_find_split_conflict_names_the_conflict(bad: Recipe, words: str) -> None:
    message = find_split_conflict(bad)
    assert message is not None and words in message and "\n" not in message


def test_conflict_stops_reading_and_training(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(
        "name: toy\nstages:\n  - sources: [{corpus: JNLPBA}]\n"
        "dev: [{corpus: JNLPBA}]\nheld_out: [GENIA-nested]\n"
    )
    with pytest.raises(RecipeError, match=r"recipe.yaml: JNLPBA train and GENIA-nested test share"):
        read_recipe(path)
    from vaner.training.train import train

    bad = recipe(JNLPBA, held_out=("GENIA-nested",))
    with pytest.raises(RecipeError, match=r"recipe toy: JNLPBA train and GENIA-nested test share"):
        train(bad, tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


def test_dev_set_skips_training_documents(tmp_path: Path) -> None:
    folder = tmp_path / "c"
    folder.mkdir()
    (folder / "train.tsv").write_text("".join(f"Gout{i}\tB-D\n\n" for i in range(5)))
    name = str(folder)
    dev = {"corpus": name, "split": "train", "skip": 3, "limit": 1}
    dev_set = load_dev(recipe({"corpus": name, "limit": 3}, dev=dev))
    assert [document.text for document in dev_set.corpus] == ["Gout3"]
    with pytest.raises(RecipeError, match=r"has no documents after the 9 that are skipped"):
        load_dev(recipe({"corpus": name, "limit": 3}, dev={**dev, "skip": 9}))
