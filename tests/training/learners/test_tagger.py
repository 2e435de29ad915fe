"""Training of a tagger."""

from __future__ import annotations

from pathlib import Path
from random import Random

from tests.training.test_train import corpus_folder, recipe
from vaner.text.casing import Casing
from vaner.text.words import split_words
from vaner.training.examples.sentences import SentenceExample
from vaner.training.learners.choice import build_learner
from vaner.training.learners.tagger import TaggerLearner
from vaner.training.plan import resolve_recipe
from vaner.training.recipe.schema import Recipe

__all__ = ["corpus_folder"]


def test_casing_dropout_reads_sentences_in_lower_case(
    tiny_backbone: Path, corpus_folder: Path
) -> None:
    content = recipe(tiny_backbone, corpus_folder).model_dump()
    content["model"] |= {"casing": True, "casing_dropout": 0.3}
    learner = build_learner(resolve_recipe(Recipe.model_validate(content)))
    assert isinstance(learner, TaggerLearner)
    text = "Gout 5 of BRAF"
    words = tuple(split_words(text))
    example = SentenceExample(text, words, (0,) * len(words), "Disease", "x", 0.0, 9)
    rng = Random(1)
    casings = [tuple(sorted(set(learner.encode(example, rng).casing))) for _ in range(300)]
    lower = (Casing.NONE, Casing.LOWER)
    assert set(casings) == {lower, (*lower, Casing.TITLE, Casing.UPPER)}
    assert 60 < casings.count(lower) < 120
