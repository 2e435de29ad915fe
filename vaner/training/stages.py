"""Collect the training examples of a stage."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import chain
from random import Random

from vaner.errors import CorpusError
from vaner.training.data.held_out import remove_sentences
from vaner.training.data.mixture import Mixture, compute_shares
from vaner.training.data.sources import LoadedSource
from vaner.training.examples.sentences import Coverage, Example
from vaner.training.learners.learner import Learner
from vaner.training.plan import PlannedStage
from vaner.training.recipe.schema import DenseSource, StageRecipe


@dataclass(frozen=True, slots=True)
class StageExamples:
    """The training examples of a stage.

    Args:
        mixture: the examples, as a dataset.
        coverage: gold mentions of the sources that the model cannot predict.
        held_out: number of sentences of each split that also occur in a test split; they are not
            in `mixture`.
    """

    mixture: Mixture
    coverage: Coverage
    held_out: Mapping[str, int]

    def __str__(self) -> str:
        counts = [f"{count} of {split}" for split, count in self.held_out.items() if count]
        held_out = f"; {', '.join(counts)} sentences left out, because they are in a test split"
        number = "1 example" if len(self.mixture) == 1 else f"{len(self.mixture)} examples"
        return f"{number}; {self.coverage}{held_out if counts else ''}"


def collect_examples(
    stage: PlannedStage, learner: Learner, seed: int, held_out: Set[str] = frozenset()
) -> StageExamples:
    """Return the examples of all sources of a stage, mixed.

    Args:
        stage: the stage.
        learner: the model that learns from them.
        seed: draws the documents and the negative sentences of sources that use a share of them.
        held_out: keys of sentences that are not trained on.

    Raises:
        CorpusError: if a source has no examples.
    """
    groups: list[Sequence[Example]] = []
    coverage = Coverage(0, {}, 0)
    held_out_counts: dict[str, int] = {}
    for source in stage.sources:
        sample = source.sample(seed)
        corpus, count = remove_sentences(sample.corpus, held_out)
        held_out_counts[f"{corpus.name} {corpus.split}"] = count
        proposals = sample.proposals
        if proposals is not None:
            proposals, _ = remove_sentences(proposals, held_out, sample.corpus)
        examples, source_coverage = learner.make_examples(source, corpus, proposals)
        groups.append(_drop_negatives(source, examples, seed))
        coverage = coverage + source_coverage
        if not groups[-1]:
            kind = "related names" if isinstance(source.recipe, DenseSource) else "sentences"
            reason = f"; {count} sentences are left out, because they are in a test split"
            raise CorpusError(
                f"corpus {corpus.name} {corpus.split} has no {kind} to train on"
                f"{reason if count else ''}"
            )
    shares = compute_shares([len(group) for group in groups], _sampling_temperature(stage.recipe))
    mixture = Mixture(list(chain.from_iterable(groups)), learner.encode, seed, shares)
    return StageExamples(mixture, coverage, held_out_counts)


def _sampling_temperature(recipe: StageRecipe) -> float:
    """Return the temperature that `sampling` means: 1 is proportional, infinity is balanced."""
    return {"proportional": 1.0, "balanced": math.inf}.get(recipe.sampling, recipe.temperature)


def _drop_negatives(
    source: LoadedSource, examples: Sequence[Example], seed: int
) -> Sequence[Example]:
    """Return the examples with the fraction of negatives that the recipe sets."""
    recipe = source.recipe
    if isinstance(recipe, DenseSource) or recipe.negative_fraction == 1:
        return examples
    # `blanks` is the former name of the field. With another seed, published runs would change.
    rng = Random(f"{seed}:{recipe.corpus}:blanks")
    return [
        example
        for example in examples
        if not example.is_negative or rng.random() < recipe.negative_fraction
    ]
