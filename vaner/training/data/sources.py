"""Load the corpora of a recipe: the training data and the dev sets."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, replace
from random import Random

from vaner.errors import CorpusError, RecipeError
from vaner.tagger.prompts import TaggerPrompts
from vaner.text.documents import Corpus, format_types
from vaner.training.data.folds import drop_fold
from vaner.training.data.loading import LoadCorpus
from vaner.training.data.proposals import read_proposals
from vaner.training.recipe.saved_tagger import read_prompts
from vaner.training.recipe.schema import CorpusSource, DenseSource, DevSource


@dataclass(frozen=True, slots=True)
class LoadedSource:
    """A source of a recipe with its documents.

    Args:
        recipe: the source's part of the recipe.
        corpus: the documents to learn from, up to ``limit`` and without the held-out fold.
        types: the types to learn.
        proposals: for a selector, the same documents with a recognizer's mentions.
        teacher: types, tags and instructions of the teacher, if there is one.
    """

    recipe: CorpusSource | DenseSource
    corpus: Corpus
    types: tuple[str, ...]
    proposals: Corpus | None = None
    teacher: TaggerPrompts | None = None

    @property
    def is_general_domain(self) -> bool:
        """Whether it trains the head of the general domain."""
        return isinstance(self.recipe, CorpusSource) and self.recipe.domain == "general"

    def sample(self, seed: int) -> LoadedSource:
        """Return the source with the share of its documents that a seed draws, in their order."""
        if isinstance(self.recipe, DenseSource) or self.recipe.share == 1:
            return self
        number = max(1, round(self.recipe.share * len(self.corpus)))
        rng = Random(f"{seed}:{self.corpus.name}")
        indices = sorted(rng.sample(range(len(self.corpus)), number))
        proposals = None if self.proposals is None else _select(self.proposals, indices)
        return replace(self, corpus=_select(self.corpus, indices), proposals=proposals)


@dataclass(frozen=True, slots=True)
class DevSet:
    """Documents that the checkpoint is selected on.

    Args:
        corpus: the documents.
        types: the types to find in them.
        proposals: for a selector, the same documents with a recognizer's mentions.
    """

    corpus: Corpus
    types: tuple[str, ...]
    proposals: Corpus | None = None


def load_source(source: CorpusSource | DenseSource, load: LoadCorpus) -> LoadedSource:
    """Load the documents of a source.

    Args:
        source: a source of a recipe.
        load: loads a split of a corpus.

    Raises:
        CorpusError: if the corpus does not exist, is empty or does not annotate a type.
        ModelError: if the teacher does not exist or is not a tagger.
        RecipeError: if there are too few documents for the folds, or the proposals are of other
            documents.
    """
    corpus = load(source.corpus, source.split, **source.reading_options)
    corpus = corpus.rename_types(source.rename)
    teacher = None
    if isinstance(source, CorpusSource) and source.teacher:
        teacher = read_prompts(source.teacher)
        corpus = _prepare_for_teacher(corpus, teacher.types, source.annotation_odds > 1)
    if isinstance(source, CorpusSource) and source.absent:
        texts = tuple(document.with_spans(()) for document in corpus)
        corpus = Corpus(corpus.name, corpus.split, texts, tuple(source.absent))
    if isinstance(source, CorpusSource) and source.collapse:
        corpus = corpus.rename_types(dict.fromkeys(corpus.types, source.collapse))
    types = _select_types(source, corpus)
    corpus = _slice(corpus, source.limit)
    if source.folds is not None and source.held_out_fold is not None:
        corpus = drop_fold(corpus, source.folds, source.held_out_fold)
    proposals = None
    if isinstance(source, CorpusSource) and source.proposals is not None:
        proposals = read_proposals(source.proposals, corpus)
    return LoadedSource(source, corpus, types, proposals, teacher)


def _prepare_for_teacher(corpus: Corpus, types: tuple[str, ...], uses_annotations: bool) -> Corpus:
    """Return a corpus with the types of a teacher, with its annotations if they are used."""
    documents = corpus.documents
    if uses_annotations:
        others = [type for type in corpus.types if type not in types]
        if others:
            raise CorpusError(
                f"corpus {corpus.name} annotates {', '.join(others)}, but its teacher finds "
                f"{format_types(types)}: rename them for annotation_odds"
            )
    else:
        documents = tuple(document.with_spans(()) for document in documents)
    return Corpus(corpus.name, corpus.split, documents, types)


def load_dev_set(source: DevSource, learned_types: Set[str], load: LoadCorpus) -> DevSet:
    """Load the documents of a dev set.

    Args:
        source: a dev set of a recipe.
        learned_types: the types that the model learns.
        load: loads a split of a corpus.

    Raises:
        CorpusError: if the corpus does not exist, is empty or does not annotate a type.
        RecipeError: if the model learns none of its types or not all that the recipe names, or the
            proposals are of other documents.
    """
    corpus = load(source.corpus, source.split, **source.reading_options)
    corpus = corpus.rename_types(source.rename)
    corpus = _slice(corpus, source.limit, source.skip)
    if not corpus.documents and source.skip:
        raise RecipeError(
            f"dev {corpus.name} {corpus.split} has no documents after the {source.skip:,} "
            "that are skipped"
        )
    types = tuple(
        type for type in _select_types(source, corpus) if source.types or type in learned_types
    )
    if not types or not set(types) <= learned_types:
        raise RecipeError(
            f"dev {corpus.name} {corpus.split} has the types {format_types(corpus.types)}, but the "
            f"model learns {format_types(sorted(learned_types))}: no checkpoint can be selected on "
            "this dev set"
        )
    proposals = read_proposals(source.proposals, corpus) if source.proposals else None
    return DevSet(corpus, types, proposals)


def _select_types(
    source: CorpusSource | DenseSource | DevSource, corpus: Corpus
) -> tuple[str, ...]:
    """Return the types of a source.

    The corpus must annotate them. Otherwise the model would learn that they never occur.

    Raises:
        CorpusError: if the corpus is empty or does not annotate a type, or if a type has no name.
    """
    if not corpus.documents:
        raise CorpusError(f"corpus {corpus.name} {corpus.split} is empty")
    missing = [type for type in source.types or () if type not in corpus.types]
    if missing or not corpus.types:
        raise CorpusError(
            f"corpus {corpus.name} does not annotate {', '.join(missing) or 'anything'}; "
            f"it has {format_types(corpus.types)}"
        )
    types = tuple(source.types or corpus.types)
    if "" in types and not (isinstance(source, CorpusSource) and source.domain == "general"):
        raise CorpusError(
            f"corpus {corpus.name} {corpus.split} has mentions without a type; name it with "
            'rename: {"": Disease}, for example'
        )
    return types


def _slice(corpus: Corpus, limit: int | None, skip: int = 0) -> Corpus:
    documents = corpus.documents[skip:][:limit]
    return Corpus(corpus.name, corpus.split, documents, corpus.types)


def _select(corpus: Corpus, indices: list[int]) -> Corpus:
    documents = tuple(corpus.documents[index] for index in indices)
    return Corpus(corpus.name, corpus.split, documents, corpus.types)
