"""The training recipe: a list of stages, each a mixture of sources, checked before anything runs.

A recipe is YAML; ``vaner train --schema`` prints its JSON schema for editors.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from vaner.training.recipe.models import AnyModel, Checked, SelectorRecipe, TaggerRecipe


class Renamed(Checked):
    """Documents of a corpus, some of whose types may be called otherwise in the recipe.

    ``rename`` has, by their names in the corpus, the names they get: ``{Drug: Chemical}``. So one
    model learns, as one type, what each of several corpora calls by another name.
    """

    rename: dict[str, str] = Field(default={})


class Folded(Renamed):
    """A source that may leave out a part of its split.

    Of ``folds`` parts the one numbered ``without``, from 0 on, is not learnt from: a model that
    was trained without it can annotate it (``vaner crossfit``).
    """

    folds: int | None = Field(None, ge=2)
    without: int | None = Field(None, ge=0)

    @model_validator(mode="after")
    def _one_of_the_folds(self) -> Self:
        if (self.folds is None) != (self.without is None):
            raise ValueError("folds and without belong together")
        if self.folds is not None and self.without is not None and self.without >= self.folds:
            raise ValueError(f"without is one of 0 to {self.folds - 1}")
        return self


class CorpusSource(Folded):
    """Sentences of a corpus: each type it annotates is a pass under its own instruction.

    ``nameless`` is the probability that a sentence is seen, in an epoch, under the instruction
    that names no corpus; with some of it the model serves text from anywhere.

    ``collapse`` takes all types of the corpus as one of that name. Sentences of the ``general``
    domain teach a head of their own and the backbone, never the biomedical head (GERBERA).

    Of the split the first ``limit`` documents are taken, and of those a ``share``, drawn by the
    seed: another seed learns from others. Of the sentences in which a type does not occur,
    ``blanks`` is the share that is kept for it.

    With a ``teacher``, a saved tagger, what it thinks of the sentences is learnt in place of what
    the corpus annotates; ``corpus`` may then be a file of any format, plain text among them. Of a
    teacher with other types, or that tags one type at a time where this model tags all or the
    reverse, the mentions are learnt; sentences with one less probable than ``sure`` are left out.

    ``proposals`` is for selectors: a JSONL file of the same documents with the mentions that a
    recognizer found in them. The selector learns from its errors; the recognizer must not have been
    trained on these documents.

    ``licence`` is what the model's card says of a corpus that is not registered.
    """

    corpus: str
    split: str = "train"
    types: list[str] | None = None
    collapse: str | None = None
    domain: Literal["biomedical", "general"] = "biomedical"
    nameless: float = Field(0.0, ge=0, le=1)
    limit: int | None = Field(None, ge=1)
    share: float = Field(1.0, gt=0, le=1)
    blanks: float = Field(1.0, ge=0, le=1)
    teacher: str | None = None
    sure: float = Field(0.6, ge=0, le=1)
    proposals: str | None = None
    licence: str | None = None

    @property
    def for_taggers(self) -> bool:
        """Whether only a tagger can learn from it."""
        return self.domain == "general" or self.nameless > 0 or self.teacher is not None

    @model_validator(mode="after")
    def _a_teacher_says_it_all(self) -> Self:
        said = self.types or self.collapse or self.rename or self.domain == "general"
        if self.teacher and said:
            raise ValueError("a teacher says which types: none of types, collapse, rename, domain")
        return self

    @field_validator("split")
    @classmethod
    def _no_test_split(cls, split: str) -> str:
        if "test" in split.casefold():
            raise ValueError("a test split is never trained on")
        return split


class DenseSource(Folded):
    """Dense recognition: names of a knowledge base, chosen for the sentences of a corpus.

    ``mode`` is ``list`` (names joined by spaces, as VANER), ``context`` (names in place of the
    mentions of running text) or ``both``. ``named`` gives the base's word for a type of the
    corpus where they differ; types are matched exactly. ``share`` is the part of the sentences,
    evenly spread, that get an example. Names are drawn anew each epoch.
    """

    dense: str
    corpus: str
    split: str = "train"
    types: list[str] | None = None
    named: dict[str, str] = Field(default={})
    mode: Literal["list", "context", "both"] = "list"
    positives: int = Field(10, ge=1)
    negatives: int = Field(5, ge=0)
    share: float = Field(1.0, gt=0, le=1)
    exclude: list[str] = Field(default=[])
    limit: int | None = Field(None, ge=1)

    @field_validator("split")
    @classmethod
    def _no_held_out_split(cls, split: str) -> str:
        if any(part in split.casefold() for part in ("dev", "test", "valid")):
            raise ValueError("names are chosen for training sentences, never for dev or test")
        return split


def _kind_of_source(source: Any) -> str:
    dense = "dense" in source if isinstance(source, dict) else isinstance(source, DenseSource)
    return "DenseRecipe" if dense else "CorpusRecipe"


# The tags hold the word Recipe, as the names of the other branches do: see `_told`.
AnySource = Annotated[
    Annotated[CorpusSource, Tag("CorpusRecipe")] | Annotated[DenseSource, Tag("DenseRecipe")],
    Discriminator(_kind_of_source),
]


class DevSource(Renamed):
    """Held-out sentences that choose the model: never those of a test split.

    Of the split ``skip`` documents are passed over, and then ``limit`` taken. A corpus without a
    devel split of its own is learnt from up to a ``limit`` of train, and chosen by what follows.

    A selector is chosen by what it makes of ``proposals``, a JSONL file of the same documents with
    the mentions that a recognizer found; without one, of wrong variants of their own mentions.
    """

    corpus: str
    split: str = "devel"
    types: list[str] | None = None
    skip: int = Field(0, ge=0)
    limit: int | None = Field(None, ge=1)
    proposals: str | None = None


class HeldOutSplit(Checked):
    """A split whose sentences are not trained on, such as the dev set of another corpus."""

    corpus: str
    split: str = "devel"


class StageRecipe(Checked):
    """One round of training over one mixture of sources.

    ``sampling`` says how often each source is drawn: as often as it has examples, as often as any
    other (``balanced``), or in between (``temperature``: by size ** (1 / temperature)).
    ``steps``, if given, is the number of updates whatever the size of the mixture; else it
    follows from ``epochs``. So is ``evaluate_every`` in place of ``evaluations_per_epoch``.
    ``kept`` is the share of the weights from before the stage in those behind it, which are the
    mean of both (arXiv 2109.01903): some of what the stage would forget stays known.
    """

    name: str = "main"
    sources: list[AnySource] = Field(min_length=1)
    sampling: Literal["proportional", "temperature", "balanced"] = "proportional"
    temperature: float = Field(2.0, ge=1)
    epochs: float = Field(5, gt=0)
    steps: int | None = Field(None, ge=1)
    batch_size: int = Field(16, ge=1)
    gradient_accumulation: int = Field(1, ge=1)
    learning_rate: float = Field(1e-3, gt=0)
    head_learning_rate: float = Field(1e-2, gt=0)
    warmup: float = Field(0.1, ge=0, lt=1)
    schedule: Literal["linear", "cosine", "constant_with_warmup"] = "linear"
    weight_decay: float = Field(0.01, ge=0)
    gradient_checkpointing: bool = False
    evaluations_per_epoch: int = Field(1, ge=1)
    evaluate_every: int | None = Field(None, ge=1)
    patience: int | None = Field(None, ge=1)
    kept: float = Field(0.0, ge=0, lt=1)

    @model_validator(mode="after")
    def _a_temperature_is_for_sampling_by_it(self) -> Self:
        usual = type(self).model_fields["temperature"].default
        if self.temperature != usual and self.sampling != "temperature":
            raise ValueError("a temperature is for sampling: temperature")
        return self


class Recipe(Checked):
    """A whole training run.

    No sentence is trained on that stands in a test split, whichever corpus it is from: those of
    the recipe's own corpora are read for that, and those of ``held_out``, corpora that the model
    will be scored on besides. An entry of ``held_out`` may name a split, as in
    ``{corpus: BioRED, split: devel}``; a name alone is its test split. How many sentences that
    took is told and kept. Corpora that are made from the same texts are not mixed at all: see
    `vaner.training.recipe.leakage`.
    """

    name: str
    model: AnyModel = Field(default_factory=TaggerRecipe)
    stages: list[StageRecipe] = Field(min_length=1)
    dev: list[DevSource] = Field(min_length=1)
    held_out: list[str | HeldOutSplit] = Field(default=[])
    seeds: list[int] = Field(default=[1], min_length=1)
    precision: Literal["auto", "bf16", "fp32"] = "auto"
    report_to: list[str] = Field(default=[])

    @field_validator("seeds")
    @classmethod
    def _each_seed_once(cls, seeds: list[int]) -> list[int]:
        if len(set(seeds)) < len(seeds):
            raise ValueError("a seed is given twice")
        return seeds

    @model_validator(mode="after")
    def _something_to_keep(self) -> Self:
        if self.stages[0].kept and getattr(self.model, "start", None) is None:
            raise ValueError("kept: there is nothing to keep before the first stage")
        return self

    @model_validator(mode="after")
    def _sources_are_for_the_family(self) -> Self:
        sources = [source for stage in self.stages for source in stage.sources]
        if not isinstance(self.model, SelectorRecipe) and any(
            not isinstance(source, DenseSource) and source.proposals
            for source in (*sources, *self.dev)
        ):
            raise ValueError("proposals are for a model of the family selector")
        if not isinstance(self.model, TaggerRecipe) and any(
            isinstance(source, DenseSource) or source.for_taggers for source in sources
        ):
            raise ValueError(
                "dense recognition, the general domain, teachers and nameless instructions are for "
                f"taggers, not for a {self.model.family}"
            )
        return self
