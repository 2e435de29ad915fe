"""What must be kept apart in a training run: learning, choosing the model, scoring it.

Here whole splits are compared, by what the recipe and the registry say of them; single sentences
that stand in a test split are taken out later (`vaner.training.data.held_out`).
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
    same_file,
    same_texts,
)
from vaner.training.recipe.schema import Recipe

_SHARED = (
    "{one} and {other} share texts: a model that learns from one, or is chosen by it, is not "
    "scored on or chosen by the other; leave one of them out"
)
_SEEN = (
    "a model that it begins with, or that teaches it, learnt from {one}, which has texts of "
    "{other}: it is neither scored on these nor chosen by them; begin with a backbone, or take "
    "another teacher"
)


class Split(NamedTuple):
    """A split of a corpus; of a view, that of the corpus whose files it reads."""

    corpus: str
    split: str

    @classmethod
    def of(cls, corpus: str, split: str) -> Split:
        """The same split, whatever view of its corpus is named."""
        return cls(base_corpus(corpus), split)

    @property
    def recorded(self) -> Split:
        """As a record of a training names it, which tells no paths."""
        return Split(base_corpus(corpus_name(self.corpus)), self.split)

    def __str__(self) -> str:
        return f"{self.corpus} {self.split}"


def clash(
    recipe: Recipe,
    before: Iterable[tuple[str, str]] = (),
    root: str | Path | None = None,
) -> str | None:
    """Why the splits of a recipe must not be used together, in one line; None where they may.

    A model is scored on the test splits of the corpora that the recipe trains on, chooses by or
    holds out by name. It must not learn from texts that choose it or that it is scored on, nor be
    chosen by texts that it is scored on.

    Args:
        recipe: the recipe.
        before: what the models have learnt from that the training begins with or is taught by, as
            pairs of a corpus and one of its splits.
        root: where the corpora lie; ``VANER_CORPORA`` if None.
    """
    sources = recipe.sources
    learnt = [Split.of(source.corpus, source.split) for source in sources]
    chosen = [Split.of(source.corpus, source.split) for source in recipe.dev]
    names = dict.fromkeys(one.corpus for one in (*learnt, *chosen))
    scored = [Split.of(name, evaluation_split(name)) for name in (*names, *_named(recipe))]
    found = chain(
        _of_test(learnt, chosen),
        _kept_for_scores((*learnt, *chosen)),
        _kin((*product(learnt, (*chosen, *scored)), *product(chosen, scored))),
        _seen(before, (*chosen, *scored)),
        _learnt_too(recipe, root),
    )
    return next(found, None)


def _named(recipe: Recipe) -> Iterator[str]:
    """Corpora in ``held_out`` whose test split the model will be scored on."""
    return (one for one in recipe.held_out if isinstance(one, str))


def _of_test(learnt: Iterable[Split], chosen: Iterable[Split]) -> Iterator[str]:
    for one in chosen:
        if is_test(*one):
            yield f"dev must not be a test split ({one.corpus})"
    for one in learnt:
        if is_test(*one):
            yield f"a test split is never trained on ({one.corpus})"


def _kept_for_scores(used: Iterable[Split]) -> Iterator[str]:
    for one in used:
        info = lookup(one.corpus)
        if info is not None and one.split == info.substitute_test:
            yield (
                f"{one} stands for the test split, which {one.corpus} has not: nothing is trained "
                "on it or chosen by it; choose by documents of train (limit for the source, skip "
                "for the dev set)"
            )


def _kin(pairs: Iterable[tuple[Split, Split]]) -> Iterator[str]:
    for one, other in pairs:
        if other in same_texts(*one):
            yield _SHARED.format(one=one, other=other)


def _seen(before: Iterable[tuple[str, str]], kept: Iterable[Split]) -> Iterator[str]:
    for one, other in product((Split.of(*pair) for pair in before), kept):
        if one == other.recorded or other in same_texts(*one):
            yield _SEEN.format(one=one, other=other)


def _learnt_too(recipe: Recipe, root: str | Path | None) -> Iterator[str]:
    """Dev sets of a split that is trained on, unless they begin behind what is."""
    sources = recipe.sources
    for dev, source in product(recipe.dev, sources):
        one, other = (dev.corpus, dev.split), (source.corpus, source.split)
        known = lookup(dev.corpus) is not None and Split.of(*one) == Split.of(*other)
        if (known or same_file(one, other, root)) and (
            source.limit is None or source.limit > dev.skip
        ):
            yield (
                f"dev {dev.corpus} {dev.split} is trained on too: give the source a limit, and "
                "the dev set as many documents to skip"
            )
