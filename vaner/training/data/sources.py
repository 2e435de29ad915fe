"""The corpora that a recipe names: what they teach, what is held out, what is trained on."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import NamedTuple

from vaner.corpora import load
from vaner.errors import CorpusError, RecipeError
from vaner.text.documents import Corpus, format_types
from vaner.training.data.folds import without_fold
from vaner.training.data.proposals import proposed
from vaner.training.recipe.saved_tagger import read_prompts
from vaner.training.recipe.schema import CorpusSource, DenseSource, DevSource, Recipe


@dataclass(frozen=True, slots=True)
class DevSet:
    """Held-out documents of one corpus, and the types to be found in them.

    Args:
        corpus: the documents.
        types: the types.
        proposals: the same documents with what a recognizer found in them, for a selector.
    """

    corpus: Corpus
    types: tuple[str, ...]
    proposals: Corpus | None = None


class Taught(NamedTuple):
    """What a recipe teaches to find.

    Args:
        types: sorted.
        datasets: corpora whose names stand in instructions -> the types they are named for. A
            name that is never seen in training must not be put before the dev sentences that
            choose the model, nor before any other.
    """

    types: list[str]
    datasets: dict[str, list[str]]


def taught(recipe: Recipe, root: str | Path | None = None) -> Taught:
    """What all sources of all stages teach; all are read, so that nothing is trained in vain.

    Raises:
        CorpusError: for a corpus that is not there or empty, or a type it does not annotate.
        RecipeError: where there is nothing to learn to find, or proposals are of other documents.
    """
    asked: set[str] = set()
    named: dict[str, set[str]] = {}
    for stage in recipe.stages:
        for source in stage.sources:
            corpus = _corpus(source, root)
            types = _types(source, corpus)
            training_proposals(source, learnable(source, root))
            if isinstance(source, DenseSource):
                asked.update(types)
            elif source.domain == "biomedical":
                asked.update(types)
                if source.nameless_fraction < 1 and not source.teacher:
                    named.setdefault(corpus.name, set()).update(types)
    if not asked:  # what the general domain teaches goes to its own head and is never asked for
        raise RecipeError(
            "every source is of the general domain: there is nothing to learn to find"
        )
    return Taught(sorted(asked), {name: sorted(types) for name, types in named.items()})


def dev_sets(recipe: Recipe, learnt: Set[str], root: str | Path | None = None) -> list[DevSet]:
    """What the model is chosen by.

    Args:
        recipe: the recipe.
        learnt: types that the model learns to find.
        root: where the corpora lie; ``VANER_CORPORA`` if None.

    Raises:
        CorpusError: for a corpus that is not there or empty, or a type it does not annotate.
        RecipeError: for a corpus with no type that is learnt, a type asked for that is not, or
            proposals of other documents.
    """
    found = []
    for source in recipe.dev:
        corpus = _limited(_loaded(source, root), source.limit, source.skip)
        if not corpus.documents and source.skip:
            raise RecipeError(
                f"dev {corpus.name} {corpus.split} has no documents behind the {source.skip:,} "
                "that are skipped"
            )
        types = tuple(t for t in _types(source, corpus) if source.types or t in learnt)
        if not types or not set(types) <= learnt:
            raise RecipeError(
                f"dev {corpus.name} {corpus.split} has the types {', '.join(corpus.types)}; what "
                f"is learnt is {', '.join(sorted(learnt))}: no model could be chosen by it"
            )
        proposals = proposed(source.proposals, corpus) if source.proposals else None
        found.append(DevSet(corpus, types, proposals))
    return found


def training_corpus(
    source: CorpusSource | DenseSource, seed: int, root: str | Path | None = None
) -> Corpus:
    """The documents that a source takes its examples from, in their order."""
    corpus = learnable(source, root)
    if isinstance(source, DenseSource) or source.share == 1:
        return corpus
    number = max(1, round(source.share * len(corpus)))
    chosen = Random(f"{seed}:{corpus.name}").sample(range(len(corpus)), number)
    documents = tuple(corpus.documents[index] for index in sorted(chosen))
    return Corpus(corpus.name, corpus.split, documents, corpus.types)


def learnable(source: CorpusSource | DenseSource, root: str | Path | None = None) -> Corpus:
    """The documents that a source may learn from: up to its limit, and of no fold left out."""
    corpus = _limited(_corpus(source, root), source.limit)
    if source.folds is None or source.held_out_fold is None:
        return corpus
    return without_fold(corpus, source.folds, source.held_out_fold)


def training_proposals(source: CorpusSource | DenseSource, corpus: Corpus) -> Corpus | None:
    """The documents of a source with what a recognizer found in them, if the source has that."""
    if isinstance(source, DenseSource) or source.proposals is None:
        return None
    return proposed(source.proposals, corpus)


def _corpus(source: CorpusSource | DenseSource, root: str | Path | None) -> Corpus:
    corpus = _loaded(source, root)
    if isinstance(source, CorpusSource) and source.teacher:
        types = read_prompts(source.teacher).types
        documents = tuple(document.with_spans(()) for document in corpus)
        return Corpus(corpus.name, corpus.split, documents, types)
    collapse = source.collapse if isinstance(source, CorpusSource) else None
    return corpus.rename_types(dict.fromkeys(corpus.types, collapse)) if collapse else corpus


def _loaded(source: CorpusSource | DenseSource | DevSource, root: str | Path | None) -> Corpus:
    return load(source.corpus, source.split, root=root).rename_types(source.rename)


def _types(source: CorpusSource | DenseSource | DevSource, corpus: Corpus) -> tuple[str, ...]:
    """The types asked of a corpus, which it must annotate: their absence would be taught."""
    if not corpus.documents:
        raise CorpusError(f"corpus {corpus.name} {corpus.split} is empty")
    missing = [type for type in source.types or () if type not in corpus.types]
    if missing or not corpus.types:
        raise CorpusError(
            f"corpus {corpus.name} does not annotate {', '.join(missing) or 'anything'}; "
            f"it has {format_types(corpus.types)}"
        )
    return tuple(source.types or corpus.types)


def _limited(corpus: Corpus, limit: int | None, skip: int = 0) -> Corpus:
    """The first `limit` documents behind those that are skipped."""
    return Corpus(corpus.name, corpus.split, corpus.documents[skip:][:limit], corpus.types)
