"""How a generator learns: every sentence once for every type, answered with its marked copy."""

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
from vaner.training.data.sources import DevSet, Taught
from vaner.training.examples.marked_copies import CopyExample, copy_examples
from vaner.training.examples.sentences import Coverage
from vaner.training.learners.dev_score import score_recognizer
from vaner.training.learners.learner import fresh, tokenizer_file
from vaner.training.recipe.models import GeneratorRecipe
from vaner.training.recipe.schema import CorpusSource, DenseSource


class GeneratorLearner:
    """A `VanerForGeneration` that learns.

    Args:
        wanted: the recipe's part about the model.
        aim: what the recipe teaches.
    """

    def __init__(self, wanted: GeneratorRecipe, aim: Taught) -> None:
        asks = {
            name: build_instruction(name, style=wanted.instruction).restrict_to(types).to_dict()
            for name, types in aim.datasets.items()
        }
        self.model = VanerForGeneration.from_backbone(
            wanted.backbone,
            **fresh(wanted),
            loss=wanted.loss,
            style=wanted.instruction,
            instructions=asks,
            corpora=aim.datasets,
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
        return score_recognizer(generator, dev)
