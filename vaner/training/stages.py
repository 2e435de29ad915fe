"""What a stage of a recipe learns from: the examples of its sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from random import Random

from vaner.errors import CorpusError
from vaner.training.data.held_out import without
from vaner.training.data.sources import training_corpus, training_proposals
from vaner.training.examples.sentences import Coverage, Example
from vaner.training.learners.learner import Learner
from vaner.training.recipe.schema import CorpusSource, DenseSource, StageRecipe


@dataclass(frozen=True, slots=True)
class StageExamples:
    """What a stage learns from.

    Args:
        groups: the examples of each source.
        coverage: gold of the sources that the model cannot reach.
        left_out: sentences of each split that stand in a test split, and are not in `groups`.
    """

    groups: Sequence[Sequence[Example]]
    coverage: Coverage
    left_out: Mapping[str, int]

    def __str__(self) -> str:
        recurring = [f"{number} of {name}" for name, number in self.left_out.items() if number]
        told = f"; left out, as they stand in a test split: {', '.join(recurring)} sentences"
        return f"{self.coverage}{told if recurring else ''}"


def stage_examples(
    stage: StageRecipe,
    learner: Learner,
    seed: int,
    held_out: Set[str] = frozenset(),
    root: str | Path | None = None,
) -> StageExamples:
    """The examples of each source of a stage.

    Args:
        stage: the stage.
        learner: the model that learns from them.
        seed: draws the documents, and the blank sentences, where a source has a share of them.
        held_out: keys of sentences that must not be learnt from, see `held_out.test_sentences`.
        root: where the corpora lie; ``VANER_CORPORA`` if None.

    Raises:
        CorpusError: where a source gives none: it would be missed without a word.
    """
    groups: list[Sequence[Example]] = []
    coverage = Coverage(0, {}, 0)
    left_out: dict[str, int] = {}
    for source in stage.sources:
        whole = training_corpus(source, seed, root)
        corpus, number = without(whole, held_out)
        left_out[f"{corpus.name} {corpus.split}"] = number
        proposals = training_proposals(source, whole)
        if proposals is not None:
            proposals, _ = without(proposals, held_out, whole)
        found, seen = learner.examples(source, corpus, proposals)
        groups.append(_kept(source, found, seed))
        coverage = coverage + seen
        if not groups[-1]:
            kind = "related names" if isinstance(source, DenseSource) else "sentences"
            told = f"; {number} were left out, as they stand in a test split" if number else ""
            raise CorpusError(
                f"corpus {corpus.name} {corpus.split} has no {kind} to train on{told}"
            )
    return StageExamples(groups, coverage, left_out)


def _kept(
    source: CorpusSource | DenseSource, examples: Sequence[Example], seed: int
) -> Sequence[Example]:
    """All examples, or of the blank ones the share that the source asks for."""
    if isinstance(source, DenseSource) or source.negative_fraction == 1:
        return examples
    draw = Random(f"{seed}:{source.corpus}:blanks")
    return [one for one in examples if not one.blank or draw.random() < source.negative_fraction]
