"""Training of a generator: each sentence once for each type, answered with its marked copy."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import torch

from vaner.generator.collation import collate
from vaner.generator.instructions import build_instruction
from vaner.generator.model import VanerForGeneration
from vaner.generator.prompts import AnswerRow, PromptEncoder
from vaner.generator.recognizer import Generator
from vaner.text.documents import Corpus
from vaner.training.data.sources import DevSet, LoadedSource
from vaner.training.examples.marked_copies import CopyExample, make_copy_examples
from vaner.training.examples.sentences import Coverage
from vaner.training.learners.dev_score import score_recognizer
from vaner.training.learners.learner import backbone_options, tokenizer_file
from vaner.training.plan import TrainingTargets
from vaner.training.recipe.models import GeneratorRecipe


class GeneratorLearner:
    """A `VanerForGeneration` in training.

    Args:
        recipe: the model part of the recipe.
        targets: what the model learns to find.
    """

    def __init__(self, recipe: GeneratorRecipe, targets: TrainingTargets) -> None:
        instructions = {
            name: build_instruction(name, style=recipe.instruction).restrict_to(types).to_dict()
            for name, types in targets.corpora.items()
        }
        self.model = VanerForGeneration.from_backbone(
            recipe.backbone,
            **backbone_options(recipe),
            loss=recipe.loss,
            style=recipe.instruction,
            instructions=instructions,
            corpora=targets.corpora,
            types=targets.types,
        )
        folder = tokenizer_file(self.model).parent
        self.encoder = PromptEncoder.from_folder(folder, recipe.max_subwords)

    def make_examples(
        self, source: LoadedSource, corpus: Corpus, proposals: Corpus | None = None
    ) -> tuple[Sequence[CopyExample], Coverage]:
        """Return the sentences of a corpus, each with its marked copy."""
        instruction_for = self.model.config.instruction_for
        return make_copy_examples(corpus, source.types, self.encoder, instruction_for)

    def encode(self, example: CopyExample, rng: Random) -> AnswerRow:
        """Return prompt and answer. There is no random choice in them."""
        return example.encode(self.encoder)

    def collate(self, rows: Sequence[AnswerRow]) -> dict[str, torch.Tensor]:
        """Return a batch of rows as arguments of `VanerForGeneration.forward`."""
        return collate(rows)

    def score(self, dev: Sequence[DevSet], autocast: torch.dtype | None) -> dict[str, float]:
        """Return strict micro F1 over the dev sets."""
        device = next(self.model.parameters()).device
        generator = Generator(self.model, self.encoder, device=device, autocast=autocast)
        return score_recognizer(generator, dev)
