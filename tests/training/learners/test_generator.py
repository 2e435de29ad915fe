"""Training of a generator."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.training.test_train import corpus_folder
from vaner.annotator import Annotator
from vaner.backbones.encoding import read_tokenizer
from vaner.errors import RecipeError
from vaner.generator.instructions import build_instruction
from vaner.generator.prompts import PromptEncoder
from vaner.text.documents import Corpus, Document, Span
from vaner.training.examples.marked_copies import CUT, make_copy_examples
from vaner.training.recipe.file import read_recipe
from vaner.training.recipe.schema import Recipe
from vaner.training.train import train

__all__ = ["corpus_folder"]


def recipe(
    backbone: Path, corpus: Path, *, model: dict[str, Any], epochs: int = 12, **source: Any
) -> Recipe:
    return Recipe.model_validate(
        {
            "name": "toy",
            "model": {"family": "generator", "backbone": str(backbone), "instruction": "compact",
                      "lora": None, **model},
            "stages": [{"sources": [{"corpus": str(corpus), **source}], "epochs": epochs,
                        "batch_size": 8, "learning_rate": 0.005, "evaluations_per_epoch": 1,
                        "patience": None}],
            "dev": [{"corpus": str(corpus)}],
            "precision": "fp32",
        }
    )  # fmt: skip


@pytest.mark.heavy
@pytest.mark.parametrize("loss", ["decisions", "answer"])
def test_a_recipe_learns_and_leaves_a_model_that_can_be_used(
    tiny_backbone: Path, corpus_folder: Path, tmp_path: Path, loss: str
) -> None:
    epochs = 12 if loss == "decisions" else 24  # copying must be learned too
    plan = recipe(tiny_backbone, corpus_folder, model={"loss": loss}, epochs=epochs)
    [trained] = train(plan, tmp_path / "run", report=lambda _: None)
    assert trained.dev_f1 > 0.9
    annotator = Annotator.from_pretrained(trained.folder, device="cpu")
    assert annotator.types == ("Chemical", "Disease") and list(annotator.corpora) == ["toy"]
    document = annotator("aspirin helps against lung cancer .", ["Disease"])
    assert [document.mention(span) for span in document.spans] == ["lung cancer"]


@pytest.mark.heavy
def test_interrupted_run_resumes(tiny_backbone: Path, corpus_folder: Path, tmp_path: Path) -> None:
    plan = recipe(tiny_backbone, corpus_folder, model={"lora": {"rank": 4}})
    short = plan.model_copy(update={"stages": [plan.stages[0].model_copy(update={"epochs": 2})]})
    [first] = train(short, tmp_path / "run", report=lambda _: None)
    [again] = train(short, tmp_path / "run", resume=True, report=lambda _: None)
    assert again.dev_f1 == first.dev_f1
    record = json.loads((tmp_path / "run" / "seed-1" / "training.json").read_text())
    assert record["recipe"]["model"]["family"] == "generator" and record["mentions"] == 72
    with pytest.raises(RecipeError, match=r"the recipe differs from .*seed-1.recipe.json, with"):
        train(plan, tmp_path / "run", resume=True, report=lambda _: None)


def test_examples_contain_nested_mentions_and_negative_sentences(tiny_backbone: Path) -> None:
    text = "The CD28 surface receptor binds.\nNothing here."
    spans = (Span(4, 25, "protein"), Span(4, 8, "protein"), Span(17, 31, "protein"))
    corpus = Corpus("GENIA", "train", (Document("1", text, spans),), ("DNA", "protein"))
    encoder = PromptEncoder(read_tokenizer(tiny_backbone), 2048)
    asks = build_instruction("GENIA")
    examples, coverage = make_copy_examples(
        corpus, corpus.types, encoder, lambda type, _: asks.render_one(type)
    )
    assert [(sorted(e.spans), e.is_negative) for e in examples] == [
        ([], True), ([], True), ([(1, 2), (1, 4)], False), ([], True),
    ]  # fmt: skip
    assert coverage.mentions == 3 and sum(coverage.unreachable.values()) == 1
    assert all(len(example.encode(encoder)) == example.length for example in examples)


def test_mention_longer_than_window_is_counted(tiny_backbone: Path) -> None:
    text = " ".join(["cell"] * 200)
    corpus = Corpus("c", "train", (Document("1", text, (Span(0, 499, "X"), Span(0, 4, "X"))),))
    encoder = PromptEncoder(read_tokenizer(tiny_backbone), 256)
    examples, coverage = make_copy_examples(corpus, ["X"], encoder, lambda *_: "X: ")
    assert len(examples) > 1 and sum(len(example.spans) for example in examples) == 1
    assert coverage.mentions == 2 and coverage.unreachable == {CUT: 1}


def test_negative_fraction_drops_negative_sentences(
    tiny_backbone: Path, corpus_folder: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "half"
    folder.mkdir()
    rows = "\n\n".join(["No\tO\nnews\tO"] * 10 + ["asthma\tB-Disease"] * 5) + "\n"
    (folder / "train.tsv").write_text(rows)
    (folder / "devel.tsv").write_text("asthma\tB-Disease\n")
    lines: list[str] = []
    plan = recipe(tiny_backbone, folder, model={}, negative_fraction=0)
    short = plan.model_copy(update={"stages": [plan.stages[0].model_copy(update={"epochs": 1})]})
    train(short, tmp_path / "run", report=lines.append)
    assert ": 5 examples" in lines[0]


@pytest.mark.parametrize(
    "source", [{"nameless_fraction": 0.5}, {"domain": "general", "collapse": "Entity"}]
)
def test_tagger_options_raise_error(source: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"are for taggers, not for a generator"):
        recipe(Path("backbone"), Path("toy"), model={}, **source)


def test_unknown_family_raises_error(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_text("name: x\nmodel: {family: poet}\nstages: []\ndev: []\n")
    with pytest.raises(RecipeError, match=r"r\.yaml:2: model"):
        read_recipe(path)
