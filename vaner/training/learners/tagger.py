"""Training of a tagger: each sentence under an instruction, each word with its tag."""

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
from vaner.training.data.sources import DevSet, LoadedSource
from vaner.training.examples.dense_recognition import make_dense_examples
from vaner.training.examples.distillation import annotate_with_teacher, make_distillation_examples
from vaner.training.examples.sentences import Coverage, TaggerExample, make_sentence_examples
from vaner.training.learners.dev_score import score_recognizer
from vaner.training.learners.learner import backbone_options, tokenizer_file
from vaner.training.plan import PlannedStage, TrainingPlan, TrainingTargets
from vaner.training.precision import uses_bf16
from vaner.training.recipe.models import TaggerRecipe
from vaner.training.recipe.schema import CorpusSource, DenseSource
from vaner.utils.templates import list_fields


class TaggerLearner:
    """A `VanerForTokenClassification` in training.

    Args:
        recipe: the model part of the recipe.
        plan: the recipe, resolved.

    Raises:
        ModelError: if the backbone or the initial model does not exist.
        RecipeError: if the model cannot learn the sources of a stage together.
    """

    def __init__(self, recipe: TaggerRecipe, plan: TrainingPlan) -> None:
        targets = plan.targets
        tag_set = TagSet(TagScheme(recipe.scheme), tuple(targets.types) if recipe.joint else ())
        for stage in plan.stages:
            _check_losses(stage, tag_set)
            _check_annotation_odds(stage, tag_set)
        _check_instruction(recipe, targets)
        self.model = VanerForTokenClassification.from_backbone(
            recipe.backbone,
            **backbone_options(recipe) | recipe.get_options(),
            general_head=targets.general_domain,
            instruction=recipe.template().to_dict(),
            types=targets.types,
            corpora=targets.corpora,
            nameless=targets.without_corpus,
        )
        if recipe.init_from is not None:
            warm_start(self.model, locate_model(recipe.init_from))
        self._bf16 = uses_bf16(plan.recipe.precision)
        folder = tokenizer_file(self.model).parent
        self.encoder = recipe.build_encoder(folder)

    def make_examples(
        self, source: LoadedSource, corpus: Corpus, proposals: Corpus | None = None
    ) -> tuple[Sequence[TaggerExample], Coverage]:
        """Return the sentences of a corpus, with gold tags, a teacher's tags or related names."""
        config, recipe = self.model.config, source.recipe
        if isinstance(recipe, DenseSource):
            return self._make_dense_examples(recipe, source.types, corpus), Coverage(0, {}, 0)
        tag_set, nameless = config.tag_set, recipe.nameless_fraction
        learns_probabilities = source.teacher is not None and source.teacher.tag_set == tag_set
        if recipe.teacher is not None:
            nameless = 1.0
            if not learns_probabilities:
                corpus = annotate_with_teacher(recipe.teacher, corpus, recipe.min_teacher_score)
        examples, coverage = make_sentence_examples(
            corpus,
            source.types,
            self.encoder,
            TagSet(tag_set.scheme) if source.is_general_domain else tag_set,
            config.instruction_template,
            nameless_fraction=nameless,
            general=source.is_general_domain,
        )
        if recipe.teacher is not None and learns_probabilities:
            soft = make_distillation_examples(
                recipe.teacher, examples, recipe.annotation_odds, bf16=self._bf16
            )
            return soft, Coverage(0, {}, 0)
        return examples, coverage

    def encode(self, example: TaggerExample, rng: Random) -> Row:
        """Return the row of an example, with a random instruction and, if it is dense, names."""
        return example.encode(self.encoder, self.model.config.instruction_template, rng)

    def collate(self, rows: Sequence[Row]) -> dict[str, torch.Tensor]:
        """Return a batch of rows as arguments of `VanerForTokenClassification.forward`."""
        return collate(rows, self.model.layout)

    def score(self, dev: Sequence[DevSet], autocast: torch.dtype | None) -> dict[str, float]:
        """Return strict micro F1 over the dev sets."""
        device = next(self.model.parameters()).device
        tagger = build_torch_tagger(self.model, self.encoder, device=device, autocast=autocast)
        return score_recognizer(tagger, dev)

    def _make_dense_examples(
        self, recipe: DenseSource, types: Sequence[str], corpus: Corpus
    ) -> list[TaggerExample]:
        related = _related_names(recipe.dense, tuple(recipe.exclude))
        counts = NameCounts(recipe.positives, recipe.negatives)
        modes = ("list", "context") if recipe.mode == "both" else (recipe.mode,)
        examples: list[TaggerExample] = []
        for type in types:
            for mode in modes:
                examples += make_dense_examples(
                    corpus,
                    type,
                    related,
                    self.encoder,
                    self.model.config.tag_set,
                    base_type=recipe.type_map.get(type),
                    context=mode == "context",
                    counts=counts,
                    share=recipe.share,
                )
        return examples


def _check_instruction(recipe: TaggerRecipe, targets: TrainingTargets) -> None:
    """Check that the instruction or the tags determine which type to find.

    Raises:
        RecipeError: if neither does.
    """
    if recipe.joint or len(targets.types) == 1:
        return
    template = recipe.template()
    used = {"named": bool(targets.corpora), "nameless": targets.without_corpus}
    for name, is_used in used.items():
        if is_used and "type" not in list_fields(getattr(template, name)):
            text = "none" if template == EMPTY else f"{name}: {getattr(template, name)!r}"
            raise RecipeError(
                f"instruction {text} does not say which of {', '.join(targets.types)} to find: set "
                "another instruction, or joint: true"
            )


def _check_losses(stage: PlannedStage, tag_set: TagSet) -> None:
    """Check that no batch needs both the distillation loss and the loss of the general head.

    Raises:
        RecipeError: if one does.
    """
    if any(source.is_general_domain for source in stage.sources) and any(
        source.teacher is not None and source.teacher.tag_set == tag_set for source in stage.sources
    ):
        raise RecipeError(
            f"stage {stage.recipe.name}: a teacher's probabilities and the general domain cannot "
            "be learned in one batch; put them in different stages"
        )


def _check_annotation_odds(stage: PlannedStage, tag_set: TagSet) -> None:
    """Check that a student learns the probabilities of teachers whose odds annotations change.

    Raises:
        RecipeError: if it learns the mentions that a teacher finds.
    """
    for source in stage.sources:
        if (
            isinstance(source.recipe, CorpusSource)
            and source.recipe.annotation_odds != 1
            and source.teacher is not None
            and source.teacher.tag_set != tag_set
        ):
            raise RecipeError(
                f"stage {stage.recipe.name}: {source.recipe.corpus} has annotation_odds, but its "
                "teacher has other tags than the model, so no probabilities are learned: remove "
                "annotation_odds, or use another teacher"
            )


@lru_cache(maxsize=1)
def _related_names(base: str, exclude: tuple[str, ...]) -> RelatedNames:
    """Return the index of a knowledge base, cached from seed to seed: building it takes seconds."""
    return RelatedNames(open_base(base), exclude)
