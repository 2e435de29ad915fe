"""Check that training, model selection and scoring use different texts.

This module compares splits, by what the recipe and the registry say about them. Single sentences
that also occur in a test split are removed later (`vaner.training.data.held_out`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, product
from pathlib import Path
from typing import NamedTuple

from vaner.corpora import (
    base_corpus,
    corpus_name,
    evaluation_split,
    is_test,
    lookup,
    resolve_split,
    same_file,
    same_texts,
)
from vaner.training.recipe.schema import Recipe


class Split(NamedTuple):
    """A split of a corpus. A split of a view is the split of its base corpus."""

    corpus: str
    split: str

    @classmethod
    def of(cls, corpus: str, split: str) -> Split:
        """Return the split of the base corpus."""
        return cls(base_corpus(corpus), resolve_split(split))

    @property
    def recorded(self) -> Split:
        """The split under its name in a training record, which contains no paths."""
        return Split(base_corpus(corpus_name(self.corpus)), self.split)

    def __str__(self) -> str:
        return f"{self.corpus} {self.split}"


def find_split_conflict(
    recipe: Recipe,
    earlier: Iterable[tuple[str, str]] = (),
    corpora_root: str | Path | None = None,
) -> str | None:
    """Return why the splits of a recipe cannot be used together, in one line; None if they can.

    A model is scored on the test splits of the corpora that the recipe trains on, selects on or
    names in ``held_out``. It must be trained on other texts than it is selected and scored on, and
    selected on other texts than it is scored on.

    Args:
        recipe: the recipe.
        earlier: what the initial model and the teachers were trained on, as pairs of a corpus and
            a split.
        corpora_root: folder of the corpora; ``VANER_CORPORA`` if None.
    """
    trained = [Split.of(source.corpus, source.split) for source in recipe.sources]
    selected = [Split.of(source.corpus, source.split) for source in recipe.dev]
    corpora = dict.fromkeys(split.corpus for split in (*trained, *selected))
    also_scored = (entry for entry in recipe.held_out if isinstance(entry, str))
    scored = [Split.of(name, evaluation_split(name)) for name in (*corpora, *also_scored)]
    conflicts = chain(
        _find_test_splits(trained, selected),
        _find_substitute_tests((*trained, *selected)),
        _find_shared_texts((*product(trained, (*selected, *scored)), *product(selected, scored))),
        _find_texts_of_earlier_models(earlier, (*selected, *scored)),
        _find_dev_documents_trained_on(recipe, corpora_root),
    )
    return next(conflicts, None)


def _find_test_splits(trained: Iterable[Split], selected: Iterable[Split]) -> Iterator[str]:
    for split in selected:
        if is_test(*split):
            yield f"dev must not be a test split ({split.corpus})"
    for split in trained:
        if is_test(*split):
            yield f"a test split is never trained on ({split.corpus})"


def _find_substitute_tests(used: Iterable[Split]) -> Iterator[str]:
    for split in used:
        info = lookup(split.corpus)
        if info is not None and split.split == info.substitute_test:
            yield (
                f"{split} is used as the test split, because {split.corpus} has none: do not train "
                "or select on it; select on documents of train (limit in the source, skip in the "
                "dev set)"
            )


def _find_shared_texts(pairs: Iterable[tuple[Split, Split]]) -> Iterator[str]:
    for first, second in pairs:
        if second in same_texts(*first):
            yield (
                f"{first} and {second} share texts: a model that is trained or selected on one of "
                "them must not be selected or scored on the other; remove one of them"
            )


def _find_texts_of_earlier_models(
    earlier: Iterable[tuple[str, str]], held_out: Iterable[Split]
) -> Iterator[str]:
    for trained, split in product((Split.of(*pair) for pair in earlier), held_out):
        if trained == split.recorded or split in same_texts(*trained):
            yield (
                f"the initial model or a teacher was trained on {trained}, which has texts of "
                f"{split}: the new model must not be selected or scored on them; start from a "
                "backbone, or use another teacher"
            )


def _find_dev_documents_trained_on(
    recipe: Recipe, corpora_root: str | Path | None
) -> Iterator[str]:
    """Yield a conflict for dev sets of a trained split, unless they skip the trained documents."""
    for dev, source in product(recipe.dev, recipe.sources):
        selected, trained = (dev.corpus, dev.split), (source.corpus, source.split)
        is_same = lookup(dev.corpus) is not None and Split.of(*selected) == Split.of(*trained)
        if (is_same or same_file(selected, trained, corpora_root)) and (
            source.limit is None or source.limit > dev.skip
        ):
            yield (
                f"dev {dev.corpus} {dev.split} is trained on too: set a limit in the source, and "
                "skip as many documents in the dev set"
            )
