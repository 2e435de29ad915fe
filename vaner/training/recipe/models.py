"""The `model` part of a recipe: which kind of model is trained, and on which backbone."""

from __future__ import annotations

from dataclasses import fields
from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, ValidationInfo, model_validator

from vaner.tagger.instructions import BY_NAME, Instruction
from vaner.tagger.options import FIXED_BY_WEIGHTS, TaggerOptions
from vaner.training.recipe.part import FormerName, RecipePart
from vaner.training.recipe.saved_tagger import recipe_fields


class LoraRecipe(RecipePart):
    """LoRA (arXiv 2106.09685) on the backbone. VANER's published values are rank 12, alpha 32."""

    rank: int = Field(16, ge=1)
    """Rank of the update matrices."""
    alpha: float = Field(32, gt=0)
    """Scaling: the update is multiplied by alpha / rank."""
    dropout: float = Field(0.0, ge=0, lt=1)
    """Dropout before the update matrices."""
    targets: Literal["all-linear"] | list[str] = "all-linear"
    """Names of the layers that get an adapter."""

    def options(self) -> dict[str, Any]:
        """Return the arguments of `peft.LoraConfig`."""
        return {
            "r": self.rank,
            "lora_alpha": self.alpha,
            "lora_dropout": self.dropout,
            "target_modules": self.targets,
        }


class InstructionRecipe(RecipePart):
    """Instruction templates of your own."""

    named: str
    """Template with {type} and {dataset}, for text of a known corpus."""
    nameless: str
    """Template with {type}, for any other text."""


class ModelRecipe(RecipePart):
    """What models of every family have: a backbone, and the part of it that is trained.

    With ``lora`` an adapter is trained. With ``lora: null`` all weights are trained, except those
    that ``frozen_layers`` excludes. Only trained weights are saved.
    """

    backbone: Annotated[str, FIXED_BY_WEIGHTS] = "smollm2-135m"
    """Name of a known backbone, a folder or a Hub id."""
    origin: Annotated[Literal["hub", "package"] | None, FIXED_BY_WEIGHTS] = None
    """Where a backbone by name comes from; null takes the first place that has it."""
    layers: Annotated[int | None, FIXED_BY_WEIGHTS] = Field(None, ge=1)
    """Number of layers to use, from the bottom up; null uses all."""
    backbone_dropout: float | None = Field(None, ge=0, lt=1)
    """Dropout inside the backbone's layers; null leaves the backbone's value."""
    quantization: Literal["nf4"] | None = None
    """Load the frozen weights below an adapter in 4 bits (QLoRA)."""
    lora: Annotated[LoraRecipe | None, FIXED_BY_WEIGHTS] = Field(default_factory=LoraRecipe)
    """The adapter to train; null trains the backbone's weights."""
    frozen_layers: Annotated[int | None, FIXED_BY_WEIGHTS] = Field(None, ge=0)
    """Without an adapter: freeze the embeddings and this number of layers from the bottom up."""

    @model_validator(mode="after")
    def _check_what_is_trained(self) -> Self:
        if self.lora is not None and self.frozen_layers is not None:
            raise ValueError("frozen_layers is for training without an adapter: set lora: null")
        if self.lora is None and self.quantization is not None:
            raise ValueError("quantization is for training an adapter: 4-bit weights learn nothing")
        return self


