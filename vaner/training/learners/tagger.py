"""How a tagger learns: every sentence under an instruction, words with their tags."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from random import Random

import torch

from vaner.backbones.encoding import Row
from vaner.errors import RecipeError
from vaner.knowledge.base import open_base
from vaner.knowledge.dense_recognition import NameCounts
from vaner.knowledge.related_names import RelatedNames
from vaner.models.locate import locate_model
from vaner.tagger.batch_tensors import collate
from vaner.tagger.instructions import EMPTY
from vaner.tagger.model import VanerForTokenClassification
from vaner.tagger.torch_emissions import build_torch_tagger
from vaner.tagger.warm_start import warm_start
from vaner.text.documents import Corpus
from vaner.text.tags import TagScheme, TagSet
from vaner.training.data.sources import DevSet, Taught
from vaner.training.examples.dense_recognition import dense_examples
from vaner.training.examples.distillation import tagged, tags_alike, taught_examples
from vaner.training.examples.sentences import Coverage, TaggerExample, corpus_examples
from vaner.training.learners.dev_score import score_recognizer
from vaner.training.learners.learner import fresh, tokenizer_file
from vaner.training.recipe.models import TaggerRecipe
from vaner.training.recipe.schema import CorpusSource, DenseSource, Recipe, StageRecipe


class TaggerLearner:
    """A `VanerForTokenClassification` that learns.

    Args:
        recipe: the recipe.
        wanted: its part about the model.
        aim: what the recipe teaches.

    Raises:
        RecipeError: where what the recipe asks for cannot be learnt together.
    """

    def __init__(self, recipe: Recipe, wanted: TaggerRecipe, aim: Taught) -> None:
        _check(recipe.stages, wanted, aim.types)
        sources = recipe.sources
        self.model = VanerForTokenClassification.from_backbone(
            wanted.backbone,
            **fresh(wanted) | wanted.get_options(),
            general_head=any(
                isinstance(source, CorpusSource) and source.domain == "general"
                for source in sources
            ),
            instruction=wanted.template().to_dict(),
            types=aim.types,
            corpora=aim.datasets,
            nameless=any(
                isinstance(source, DenseSource)
                or source.nameless_fraction > 0
                or source.teacher is not None
                for source in sources
            ),
        )
        if wanted.init_from is not None:
            warm_start(self.model, locate_model(wanted.init_from))
        folder = tokenizer_file(self.model).parent
        self.encoder = wanted.build_encoder(folder)

    def examples(
        self, source: CorpusSource | DenseSource, corpus: Corpus, proposals: Corpus | None = None
    ) -> tuple[Sequence[TaggerExample], Coverage]:
        """Sentences of a corpus, names chosen for them, or what a teacher thinks of them."""
        config = self.model.config
        if isinstance(source, DenseSource):
            return self._names(source, corpus), Coverage(0, {}, 0)
        if source.teacher and tags_alike(source.teacher, config.tag_set):
            found, _ = corpus_examples(
                corpus, corpus.types, self.encoder, config.tag_set, config.instruction_template,
                nameless=1.0,
            )  # fmt: skip
            return taught_examples(source.teacher, found), Coverage(0, {}, 0)
        if source.teacher:
            corpus = tagged(source.teacher, corpus, source.min_teacher_score)
        nameless = 1.0 if source.teacher else source.nameless_fraction
        general = source.domain == "general"
        return corpus_examples(
            corpus, source.types or corpus.types, self.encoder,
            TagSet(config.tag_set.scheme) if general else config.tag_set,
            config.instruction_template, nameless=nameless, general=general,
        )  # fmt: skip

    def row(self, example: TaggerExample, draw: Random) -> Row:
        """The row of an example, as the draw has it."""
        return example.row(self.encoder, self.model.config.instruction_template, draw)

    def collate(self, rows: Sequence[Row]) -> dict[str, torch.Tensor]:
        """As `vaner.tagger.batch_tensors.collate`."""
        return collate(rows, self.model.layout)

    def score(self, dev: Sequence[DevSet], autocast: torch.dtype | None) -> dict[str, float]:
        """Strict micro F1 over the dev sets."""
        device = next(self.model.parameters()).device
        tagger = build_torch_tagger(self.model, self.encoder, device=device, autocast=autocast)
        return score_recognizer(tagger, dev)

    def _names(self, source: DenseSource, corpus: Corpus) -> list[TaggerExample]:
        related = _related(source.dense, tuple(source.exclude))
        counts = NameCounts(source.positives, source.negatives)
        examples: list[TaggerExample] = []
        for type in source.types or corpus.types:
            for mode in ("list", "context") if source.mode == "both" else (source.mode,):
                examples += dense_examples(
                    corpus, type, related, self.encoder, self.model.config.tag_set,
                    named=source.type_map.get(type), context=mode == "context", counts=counts,
                    share=source.share,
                )  # fmt: skip
        return examples


def _check(stages: Sequence[StageRecipe], wanted: TaggerRecipe, types: Sequence[str]) -> None:
    """Refuse types that nothing tells apart, and batches that want two other losses than the tags'.

    Raises:
        RecipeError: for one of these.
    """
    if not wanted.joint and len(types) > 1 and wanted.template() == EMPTY:
        raise RecipeError(
            f"instruction none does not say which of {', '.join(types)} is asked for: give another "
            "instruction, or joint: true"
        )
    tags = TagSet(TagScheme(wanted.scheme), tuple(types) if wanted.joint else ())
    for stage in stages:
        sources = [source for source in stage.sources if isinstance(source, CorpusSource)]
        if any(source.domain == "general" for source in sources) and any(
            source.teacher and tags_alike(source.teacher, tags) for source in sources
        ):
            raise RecipeError(
                f"stage {stage.name}: a teacher's probabilities and the general domain are not "
                "learnt in one batch; give each a stage of its own"
            )


@lru_cache(maxsize=1)
def _related(base: str, exclude: tuple[str, ...]) -> RelatedNames:
    """Kept from seed to seed: the index takes seconds, and it remembers its answers."""
    return RelatedNames(open_base(base), exclude)
