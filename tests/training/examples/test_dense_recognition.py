"""Dense recognition: rows that fit, drawn anew in each epoch, for training text only."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.training.test_train import corpus_folder, recipe
from vaner.annotator import Annotator
from vaner.backbones.encoding import Encoder, Row
from vaner.corpora import load
from vaner.errors import KnowledgeError, RecipeError
from vaner.knowledge.base import KnowledgeBase, write
from vaner.knowledge.concepts import Concept, Source
from vaner.knowledge.related_names import NamePool, RelatedNames
from vaner.tagger.instructions import COMPACT
from vaner.text.tags import TagSet, decode_tags
from vaner.training.data.mixture import LengthGroupedSampler, Mixture
from vaner.training.examples.dense_recognition import (
    ContextExample,
    ListExample,
    NameCounts,
    make_dense_examples,
)
from vaner.training.recipe.file import read_recipe
from vaner.training.recipe.schema import DenseSource, Recipe
from vaner.training.train import train

__all__ = ["corpus_folder"]
TAGS = TagSet()


def row(encoder: Encoder, example: Any, rng: Random) -> Row:
    """As a tagger's learner has it."""
    encoded: Row = example.encode(encoder, COMPACT, rng)
    return encoded


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("kb") / "toy.parquet"
    concepts = [
        *(Concept(f"D:{i}", f"renal asthma {i}", "Disease", (), "t") for i in range(60)),
        *(Concept(f"C:{i}", f"metformin salt {i}", "Chemical", (), "t") for i in range(60)),
    ]
    write(concepts, path, name="toy", sources=[Source("t", "CC0")])
    return path


@pytest.fixture(scope="module")
def encoder(tiny_backbone: Path) -> Encoder:
    return Encoder.from_folder(tiny_backbone, 128)


def read_row(example: ListExample | ContextExample, encoder: Encoder, seed: int) -> list[str]:
    """Return the tags of a row, after checking that the row is valid."""
    row = example.encode(encoder, COMPACT, Random(seed))
    assert len(row) <= encoder.max_subwords
    assert len(row.tags) == len(row.starts)
    return list(TAGS.names(row.tags))


def test_lists_fit_in_a_row(encoder: Encoder) -> None:
    long = tuple(f"{'extraordinarily long ' * 3}name number {i}" for i in range(40))
    example = ListExample(NamePool(long, long[:20]), "Disease", NameCounts(), TAGS, 0)
    for seed in range(20):
        tags = read_row(example, encoder, seed)
        assert list(decode_tags(tags))


def test_names_depend_on_seed_and_epoch(encoder: Encoder, base: Path, corpus_folder: Path) -> None:
    corpus = load(str(corpus_folder), "train")
    related = RelatedNames(KnowledgeBase(base))
    examples = make_dense_examples(corpus, "Disease", related, encoder, TAGS)
    assert examples and all(example.length > 0 for example in examples)

    def rows(seed: int, epoch: int) -> list[tuple[int, ...]]:
        mixture = Mixture(examples, partial(row, encoder), seed)
        LengthGroupedSampler(mixture, 4).set_epoch(epoch)
        return [mixture[i].input_ids for i in range(len(mixture))]

    assert rows(1, 0) == rows(1, 0)
    assert rows(1, 0) != rows(1, 1)
    assert rows(1, 0) != rows(2, 0)


def test_context_examples_keep_surrounding_words(
    encoder: Encoder, base: Path, corpus_folder: Path
) -> None:
    corpus = load(str(corpus_folder), "train")
    related = RelatedNames(KnowledgeBase(base))
    examples = make_dense_examples(corpus, "Chemical", related, encoder, TAGS, context=True)
    assert len(examples) == 6  # of six drugs only metformin shares anything with the base
    for example in examples:
        assert isinstance(example, ContextExample)
        assert example.sentence.text.startswith("metformin helps against")
        tags = read_row(example, encoder, 1)
        assert tags[:5] == ["B", "I", "I", "O", "O"]


@pytest.mark.heavy
def test_recipe_with_dense_sources_trains(
    tiny_backbone: Path, corpus_folder: Path, base: Path, tmp_path: Path
) -> None:
    plain = recipe(tiny_backbone, corpus_folder)
    dense = {"dense": str(base), "corpus": str(corpus_folder), "mode": "both"}
    content = plain.model_dump()
    content["stages"][0]["sources"].append(dense)
    content["stages"][0]["steps"] = 6
    lines: list[str] = []
    (trained,) = train(Recipe.model_validate(content), tmp_path / "run", report=lines.append)
    assert [entry["step"] for entry in trained.history][-1] == 6
    # 36 sentences of two types; related names: lists for all "metformin"/"asthma"/"renal" ones.
    sizes = int(lines[0].split("main: ")[1].split(" ")[0])
    assert sizes > 72
    assert Annotator.from_pretrained(trained.folder, device="cpu")("asthma") is not None


@pytest.mark.heavy
def test_corpus_of_dense_source_is_not_named_in_instructions(
    tiny_backbone: Path, corpus_folder: Path, base: Path, tmp_path: Path
) -> None:
    """Lists of names have the instruction without a corpus name."""
    content = recipe(tiny_backbone, corpus_folder).model_dump()
    content["stages"][0]["sources"] = [{"dense": str(base), "corpus": str(corpus_folder)}]
    content["stages"][0]["steps"] = 1
    (trained,) = train(Recipe.model_validate(content), tmp_path / "run", report=lambda _: None)
    config = Annotator.from_pretrained(trained.folder, device="cpu").recognizer.model.config
    assert config.types == ["Chemical", "Disease"] and config.corpora == {}
    assert config.prompts.instruction_for("Disease", corpus_folder.name) == "Disease: "


def test_held_out_split_as_dense_source_raises_error(tmp_path: Path) -> None:
    for split in ("test", "devel", "dev", "validation", "Test"):
        path = tmp_path / "r.yaml"
        path.write_text(
            "name: x\nstages:\n  - sources:\n"
            f"      - {{dense: open, corpus: NCBI-disease, split: {split}}}\n"
            "dev:\n  - {corpus: NCBI-disease}\n"
        )
        with pytest.raises(RecipeError, match=r"r.yaml:4: stages.0.sources.0.split: .*never for"):
            read_recipe(path)


def test_misspelled_field_gets_a_suggestion(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_text(
        "name: x\nstages:\n  - sources:\n      - {dense: open, corpus: c, positive: 3}\n"
        "dev:\n  - {corpus: c}\n"
    )
    with pytest.raises(RecipeError, match=r"r.yaml:4: .*positive.*Did you mean `positives`"):
        read_recipe(path)


def test_missing_knowledge_base_raises_error(
    tiny_backbone: Path, corpus_folder: Path, tmp_path: Path
) -> None:
    content = recipe(tiny_backbone, corpus_folder).model_dump()
    content["stages"][0]["sources"].append({"dense": "nowhere", "corpus": str(corpus_folder)})
    with pytest.raises(KnowledgeError, match="nowhere"):
        train(Recipe.model_validate(content), tmp_path / "run", report=lambda _: None)


def test_default_counts_are_published_counts() -> None:
    source = DenseSource(dense="open", corpus="NCBI-disease")
    assert (source.positives, source.negatives, source.mode) == (10, 5, "list")
