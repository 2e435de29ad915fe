"""Loading the sources of a recipe: errors come before training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from vaner.corpora import load
from vaner.errors import CorpusError, RecipeError
from vaner.training.data import loading
from vaner.training.data.sources import load_source
from vaner.training.plan import TrainingTargets, resolve_recipe
from vaner.training.recipe.schema import CorpusSource, Recipe
from vaner.training.run_record import _list_languages
from vaner.training.train import train

GOOD = "Gout\tB-Disease\nhurts\tO\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "toy"
    path.mkdir()
    for split in ("train", "devel"):
        (path / f"{split}.tsv").write_text(GOOD)
    (path / "test.tsv").write_text("Flu\tB-Disease\nkills\tO\n\n" + GOOD)
    (path / "empty.tsv").write_text("")
    (path / "bare.tsv").write_text("Gout\tO\n")
    (path / "untyped.tsv").write_text("Gout\tB\nhurts\tO\n")
    return path


def recipe(*stages: list[dict[str, Any]], dev: dict[str, Any] | None = None) -> Recipe:
    content = {
        "name": "toy",
        "model": {"backbone": "nowhere"},  # looked for only when the sources are in order
        "stages": [{"sources": sources} for sources in stages],
        "dev": [dev or {"corpus": stages[0][0]["corpus"]}],
    }
    return Recipe.model_validate(content)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({"corpus": "no-such-corpus"}, "no-such-corpus"),
        ({"split": "empty"}, "empty is empty"),
        ({"types": ["Gene"]}, "does not annotate Gene"),
        ({"split": "bare"}, "does not annotate anything"),
        ({"split": "untyped"}, "toy untyped has mentions without a type; name it with rename"),
        ({"split": "fold"}, "fold"),
        ({"rename": {"Disese": "Disease"}}, "does not annotate Disese, which is to be renamed"),
    ],
)
def test_invalid_source_of_later_stage_stops_before_training(
    folder: Path, tmp_path: Path, source: dict[str, Any], message: str
) -> None:
    good = {"corpus": str(folder)}
    wrong = recipe([good], [good, {**good, **source}], dev={"corpus": str(folder)})
    with pytest.raises(CorpusError, match=message) as error:
        train(wrong, tmp_path / "run", report=lambda _: None)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("dev", "error", "message"),
    [
        ({"split": "empty"}, CorpusError, "empty is empty"),
        ({"types": ["Gene"]}, CorpusError, "does not annotate Gene"),
        ({"corpus": "no-such-corpus"}, CorpusError, "no-such-corpus"),
    ],
)
def test_invalid_dev_set_stops_before_training(
    folder: Path, tmp_path: Path, dev: dict[str, Any], error: type[Exception], message: str
) -> None:
    wrong = recipe([{"corpus": str(folder)}], dev={"corpus": str(folder), **dev})
    with pytest.raises(error, match=message):
        train(wrong, tmp_path / "run", report=lambda _: None)


def test_dev_set_without_learned_types_raises_error(folder: Path, tmp_path: Path) -> None:
    genes = tmp_path / "genes"
    genes.mkdir()
    (genes / "devel.tsv").write_text("BRCA1\tB-Gene\n")
    wrong = recipe([{"corpus": str(folder)}], dev={"corpus": str(genes)})
    with pytest.raises(RecipeError, match=r"has the types Gene, but the model learns Disease"):
        train(wrong, tmp_path / "run", report=lambda _: None)


def test_dev_sets_without_mentions_raise_error(folder: Path, tmp_path: Path) -> None:
    (folder / "devel.tsv").write_text(f"Well\tO\n\n{GOOD}")
    plan = recipe([{"corpus": str(folder)}], dev={"corpus": str(folder), "limit": 1})
    with pytest.raises(RecipeError, match="dev toy devel has no mention of a type that is scored"):
        train(plan, tmp_path / "run", report=lambda _: None)
    plan = recipe([{"corpus": str(folder)}])  # one dev set with mentions is enough
    plan.dev.append(plan.dev[0].model_copy(update={"limit": 1}))
    assert len(resolve_recipe(plan).dev) == 2


def test_dev_set_is_scored_on_learned_types_only(folder: Path) -> None:
    (folder / "devel.tsv").write_text(GOOD + "BRCA1\tB-Gene\n")
    [dev] = resolve_recipe(recipe([{"corpus": str(folder)}])).dev
    assert dev.types == ("Disease",)


def test_rename_joins_types_of_two_corpora(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    for split in ("train", "devel"):
        (other / f"{split}.tsv").write_text("Flu\tB-DISO\nkills\tO\n")
    same = {"corpus": str(other), "rename": {"DISO": "Disease"}}
    plan = recipe([{"corpus": str(folder)}, same], dev=same)
    resolved = resolve_recipe(plan)
    corpora = {"toy": ["Disease"], "other": ["Disease"]}
    assert resolved.targets == TrainingTargets(["Disease"], corpora)
    assert resolved.dev[0].types == ("Disease",)
    [sentence] = load_source(CorpusSource(**same), load).corpus
    assert [span.type for span in sentence.spans] == ["Disease"]


def test_types_of_all_stages_are_collected(folder: Path) -> None:
    source = {"corpus": str(folder)}
    targets = resolve_recipe(recipe([source], [source])).targets
    assert targets == TrainingTargets(["Disease"], {"toy": ["Disease"]})


def test_each_split_is_read_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    splits: list[str] = []

    def counting_load(name: str, split: str, *, root: Any = None) -> Any:
        splits.append(split)
        return load(name, split, root=root)

    monkeypatch.setattr(loading, "load", counting_load)
    source = {"corpus": str(folder)}
    resolve_recipe(recipe([source, {**source, "limit": 1}], [source]))
    assert sorted(splits) == ["devel", "test", "train"]


@pytest.mark.heavy
def test_sentence_of_test_split_is_not_trained_on(
    folder: Path, tiny_backbone: Path, tmp_path: Path
) -> None:
    (folder / "train.tsv").write_text(f"{GOOD}\nMumps\tB-Disease\nswell\tO\n")
    plan = recipe([{"corpus": str(folder)}])
    plan = plan.model_copy(
        update={"model": plan.model.model_copy(update={"backbone": str(tiny_backbone)})}
    )
    lines: list[str] = []
    [trained] = train(plan, tmp_path / "run", report=lines.append)
    assert trained.held_out == {"toy train": 1} and trained.coverage.mentions == 1
    assert "1 of toy train" in lines[0]
    assert '"toy train": 1' in (tmp_path / "run/seed-1/training.json").read_text()


def test_share_is_drawn_by_seed_and_keeps_types(folder: Path) -> None:
    words = "\n".join(f"gout{i}\tB-Disease\n" for i in range(40))
    (folder / "train.tsv").write_text(words)
    source = CorpusSource(corpus=str(folder), share=0.25)

    def chosen(seed: int) -> list[str]:
        corpus = load_source(source, load).sample(seed).corpus
        assert corpus.types == ("Disease",)
        return [document.text for document in corpus]

    first, again, other = chosen(1), chosen(1), chosen(2)
    assert len(first) == 10 and first == again and first != other
    assert first == sorted(first, key=lambda text: int(text[4:]))


def test_language_of_texts_that_do_not_seem_english_is_unknown(folder: Path) -> None:
    plan = recipe([{"corpus": str(folder)}])
    assert list(_list_languages(resolve_recipe(plan))) == ["en"]
    text = "Die Patientin wurde mit Metformin behandelt , das sie nicht vertrug und absetzte ."
    tagged = "".join(f"{word}\tO\n" for word in text.split())
    (folder / "train.tsv").write_text(f"{tagged}\n{GOOD}")
    assert list(_list_languages(resolve_recipe(plan))) == []


def test_absent_types_have_no_mentions(folder: Path) -> None:
    source = CorpusSource(corpus=str(folder), absent=["Gene", "Species"])
    loaded = load_source(source, load)
    assert loaded.types == loaded.corpus.types == ("Gene", "Species")
    assert [document.spans for document in loaded.corpus] == [()]
    with pytest.raises(ValueError, match="absent sets the types"):
        CorpusSource(corpus=str(folder), absent=["Gene"], types=["Disease"])


def test_sources_in_other_encodings_formats_and_columns(tmp_path: Path) -> None:
    folder = tmp_path / "latin"
    folder.mkdir()
    for split, word in (("train", "Gicht"), ("devel", "Grippe"), ("test", "Krätze")):
        text = f"x {word} B-Disease\nx für O\n\nx {split} O\nx tut O\n"
        (folder / f"{split}.txt").write_text(text, "latin-1")
    options = {"corpus": str(folder), "encoding": "latin-1", "input_format": "conll"}
    options["columns"] = "token=2,tag=3"
    plan = resolve_recipe(recipe([options], dev=options | {"split": "devel"}), None)
    (source,) = plan.stages[0].sources
    assert [document.text for document in source.corpus] == ["Gicht für", "train tut"]
    assert plan.dev[0].corpus.documents[0].text == "Grippe für"
    assert "krätze für" in plan.held_out
    with pytest.raises(ValidationError, match=r"unknown format 'conl'; .*Did you mean conll"):
        recipe([options | {"input_format": "conl"}])
