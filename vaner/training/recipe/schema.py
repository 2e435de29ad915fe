"""The training recipe: a list of stages, each a mixture of sources, checked before anything runs.

A recipe is YAML; ``vaner train --schema`` prints its JSON schema for editors.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Discriminator, Field, Tag, field_validator, model_validator

from vaner.corpora import resolve_split
from vaner.training.recipe.corpus_part import CorpusPart
from vaner.training.recipe.models import AnyModel, SelectorRecipe, TaggerRecipe
from vaner.training.recipe.part import FormerName, RecipePart
from vaner.utils.names import is_file_name

SplitName = Annotated[str, AfterValidator(resolve_split)]


class TrainingSource(CorpusPart):
    """A source of training examples that may leave out a fold of its split.

    A model trained without a fold can annotate it: see ``vaner crossfit``.
    """

    folds: int | None = Field(None, ge=2)
    """Number of folds that the split is divided into."""
    held_out_fold: Annotated[int | None, FormerName("without")] = Field(None, ge=0)
    """The fold to leave out, counted from 0."""

    @model_validator(mode="after")
    def _check_folds(self) -> Self:
        if self.folds is None and self.held_out_fold is None:
            return self
        if self.folds is None or self.held_out_fold is None:
            raise ValueError("set both folds and held_out_fold, or neither")
        if self.held_out_fold >= self.folds:
            raise ValueError(f"held_out_fold must be between 0 and {self.folds - 1}")
        return self


class CorpusSource(TrainingSource):
    """Sentences of a corpus, with the types that it annotates.

    A tagger that is not joint, a generator and a selector see each sentence once for each type.

    With a ``teacher``, the model learns the teacher's probabilities in place of the corpus's
    annotations (distillation). If the teacher has other types or another mode (``joint``), the
    model learns the mentions that the teacher finds.
    """

    corpus: str
    """Name of a corpus, a folder or a file; with a teacher also a file of plain text."""
    split: SplitName = "train"
    """Split of the corpus; never a test split."""
    types: list[str] | None = Field(None, min_length=1)
    """Types to learn; null takes all that the corpus annotates."""
    absent: list[str] = Field(default=[])
    """Types that do not occur in the corpus, such as those of biomedicine in posts about films. The
    model learns that its sentences have none of them; what the corpus annotates is not used."""
    collapse: str | None = None
    """Merge all types of the corpus into one type of this name."""
    domain: Literal["biomedical", "general"] = "biomedical"
    """Sentences of the general domain train a second head and the backbone, not the biomedical head
    (GERBERA)."""
    nameless_fraction: Annotated[float, FormerName("nameless")] = Field(0.0, ge=0, le=1)
    """Probability, in each epoch, that the instruction of a sentence does not name the corpus. Use
    more than 0 for a model that annotates text from other sources."""
    limit: int | None = Field(None, ge=1)
    """Use only this number of documents, from the first on."""
    share: float = Field(1.0, gt=0, le=1)
    """Fraction of these documents to use, drawn at random by the seed."""
    negative_fraction: Annotated[float, FormerName("blanks")] = Field(1.0, ge=0, le=1)
    """Fraction of the sentences without a mention to use."""
    teacher: str | None = None
    """A saved tagger to learn from: an embedded name, a folder or a Hub id."""
    min_teacher_score: Annotated[float, FormerName("sure")] = Field(0.6, ge=0, le=1)
    """If mentions are learned from a teacher, leave out sentences with a mention below this
    probability."""
    annotation_odds: float = Field(1.0, ge=1)
    """If probabilities are learned from a teacher, multiply its odds of the tags of annotated
    mentions by this factor: for annotations that are often right, but not always. With 1 the
    annotations are not used."""
    proposals: str | None = None
    """For selectors: a JSONL file of the same documents with the mentions that a recognizer found.
    The recognizer must not have been trained on them: see ``vaner crossfit``."""
    license: Annotated[str | None, FormerName("licence")] = None
    """License of a corpus that is not registered, for the model card."""

    @property
    def is_gold(self) -> bool:
        """Whether the model learns to find what the corpus annotates."""
        return self.domain == "biomedical" and not self.teacher and not self.absent

    @property
    def is_for_taggers_only(self) -> bool:
        """Whether only a tagger can learn from it."""
        return self.domain == "general" or self.nameless_fraction > 0 or self.teacher is not None

    @model_validator(mode="after")
    def _check_teacher(self) -> Self:
        if self.teacher and (self.types or self.collapse or self.domain == "general"):
            raise ValueError("a teacher fixes the types: remove types, collapse and domain")
        if self.teacher and self.rename and self.annotation_odds == 1:
            raise ValueError("the annotations are not used: remove rename, or set annotation_odds")
        if self.annotation_odds > 1 and not self.teacher:
            raise ValueError("annotation_odds needs a teacher, whose odds are multiplied")
        least = type(self).model_fields["min_teacher_score"].default
        if self.min_teacher_score != least and not self.teacher:
            raise ValueError("min_teacher_score needs a teacher")
        if self.teacher and 0 < self.nameless_fraction < 1:
            raise ValueError("a teacher never reads the corpus's name: remove nameless_fraction")
        return self

    @model_validator(mode="after")
    def _check_absent(self) -> Self:
        others = self.types or self.collapse or self.rename or self.teacher or self.proposals
        if self.absent and (others or self.domain == "general"):
            raise ValueError(
                "absent sets the types: remove types, collapse, rename, teacher, proposals, domain"
            )
        return self

    @field_validator("split")
    @classmethod
    def _refuse_test_split(cls, split: str) -> str:
        if "test" in split.casefold():
            raise ValueError("a test split is never trained on")
        return split


class DenseSource(TrainingSource):
    """Dense recognition: names from a knowledge base, chosen to be similar to a corpus's sentences.

    Names are drawn anew each epoch. Types are matched exactly.
    """

    dense: str
    """Name of a knowledge base, or its ``.parquet`` file."""
    corpus: str
    """Name of a corpus, a folder or a file."""
    split: SplitName = "train"
    """Split of the corpus; never a dev or test split."""
    types: list[str] | None = Field(None, min_length=1)
    """Types to learn; null takes all that the corpus annotates."""
    type_map: Annotated[dict[str, str], FormerName("named")] = Field(default={})
    """Names of types in the knowledge base, by their names in the corpus: {Chemical: Drug}."""
    mode: Literal["list", "context", "both"] = "list"
    """``list``: names joined by spaces, as published (VANER). ``context``: names in place of the
    mentions in sentences. ``both``: an example of each."""
    positives: int = Field(10, ge=1)
    """Largest number of names of the type in a list."""
    negatives: int = Field(5, ge=0)
    """Largest number of names of other types in a list."""
    share: float = Field(1.0, gt=0, le=1)
    """Fraction of the sentences, evenly spread, that get an example."""
    exclude: list[str] = Field(default=[])
    """Types of the knowledge base that are never used."""
    limit: int | None = Field(None, ge=1)
    """Use only this number of documents, from the first on."""

    @field_validator("split")
    @classmethod
    def _refuse_held_out_split(cls, split: str) -> str:
        if any(part in split.casefold() for part in ("dev", "test", "valid")):
            raise ValueError("names are chosen for training sentences, never for dev or test")
        return split


def _kind_of_source(source: Any) -> str:
    is_dense = "dense" in source if isinstance(source, dict) else isinstance(source, DenseSource)
    return "DenseRecipe" if is_dense else "CorpusRecipe"


# Each tag ends in Recipe, so that `recipe.file` can drop it from the location of an error.
AnySource = Annotated[
    Annotated[CorpusSource, Tag("CorpusRecipe")] | Annotated[DenseSource, Tag("DenseRecipe")],
    Discriminator(_kind_of_source),
]


class DevSource(CorpusPart):
    """Documents on which the checkpoint is selected; never those of a test split.

    If a corpus has no devel split, train on the first documents of train (``limit`` of the source)
    and select on the documents after them (``skip``).
    """

    corpus: str
    """Name of a corpus, a folder or a file."""
    split: SplitName = "devel"
    """Split of the corpus."""
    types: list[str] | None = Field(None, min_length=1)
    """Types to score; null takes all that the corpus annotates and the model learns."""
    skip: int = Field(0, ge=0)
    """Number of documents to skip."""
    limit: int | None = Field(None, ge=1)
    """Use only this number of documents, after the skipped ones."""
    proposals: str | None = None
    """For selectors: a JSONL file of the same documents with the mentions that a recognizer found.
    Without it, the checkpoint is the one that best rejects wrong variants of the mentions."""


class HeldOutSplit(RecipePart):
    """A split whose sentences are not trained on, such as the dev set of another corpus."""

    corpus: str
    """Name of a corpus, a folder or a file."""
    split: SplitName = "devel"
    """Split of the corpus."""


class StageRecipe(RecipePart):
    """A round of training on a mixture of sources."""

    name: str = "main"
    """Name of the stage, for its folder."""
    sources: list[AnySource] = Field(min_length=1)
    """What the stage trains on."""
    sampling: Literal["proportional", "temperature", "balanced"] = "proportional"
    """How often each source is drawn: in proportion to its size, equally often (``balanced``), or
    in between (``temperature``)."""
    temperature: float = Field(2.0, ge=1)
    """For ``sampling: temperature``: sources are drawn in proportion to size ** (1 / temperature).
    """
    epochs: float = Field(5, gt=0)
    """Number of passes over the mixture."""
    steps: int | None = Field(None, ge=1)
    """Number of updates, in place of ``epochs``."""
    batch_size: int = Field(16, ge=1)
    """Examples in a batch."""
    gradient_accumulation: int = Field(1, ge=1)
    """Batches in an update."""
    learning_rate: float = Field(1e-3, gt=0)
    """Peak learning rate of the backbone or its adapter."""
    head_learning_rate: float = Field(1e-2, gt=0)
    """Peak learning rate of the head."""
    warmup: float = Field(0.1, ge=0, lt=1)
    """Fraction of the updates over which the learning rate rises."""
    schedule: Literal["linear", "cosine", "constant_with_warmup"] = "linear"
    """Shape of the learning rate after the warm-up."""
    weight_decay: float = Field(0.01, ge=0)
    """Weight decay of the backbone or its adapter; the head has none."""
    gradient_checkpointing: bool = False
    """Recompute activations in the backward pass to save memory."""
    evaluations_per_epoch: int = Field(1, ge=1)
    """Number of dev scores and checkpoints in an epoch."""
    evaluate_every: int | None = Field(None, ge=1)
    """Number of updates between dev scores, in place of ``evaluations_per_epoch``."""
    patience: int | None = Field(5, ge=1)
    """Stop after this number of dev scores without improvement; null trains to the end."""
    weight_interpolation: Annotated[float, FormerName("kept")] = Field(0.0, ge=0, lt=1)
    """At the end of the stage, average the weights with those from before the stage; this is the
    share of the earlier weights (WiSE-FT, arXiv 2109.01903). Use more than 0 to forget less of what
    was learned before."""

    @field_validator("name")
    @classmethod
    def _check_name(cls, name: str) -> str:
        if not is_file_name(name):
            raise ValueError("it must be a valid file name")
        return name

    @model_validator(mode="after")
    def _check_temperature(self) -> Self:
        default = type(self).model_fields["temperature"].default
        if self.temperature != default and self.sampling != "temperature":
            raise ValueError("temperature needs sampling: temperature")
        return self


class Recipe(RecipePart):
    """A training run.

    Training sentences that also occur in the test split of a corpus of the recipe, or of a corpus
    in ``held_out``, are removed. Their number is reported and stored. Corpora made from the same
    texts cannot be mixed: see `vaner.training.recipe.leakage`.
    """

    name: str
    """Name of the recipe, for the model card."""
    model: AnyModel = Field(default_factory=TaggerRecipe)
    """The model to train."""
    stages: list[StageRecipe] = Field(min_length=1)
    """Rounds of training, in order; each continues from the best checkpoint of the previous one."""
    dev: list[DevSource] = Field(min_length=1)
    """Dev sets. The checkpoint with the best strict micro F1 over all of them is saved."""
    held_out: list[str | HeldOutSplit] = Field(default=[])
    """Other corpora that the model will be scored on. A name means the test split; name another
    split as in {corpus: BioRED, split: devel}."""
    seeds: list[Annotated[int, Field(ge=0, lt=2**32)]] = Field(default=[1], min_length=1)
    """A model is trained for each seed."""
    precision: Literal["auto", "bf16", "fp32"] = "auto"
    """Number format of the forward pass; ``auto`` is bf16 where the hardware is fast at it."""
    report_to: list[str] = Field(default=[])
    """Experiment trackers of the Hugging Face Trainer, such as tensorboard."""

    @classmethod
    def from_record(cls, content: Any) -> Self:
        """Return the recipe that an earlier run has stored.

        Former field names are accepted without a warning, because records are not edited by hand.

        Args:
            content: the recipe as a dict, as ``model_dump(mode="json")`` returns it.

        Raises:
            ValidationError: if it is not a recipe.
        """
        return cls.model_validate(content, context={})

    @property
    def sources(self) -> list[CorpusSource | DenseSource]:
        """The sources of all stages, in order."""
        return [source for stage in self.stages for source in stage.sources]

    @field_validator("seeds")
    @classmethod
    def _check_seeds(cls, seeds: list[int]) -> list[int]:
        if len(set(seeds)) < len(seeds):
            raise ValueError("a seed is given twice")
        return seeds

    @model_validator(mode="after")
    def _check_weight_interpolation(self) -> Self:
        has_initial_model = getattr(self.model, "init_from", None) is not None
        if self.stages[0].weight_interpolation and not has_initial_model:
            raise ValueError(
                "weight_interpolation in the first stage needs init_from: there are no weights "
                "from before it"
            )
        return self

    @model_validator(mode="after")
    def _check_sources_fit_the_model(self) -> Self:
        if not isinstance(self.model, SelectorRecipe) and any(
            not isinstance(source, DenseSource) and source.proposals
            for source in (*self.sources, *self.dev)
        ):
            raise ValueError("proposals are for models of the family selector")
        if not isinstance(self.model, TaggerRecipe) and any(
            isinstance(source, DenseSource) or source.is_for_taggers_only for source in self.sources
        ):
            raise ValueError(
                "dense sources, domain: general, teacher and nameless_fraction are for taggers, "
                f"not for a {self.model.family}"
            )
        return self