class TaggerRecipe(ModelRecipe, TaggerOptions):
    """A tagger; see also `vaner.tagger.config.VanerConfig`."""

    family: Literal["tagger"] = "tagger"
    """The kind of model."""
    init_from: Annotated[str | None, FormerName("start")] = None
    """A saved tagger whose weights training starts from: an embedded name, a folder or a Hub id.

    Leave out the fields that its weights fix (backbone, adapter, head …); they are read from it. A
    type that it does not find starts from new weights. A type that no source annotates is dropped.
    """
    instruction: Literal["vaner", "compact", "corpus", "none"] | InstructionRecipe = "vaner"
    """The text before each sentence. ``corpus``, for joint models, is the name of the corpus only:
    the model then follows its annotation guideline, and other text has no instruction."""

    @classmethod
    def fields_fixed_by_weights(cls) -> frozenset[str]:
        """Return the fields that must agree with the tagger that training starts from."""
        fields = cls.model_fields.items()
        return frozenset(name for name, field in fields if FIXED_BY_WEIGHTS in field.metadata)

    def template(self) -> Instruction:
        """Return the instruction's templates."""
        if isinstance(self.instruction, str):
            return BY_NAME[self.instruction]
        return Instruction(self.instruction.named, self.instruction.nameless)

    @model_validator(mode="after")
    def _check_corpus_instruction(self) -> Self:
        if self.instruction == "corpus" and not self.joint:
            raise ValueError("instruction: corpus is for joint models, because it names no type")
        return self

    @model_validator(mode="before")
    @classmethod
    def _fill_in_initial_model(cls, content: Any, info: ValidationInfo) -> Any:
        """Fill in the fields that the weights of `init_from` fix, from its folder."""
        # This runs before the base class's validator, so the names may still be former ones.
        content = cls.with_current_names(content, info.context)
        if not isinstance(content, dict) or not content.get("init_from"):
            return content
        fixed = cls.fields_fixed_by_weights()
        initial = cls.model_validate(recipe_fields(str(content["init_from"]), fixed))
        for name in fixed & content.keys():
            given = cls.model_validate(initial.model_dump() | {name: content[name]})
            if getattr(given, name) != (value := getattr(initial, name)):
                raise ValueError(f"{name} is {value} in the initial model; leave it out")
        return initial.model_dump() | content


# pydantic reads the docstrings of a class's fields, but not the metadata of those it inherits.
for _option in fields(TaggerOptions):
    TaggerRecipe.model_fields[_option.name].description = _option.metadata["description"]
TaggerRecipe.model_rebuild(force=True)


class GeneratorRecipe(ModelRecipe):
    """A generator; see also `vaner.generator.config.VanerGeneratorConfig`."""

    family: Literal["generator"]
    """The kind of model."""
    instruction: Literal["full", "compact"] = "full"
    """``full``: how to answer and what the type means, as published. ``compact``: what the type
    means."""
    loss: Literal["answer", "decisions"] = "answer"
    """Which subwords of the answer are learned: all, as published, or those where a bracket is
    possible (``decisions``)."""
    max_subwords: int = Field(512, ge=128)
    """Length of a window with its instruction and its answer."""


class SelectorRecipe(ModelRecipe):
    """A selector; see also `vaner.selector.config.VanerSelectorConfig`."""

    family: Literal["selector"]
    """The kind of model."""
    loss: Literal["contrastive", "binary"] = "contrastive"
    """``contrastive`` pulls a mention to the anchor of its type and pushes wrong candidates away.
    ``binary`` classifies each candidate alone, as published."""
    instruction: Literal["compact", "definition"] = "compact"
    """The name of the type, or its definition too."""
    negatives_per_mention: Annotated[int, FormerName("variants")] = Field(4, ge=0)
    """Number of wrong variants that are read with each mention, drawn anew each epoch."""
    projection_dim: Annotated[int, FormerName("width")] = Field(128, ge=2)
    """Dimension of the vectors that are compared."""
    max_subwords: int = Field(256, ge=64)
    """Length of a window with its instruction."""
    dropout: float = Field(0.1, ge=0, lt=1)
    """Dropout before the projection."""


def _family(model: Any) -> str:
    if isinstance(model, dict):
        family = model.get("family", "tagger")
    else:
        family = getattr(model, "family", "tagger")  # of another type, which is then the error
    return f"{str(family).capitalize()}Recipe"


# Each tag ends in Recipe, so that `recipe.file` can drop it from the location of an error.
AnyModel = Annotated[
    Annotated[TaggerRecipe, Tag("TaggerRecipe")]
    | Annotated[GeneratorRecipe, Tag("GeneratorRecipe")]
    | Annotated[SelectorRecipe, Tag("SelectorRecipe")],
    Discriminator(_family),
]
