"""How a generator learns: every sentence once for every type, answered with its marked copy."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import torch

from vaner.documents import Corpus
from vaner.generation.batching import collate
from vaner.generation.generator import VanerForGeneration
from vaner.generation.instructions import instruction
from vaner.generation.prompts import AnswerRow, PromptEncoder
from vaner.proposers.generator import Generator
from vaner.training.copies import CopyExample, copy_examples
from vaner.training.examples import Coverage
from vaner.training.learners.learner import fresh, tokenizer_file
from vaner.training.learners.proposing import score_proposer
from vaner.training.recipe import CorpusSource, DenseSource
from vaner.training.recipe_models import GeneratorRecipe
from vaner.training.sources import DevSet, Taught


class GeneratorLearner:
    """A `VanerForGeneration` that learns.

    Args:
        wanted: the recipe's part about the model.
        aim: what the recipe teaches.
    """

    def __init__(self, wanted: GeneratorRecipe, aim: Taught) -> None:
        asks = {
            name: instruction(name, style=wanted.instruction).about(types).to_dict()
            for name, types in aim.datasets.items()
        }
        self.model = VanerForGeneration.from_backbone(
            wanted.backbone,
            **fresh(wanted),
            loss=wanted.loss,
            style=wanted.instruction,
            instructions=asks,
            datasets=aim.datasets,
            types=aim.types,
        )
        folder = tokenizer_file(self.model).parent
        self.encoder = PromptEncoder.from_folder(folder, wanted.max_subwords)

    def examples(
        self, source: CorpusSource | DenseSource, corpus: Corpus, proposals: Corpus | None = None
    ) -> tuple[Sequence[CopyExample], Coverage]:
        """Sentences of a corpus."""
        types = source.types or corpus.types
        return copy_examples(corpus, types, self.encoder, self.model.config.instruction_for)

    def row(self, example: CopyExample, draw: Random) -> AnswerRow:
        """Prompt and answer; nothing is left to the draw."""
        return example.row(self.encoder)

    def collate(self, rows: Sequence[AnswerRow]) -> dict[str, torch.Tensor]:
        """As `VanerForGeneration.forward` takes them."""
        return collate(rows)

    def score(self, dev: Sequence[DevSet], autocast: torch.dtype | None) -> dict[str, float]:
        """Strict micro F1 over the dev sets."""
        device = next(self.model.parameters()).device
        generator = Generator(self.model, self.encoder, device=device, autocast=autocast)
        return score_proposer(generator, dev)
