"""The training plan: a recipe with everything that it names loaded and checked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from vaner.errors import RecipeError
from vaner.training.data.held_out import read_held_out_sentences
from vaner.training.data.loading import make_corpus_loader
from vaner.training.data.sources import DevSet, LoadedSource, load_dev_set, load_source
from vaner.training.recipe.earlier_models import EarlierModels, read_earlier_models
from vaner.training.recipe.leakage import find_split_conflict
from vaner.training.recipe.schema import DenseSource, Recipe, StageRecipe


@dataclass(frozen=True, slots=True)
class TrainingTargets:
    """What the model learns to find, and under which instructions.

    Args:
        types: the entity types, sorted.
        corpora: corpora named in instructions -> the types they are named for. Dev sentences and
            other text must not get an instruction that names a corpus not seen in training.
        general_domain: whether a source trains the head of the general domain.
        without_corpus: whether a source trains the instruction that names no corpus.
    """

    types: list[str]
    corpora: dict[str, list[str]]
    general_domain: bool = False
    without_corpus: bool = False


@dataclass(frozen=True, slots=True)
class PlannedStage:
    """A stage of a recipe with its sources loaded."""

    recipe: StageRecipe
    sources: tuple[LoadedSource, ...]


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """A recipe, resolved: the same for every seed.

    Args:
        recipe: the recipe.
        stages: its stages with their sources loaded.
        targets: what the model learns to find.
        dev: the dev sets that the checkpoint is selected on.
        held_out: keys of the sentences that are not trained on.
        earlier: records of the models that the recipe uses.
    """

    recipe: Recipe
    stages: tuple[PlannedStage, ...]
    targets: TrainingTargets
    dev: tuple[DevSet, ...]
    held_out: frozenset[str]
    earlier: EarlierModels


def resolve_recipe(recipe: Recipe, corpora_root: str | Path | None = None) -> TrainingPlan:
    """Load and check everything that a recipe names; each split is read once.

    Args:
        recipe: a checked recipe.
        corpora_root: folder of the corpora; ``VANER_CORPORA`` if None.

    Raises:
        CorpusError: if a corpus does not exist, is empty or does not annotate a type.
        ModelError: if the initial model or a teacher does not exist.
        RecipeError: if training, selection and scoring share texts, or there is nothing to learn.
    """
    earlier = read_earlier_models(recipe)
    if conflict := find_split_conflict(recipe, earlier.splits, corpora_root):
        raise RecipeError(f"recipe {recipe.name}: {conflict}")
    load_corpus = make_corpus_loader(corpora_root)
    stages = tuple(
        PlannedStage(stage, tuple(load_source(source, load_corpus) for source in stage.sources))
        for stage in recipe.stages
    )
    targets = _collect_targets(source for stage in stages for source in stage.sources)
    types = set(targets.types)
    dev_sets = tuple(load_dev_set(dev, types, load_corpus) for dev in recipe.dev)
    _check_mentions(dev_sets)
    return TrainingPlan(
        recipe,
        stages,
        targets,
        dev_sets,
        read_held_out_sentences(recipe, load_corpus),
        earlier,
    )


def _check_mentions(dev_sets: Sequence[DevSet]) -> None:
    """Check that there is a mention to find in the dev sets, because F1 would always be 0.

    Raises:
        RecipeError: if there is none.
    """
    if not any(
        span.type in dev_set.types
        for dev_set in dev_sets
        for document in dev_set.corpus
        for span in document.spans
    ):
        names = ", ".join(f"{dev_set.corpus.name} {dev_set.corpus.split}" for dev_set in dev_sets)
        raise RecipeError(
            f"dev {names} has no mention of a type that is scored: no checkpoint can be selected; "
            "use more or other documents"
        )


def _collect_targets(sources: Iterable[LoadedSource]) -> TrainingTargets:
    """Return what the sources of all stages train together.

    Raises:
        RecipeError: if all of them are of the general domain.
    """
    types: set[str] = set()
    corpora: dict[str, set[str]] = {}
    general_domain = without_corpus = False
    for source in sources:
        recipe = source.recipe
        if isinstance(recipe, DenseSource):
            without_corpus = True
            types.update(source.types)
            continue
        without_corpus |= recipe.nameless_fraction > 0 or source.teacher is not None
        if source.is_general_domain:
            general_domain = True
            continue
        types.update(source.types)
        if recipe.nameless_fraction < 1 and source.teacher is None:
            corpora.setdefault(source.corpus.name, set()).update(source.types)
    if not types:  # the head of the general domain is not used after training
        raise RecipeError(
            "every source is of the general domain: add a source of the biomedical domain"
        )
    named = {name: sorted(named_types) for name, named_types in corpora.items()}
    return TrainingTargets(sorted(types), named, general_domain, without_corpus)
