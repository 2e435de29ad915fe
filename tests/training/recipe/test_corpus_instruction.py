"""The instruction that is the name of the corpus, and held-out splits."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from vaner.corpora import load
from vaner.errors import RecipeError, VanerError
from vaner.tagger.instructions import CORPUS, Instruction
from vaner.training.data.held_out import read_held_out_sentences
from vaner.training.learners.tagger import _check_instruction
from vaner.training.plan import TrainingTargets
from vaner.training.recipe.models import TaggerRecipe
from vaner.training.recipe.schema import HeldOutSplit, Recipe


def test_corpus_instruction_names_known_corpus_only() -> None:
    assert CORPUS.render("entity", "JNLPBA") == "JNLPBA: "
    assert CORPUS.render("entity") == ""


@pytest.mark.parametrize(("named", "nameless"), [("{dataset}: ", "{type}: "), ("corpus: ", "")])
def test_invalid_template_raises_error(named: str, nameless: str) -> None:
    with pytest.raises(VanerError, match="must have exactly the fields"):
        Instruction(named, nameless)


@pytest.mark.parametrize("nameless", [False, None, [], 0])
def test_damaged_template_raises_error(nameless: Any) -> None:
    with pytest.raises(VanerError, match="is not a string"):
        Instruction("{type} in {dataset}: ", nameless)


def test_corpus_instruction_needs_joint_model() -> None:
    content = {
        "name": "r", "model": {"instruction": "corpus"}, "dev": [{"corpus": "BC5CDR"}],
        "stages": [{"sources": [{"corpus": "BC5CDR"}]}],
    }  # fmt: skip
    with pytest.raises(ValueError, match="corpus is for joint models"):
        Recipe.model_validate(content)
    joint = content | {"model": {"instruction": "corpus", "joint": True}}
    assert Recipe.model_validate(joint).model.template() == CORPUS  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("named", "nameless"),
    [("{dataset}: ", ""), ("{type} in {dataset}: ", ""), ("", "{type}: "), ("", "")],
)
def test_instruction_must_say_which_of_several_types(named: str, nameless: str) -> None:
    instruction = {"named": named, "nameless": nameless}
    model = TaggerRecipe.model_validate({"instruction": instruction})
    types = ["Chemical", "Disease"]
    targets = TrainingTargets(types, {"BC5CDR": types}, without_corpus=True)
    with pytest.raises(RecipeError, match="does not say which of Chemical, Disease to find"):
        _check_instruction(model, targets)
    _check_instruction(model.model_copy(update={"joint": True}), targets)
    _check_instruction(model, TrainingTargets(["Disease"], {}, without_corpus=True))


def test_held_out_accepts_a_split(tmp_path: Path) -> None:
    for split, text in (
        ("train", "Gout hurts."),
        ("devel", "Flu kills."),
        ("test", "All is well."),
    ):
        folder = tmp_path / "other"
        folder.mkdir(exist_ok=True)
        (folder / f"{split}.jsonl").write_text(json.dumps({"text": text, "spans": []}) + "\n")
    recipe = Recipe.model_validate({
        "name": "r", "stages": [{"sources": [{"corpus": "BC5CDR"}]}], "dev": [{"corpus": "BC5CDR"}],
        "held_out": [str(tmp_path / "other"), {"corpus": str(tmp_path / "other")}],
    })  # fmt: skip
    assert recipe.held_out[1] == HeldOutSplit(corpus=str(tmp_path / "other"), split="devel")
    assert read_held_out_sentences(recipe, partial(load, root=tmp_path)) == {
        "all is well .",
        "flu kills .",
    }
