"""From the sources of a recipe to what is learnt from them: corpora read, examples made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import NamedTuple

from vaner.corpora import load
from vaner.documents import Corpus
from vaner.encoding import Encoder
from vaner.errors import CorpusError, RecipeError
from vaner.knowledge.base import open_base
from vaner.knowledge.dense import Counts
from vaner.knowledge.related import RelatedNames
from vaner.modeling.config import VanerConfig
from vaner.tagging import TagSet
from vaner.training.dense import dense_examples
from vaner.training.examples import (
    Coverage,
    Example,
    SentenceExample,
    collapsed,
    corpus_examples,
)
from vaner.training.held_out import without
from vaner.training.recipe import CorpusSource, DenseSource, DevSource, Recipe, StageRecipe


@dataclass(frozen=True, slots=True)
class DevSet:
    """Held-out documents of one corpus, and the types to be found in them."""

    corpus: Corpus
    types: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StageExamples:
    """What a stage learns from.

    Args:
        groups: the examples of each source.
        coverage: gold of the sources that tags cannot reach.
        left_out: sentences of each split that stand in a test split, and are not in `groups`.
    """

    groups: Sequence[Sequence[Example]]
    coverage: Coverage
    left_out: Mapping[str, int]

    def __str__(self) -> str:
        recurring = [f"{number} of {name}" for name, number in self.left_out.items() if number]
        told = f"; left out, as they stand in a test split: {', '.join(recurring)} sentences"
        return f"{self.coverage}{told if recurring else ''}"


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
        RecipeError: where there is nothing to learn to find.
    """
    asked: set[str] = set()
    named: dict[str, set[str]] = {}
    for stage in recipe.stages:
        for source in stage.sources:
            corpus = _corpus(source, root)
            types = _types(source, corpus)
            if isinstance(source, DenseSource):
                asked.update(types)
            elif source.domain == "biomedical":
                asked.update(types)
                if source.nameless < 1:
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
        RecipeError: for a corpus with no type that is learnt, or a type asked for that is not.
    """
    found = []
    for source in recipe.dev:
        corpus = _limited(load(source.corpus, source.split, root=root), source.limit)
        types = tuple(t for t in _types(source, corpus) if source.types or t in learnt)
        if not types or not set(types) <= learnt:
            raise RecipeError(
                f"dev {corpus.name} {corpus.split} has the types {', '.join(corpus.types)}; what "
                f"is learnt is {', '.join(sorted(learnt))}: no model could be chosen by it"
            )
        found.append(DevSet(corpus, types))
    return found


def stage_examples(
    stage: StageRecipe,
    config: VanerConfig,
    encoder: Encoder,
    seed: int,
    held_out: Set[str] = frozenset(),
    root: str | Path | None = None,
) -> StageExamples:
    """The examples of each source of a stage.

    Args:
        stage: the stage.
        config: of the model that learns from them.
        encoder: words to sub-words.
        seed: draws the documents where a source has a share of them.
        held_out: keys of sentences that must not be learnt from, see `held_out.test_sentences`.
        root: where the corpora lie; ``VANER_CORPORA`` if None.

    Raises:
        CorpusError: where a source gives none: it would be missed without a word.
    """
    groups: list[Sequence[Example]] = []
    coverage = Coverage(0, {}, 0)
    left_out: dict[str, int] = {}
    for source in stage.sources:
        corpus, number = without(training_corpus(source, seed, root), held_out)
        left_out[f"{corpus.name} {corpus.split}"] = number
        if isinstance(source, DenseSource):
            groups.append(_names(source, corpus, config, encoder))
        else:
            found, seen = _sentences(source, corpus, config, encoder)
            groups.append(found)
            coverage = coverage + seen
        if not groups[-1]:
            kind = "related names" if isinstance(source, DenseSource) else "sentences"
            told = f"; {number} were left out, as they stand in a test split" if number else ""
            raise CorpusError(
                f"corpus {corpus.name} {corpus.split} has no {kind} to train on{told}"
            )
    return StageExamples(groups, coverage, left_out)


def training_corpus(
    source: CorpusSource | DenseSource, seed: int, root: str | Path | None = None
) -> Corpus:
    """The documents that a source takes its examples from, in their order."""
    corpus = _limited(_corpus(source, root), source.limit)
    if isinstance(source, DenseSource) or source.share == 1:
        return corpus
    number = max(1, round(source.share * len(corpus)))
    chosen = Random(f"{seed}:{corpus.name}").sample(range(len(corpus)), number)
    documents = tuple(corpus.documents[index] for index in sorted(chosen))
    return Corpus(corpus.name, corpus.split, documents, corpus.types)


def _sentences(
    source: CorpusSource, corpus: Corpus, config: VanerConfig, encoder: Encoder
) -> tuple[list[SentenceExample], Coverage]:
    general = source.domain == "general"
    return corpus_examples(
        corpus, source.types or corpus.types, encoder,
        TagSet(config.tag_set.scheme) if general else config.tag_set,
        config.instruction_template, nameless=source.nameless, general=general,
    )  # fmt: skip


def _names(
    source: DenseSource, corpus: Corpus, config: VanerConfig, encoder: Encoder
) -> list[Example]:
    related = _related(source.dense, tuple(source.exclude))
    counts = Counts(source.positives, source.negatives)
    examples: list[Example] = []
    for type in source.types or corpus.types:
        for mode in ("list", "context") if source.mode == "both" else (source.mode,):
            examples += dense_examples(
                corpus, type, related, encoder, config.tag_set,
                named=source.named.get(type), context=mode == "context", counts=counts,
                share=source.share,
            )  # fmt: skip
    return examples


@lru_cache(maxsize=1)
def _related(base: str, exclude: tuple[str, ...]) -> RelatedNames:
    """Kept from seed to seed: the index takes seconds, and it remembers its answers."""
    return RelatedNames(open_base(base), exclude)


def _corpus(source: CorpusSource | DenseSource, root: str | Path | None) -> Corpus:
    corpus = load(source.corpus, source.split, root=root)
    collapse = source.collapse if isinstance(source, CorpusSource) else None
    return collapsed(corpus, collapse) if collapse else corpus


def _types(source: CorpusSource | DenseSource | DevSource, corpus: Corpus) -> tuple[str, ...]:
    """The types asked of a corpus, which it must annotate: their absence would be taught."""
    if not corpus.documents:
        raise CorpusError(f"corpus {corpus.name} {corpus.split} is empty")
    missing = [type for type in source.types or () if type not in corpus.types]
    if missing or not corpus.types:
        raise CorpusError(
            f"corpus {corpus.name} does not annotate {', '.join(missing) or 'anything'}; "
            f"it has {', '.join(corpus.types) or 'no types'}"
        )
    return tuple(source.types or corpus.types)


def _limited(corpus: Corpus, limit: int | None) -> Corpus:
    """The first `limit` documents."""
    return Corpus(corpus.name, corpus.split, corpus.documents[:limit], corpus.types)
