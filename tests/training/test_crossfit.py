"""Cross-fitting: a fold is annotated by a model that was not trained on it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.training.test_train import corpus_folder
from tests.training.test_train import recipe as tagger_recipe
from vaner.corpora import load
from vaner.errors import RecipeError
from vaner.formats import read
from vaner.text.documents import Corpus, Document
from vaner.training import crossfit as module
from vaner.training.crossfit import crossfit
from vaner.training.data.folds import drop_fold, select_fold
from vaner.training.data.sources import load_source
from vaner.training.recipe.earlier_models import EarlierModels
from vaner.training.recipe.file import read_recipe
from vaner.training.recipe.schema import CorpusSource, Recipe
from vaner.training.train import train

__all__ = ["corpus_folder"]


def documents(number: int, source: int | None = None) -> Corpus:
    """Return documents; `source` consecutive ones have the same source."""
    documents = (
        Document(str(i), "Gout.", metadata={"doc_id": i // source} if source else {})
        for i in range(number)
    )
    return Corpus("c", "train", tuple(documents), ("Disease",))


@pytest.mark.parametrize("number", [5, 6, 23, 100])
@pytest.mark.parametrize("source", [None, 1, 2])
def test_folds_partition_a_split(number: int, source: int | None) -> None:
    corpus, folds = documents(number, source), 3
    parts = [select_fold(corpus, folds, fold) for fold in range(folds)]
    assert [d.id for part in parts for d in part] == [d.id for d in corpus]
    assert max(map(len, parts)) - min(map(len, parts)) <= 2 * (source or 1)
    for fold, part in enumerate(parts):
        rest = drop_fold(corpus, folds, fold)
        assert not {d.id for d in part} & {d.id for d in rest}
        assert len(part) + len(rest) == number
        if source:
            assert not {d.metadata["doc_id"] for d in part} & {d.metadata["doc_id"] for d in rest}


def test_too_few_documents_raise_error() -> None:
    for corpus in (documents(2), documents(40, 30)):
        with pytest.raises(RecipeError, match="too few documents for 3 folds"):
            select_fold(corpus, 3, 0)


def test_source_leaves_out_a_fold(corpus_folder: Path) -> None:
    source = CorpusSource(corpus=str(corpus_folder), limit=20, folds=4, held_out_fold=1)
    corpus = load_source(source, load).corpus
    assert [d.id for d in corpus] == [f"train-{n}" for n in range(1, 21) if not 6 <= n <= 10]
    half = load_source(source.model_copy(update={"share": 0.5}), load).sample(1).corpus
    assert len(half) == 8 and {d.id for d in half} < {d.id for d in corpus}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ("folds: 3", "set both folds and held_out_fold"),
        ("held_out_fold: 0", "set both folds and held_out_fold"),
        ("folds: 3, held_out_fold: 3", "held_out_fold must be between 0 and 2"),
        ("folds: 1, held_out_fold: 0", "greater than or equal to 2"),
    ],
)
def test_invalid_folds_raise_error(tmp_path: Path, fields: str, words: str) -> None:
    path = tmp_path / "r.yaml"
    path.write_text(f"name: x\nstages: [{{sources: [{{corpus: x, {fields}}}]}}]\n"
                    "dev: [{corpus: x}]\n")  # fmt: skip
    with pytest.raises(RecipeError, match=words):
        read_recipe(path)


def short(backbone: Path, corpus: Path) -> Recipe:
    """As many epochs as it takes to find something."""
    return tagger_recipe(backbone, corpus, lora=False, epochs=4, learning_rate=0.005)


class Killed(Exception):
    """Simulates a power cut."""


def test_crossfit_resumes_in_another_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def plan(corpus: str, seed: int = 1) -> Recipe:
        sources = [{"corpus": corpus}]
        content = {"name": "r", "stages": [{"sources": sources}], "dev": sources, "seeds": [seed]}
        return Recipe.model_validate(content)

    letters = tmp_path / "here" / "letters"
    letters.mkdir(parents=True)
    monkeypatch.chdir(letters.parent)
    module._start_output(tmp_path / "folds", plan("letters"), 2, resume=False)
    monkeypatch.chdir(tmp_path)
    module._start_output(tmp_path / "folds", plan(str(letters)), 2, resume=True)
    for other in (plan("letters"), plan(str(letters), seed=2)):
        with pytest.raises(RecipeError, match="something other than this recipe"):
            module._start_output(tmp_path / "folds", other, 2, resume=True)


@pytest.mark.heavy
def test_crossfit_annotates_train_by_folds_and_resumes(
    tiny_backbone: Path, corpus_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainings: list[tuple[int | None, set[str]]] = []

    def watched(recipe: Recipe, folder: Path, **options: Any) -> Any:
        [source] = recipe.stages[0].sources
        trainings.append((source.held_out_fold, {d.id for d in load_source(source, load).corpus}))
        if len(trainings) == 2:
            raise Killed
        return train(recipe, folder, **options)

    annotated: list[set[str]] = []
    real = module._annotate

    def seen(model: Path, corpora: Any, *rest: Any) -> None:
        corpora = list(corpora)
        annotated.append({d.id for corpus in corpora for d in corpus})
        real(model, corpora, *rest)

    monkeypatch.setattr(module, "train", watched)
    monkeypatch.setattr(module, "_annotate", seen)
    plan, output = short(tiny_backbone, corpus_folder), tmp_path / "folds"
    options: dict[str, Any] = {"folds": 2, "report": lambda _: None}
    with pytest.raises(Killed):
        crossfit(plan, output, **options)
    with pytest.raises(RecipeError, match="--resume"):
        crossfit(plan, output, **options)
    with pytest.raises(RecipeError, match="something other"):
        crossfit(plan, output, resume=True, **{**options, "folds": 3})
    record = output / "crossfit.json"
    older = json.loads(record.read_text("utf-8"))
    stage = older["recipe"]["stages"][0]
    stage["kept"] = stage.pop("weight_interpolation")  # the field's former name
    del stage["schedule"]  # a field that the recipe of that time did not have
    record.write_text(json.dumps(older), "utf-8")
    done = crossfit(plan, output, resume=True, **options)

    assert [fold for fold, _ in trainings] == [0, 1, 1, None]  # fold 0 is not trained again
    for (_, trained_on), predicted_on in zip(
        [trainings[0], trainings[2], trainings[3]], annotated, strict=True
    ):
        assert not trained_on & predicted_on
    gold = load(str(corpus_folder), "train")
    [train_file], [dev_file] = done.train, done.devel
    assert (train_file.name, dev_file.name) == ("toy.train.jsonl", "toy.devel.jsonl")
    annotated_train = list(read(train_file))
    assert [(d.id, d.text) for d in annotated_train] == [(d.id, d.text) for d in gold]
    assert sum(len(d.spans) for d in annotated_train) > 20
    assert all(span.score is not None for d in annotated_train for span in d.spans)
    assert len(list(read(dev_file))) == len(load(str(corpus_folder), "devel"))
    assert (done.model / "config.json").is_file()
    assert not list(output.glob("fold-*/run"))
    # Nothing is done again.
    assert crossfit(plan, output, resume=True, **options) == done
    assert len(trainings) == 4
    # And a selector can be trained on it.
    selector = {
        "name": "s", "model": {"family": "selector", "backbone": str(tiny_backbone), "lora": None,
                               "max_subwords": 128},
        "stages": [{"sources": [{"corpus": str(corpus_folder), "proposals": str(train_file)}],
                    "epochs": 1}],
        "dev": [{"corpus": str(corpus_folder), "proposals": str(dev_file)}], "precision": "fp32",
    }  # fmt: skip
    [trained] = train(Recipe.model_validate(selector), tmp_path / "s", report=lambda _: None)
    record = json.loads((tmp_path / "s/seed-1/training.json").read_text())
    first = next(entry for entry in record["history"] if "eval_f1" in entry)
    assert trained.dev_f1 >= first["eval_f1_proposed"]


@pytest.mark.heavy
def test_zero_folds_annotate_dev_sets_only(
    tiny_backbone: Path, corpus_folder: Path, tmp_path: Path
) -> None:
    plan = short(tiny_backbone, corpus_folder)
    done = crossfit(plan, tmp_path / "folds", folds=0, report=lambda _: None)
    [devel] = done.devel
    assert done.train == () and len(list(read(devel))) == len(load(str(corpus_folder), "devel"))
    with pytest.raises(RecipeError, match="cannot train on the rest of one fold"):
        crossfit(plan, tmp_path / "one", folds=1, report=lambda _: None)
    assert not (tmp_path / "one").exists()


@pytest.mark.parametrize(
    ("sources", "words"),
    [
        ([{"corpus": "CORPUS"}, {"corpus": "CORPUS", "limit": 10}], "different parts of it"),
        ([{"corpus": "CORPUS", "folds": 2, "held_out_fold": 0}], "leaves out a fold already"),
    ],
)
def test_overlapping_folds_raise_error(
    tiny_backbone: Path, corpus_folder: Path, tmp_path: Path,
    sources: list[dict[str, Any]], words: str,
) -> None:  # fmt: skip
    filled_sources = [source | {"corpus": str(corpus_folder)} for source in sources]
    plan = Recipe.model_validate(
        short(tiny_backbone, corpus_folder).model_dump() | {"stages": [{"sources": filled_sources}]}
    )
    with pytest.raises(RecipeError, match=words):
        crossfit(plan, tmp_path / "folds", report=lambda _: None)
    assert not (tmp_path / "folds").exists()


def test_folds_known_to_earlier_model_raise_error(
    tiny_backbone: Path, corpus_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = [(corpus_folder.stem, "train")]
    earlier = EarlierModels({}, (), tuple(before))
    monkeypatch.setattr("vaner.training.plan.read_earlier_models", lambda _: earlier)
    with pytest.raises(RecipeError, match="no fold of it is new to it"):
        crossfit(short(tiny_backbone, corpus_folder), tmp_path / "folds", report=lambda _: None)
    assert not (tmp_path / "folds").exists()


def test_two_dev_sets_of_same_name_raise_error(
    tiny_backbone: Path, corpus_folder: Path, tmp_path: Path
) -> None:
    dev = [{"corpus": str(corpus_folder)}, {"corpus": str(corpus_folder), "limit": 3}]
    plan = Recipe.model_validate(short(tiny_backbone, corpus_folder).model_dump() | {"dev": dev})
    with pytest.raises(RecipeError, match="two corpora are called"):
        crossfit(plan, tmp_path / "folds", report=lambda _: None)
    assert not (tmp_path / "folds").exists()


def test_crossfit_of_selector_raises_error(
    tiny_backbone: Path, corpus_folder: Path, tmp_path: Path
) -> None:
    plan = short(tiny_backbone, corpus_folder).model_dump()
    plan["model"] = {"family": "selector", "backbone": str(tiny_backbone)}
    plan["stages"][0]["sources"][0]["nameless_fraction"] = 0
    with pytest.raises(RecipeError, match="not for a selector"):
        crossfit(Recipe.model_validate(plan), tmp_path / "folds", report=lambda _: None)
