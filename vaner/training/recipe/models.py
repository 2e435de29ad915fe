"""The part of a recipe that says what kind of model is trained, and on what."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator

from vaner.tagger.instructions import BY_NAME, Instruction


class Checked(BaseModel):
    """A part of a recipe: no field but its own, and nothing changed later."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class LoraRecipe(Checked):
    """LoRA (arXiv 2106.09685) on the backbone; VANER's published values are r=12, alpha=32."""

    rank: int = Field(16, ge=1)
    alpha: float = Field(32, gt=0)
    dropout: float = Field(0.0, ge=0, lt=1)
    targets: Literal["all-linear"] | list[str] = "all-linear"

    def options(self) -> dict[str, Any]:
        """As `peft.LoraConfig` wants them."""
        return {
            "r": self.rank,
            "lora_alpha": self.alpha,
            "lora_dropout": self.dropout,
            "target_modules": self.targets,
        }


class InstructionRecipe(Checked):
    """Templates of your own: ``named`` with {type} and {dataset}, ``nameless`` with {type}."""

    named: str
    nameless: str


class ModelRecipe(Checked):
    """What is said of a model of any kind: its backbone, and what of it is trained.

    Without ``lora`` all weights are trained, or, with ``frozen_layers``, all but the embeddings
    and so many layers from the bottom up; then only what was trained is saved. ``quantization``
    reads the weights below an adapter in 4 bits, where they are not trained.
    ``backbone_dropout`` is that inside the backbone's layers; None leaves what it came with.
    """

    backbone: str = "smollm2-135m"
    origin: Literal["hub", "package"] | None = None
    layers: int | None = Field(None, ge=1)
    backbone_dropout: float | None = Field(None, ge=0, lt=1)
    quantization: Literal["nf4"] | None = None
    lora: LoraRecipe | None = Field(default_factory=LoraRecipe)
    frozen_layers: int | None = Field(None, ge=0)

    @model_validator(mode="after")
    def _one_way_to_train(self) -> Self:
        if self.lora is not None and self.frozen_layers is not None:
            raise ValueError("frozen_layers is for training without an adapter: give lora: null")
        if self.lora is None and self.quantization is not None:
            raise ValueError("quantization is for training an adapter: 4-bit weights learn nothing")
        return self


class TaggerRecipe(ModelRecipe):
    """A tagger; see `vaner.tagger.config.VanerConfig` for what each field is.

    With ``joint`` one pass finds all types, also where no corpus annotates them all: behind an O
    may stand whatever its corpus does not annotate. Let the instruction then name no corpus
    (``nameless: 1`` in the sources): a name tells the model which types nobody will check.

    The instruction ``corpus`` is for joint models: the corpus's name before sentences of a known
    corpus, whose annotation rules they then follow, and nothing before other text.

    ``casing`` tells a backbone whose tokenizer lowers all letters how each word is cased.
    ``shared_instruction`` lets the instruction see only itself, so that it is computed once for all
    sentences under it. ``dropout`` is that before the head.

    ``start`` is a saved tagger, whose weights the training begins with: an embedded name, a folder
    or a Hub id. What it was made by (backbone, adapter, head …) then need not be said, and must not
    be said otherwise; its instruction, its length and its dropout may be. Types that it does not
    find are learnt anew, and those that no source annotates are forgotten.
    """

    family: Literal["tagger"] = "tagger"
    start: str | None = None
    attention: Literal["bidirectional", "causal"] = "bidirectional"
    causal_layers: int = Field(0, ge=0)
    head: Literal["crf", "softmax"] = "crf"
    pooling: Literal["first", "last", "mean"] = "first"
    scheme: Literal["BIO", "BIOES"] = "BIO"
    joint: bool = False
    instruction: Literal["vaner", "compact", "corpus", "none"] | InstructionRecipe = "vaner"
    casing: bool = False
    shared_instruction: bool = False
    max_subwords: int = Field(256, ge=64)
    dropout: float = Field(0.1, ge=0, lt=1)

    def template(self) -> Instruction:
        if isinstance(self.instruction, str):
            return BY_NAME[self.instruction]
        return Instruction(self.instruction.named, self.instruction.nameless)

    @model_validator(mode="after")
    def _the_corpus_alone_is_for_joint_models(self) -> Self:
        if self.instruction == "corpus" and not self.joint:
            raise ValueError("instruction: corpus is for joint models, as it names no type")
        return self

    @model_validator(mode="before")
    @classmethod
    def _as_it_starts(cls, given: Any) -> Any:
        """Fill in what the model that it starts from was made by, which lies in its folder."""
        if not isinstance(given, dict) or not given.get("start"):
            return given
        from vaner.training.recipe.saved_tagger import made_by

        start = cls.model_validate(made_by(str(given["start"])))
        wanted = start.model_dump() | given
        for name in _BOUND & set(given):
            own = cls.model_validate(start.model_dump() | {name: given[name]})
            if getattr(own, name) != (theirs := getattr(start, name)):
                raise ValueError(f"{name} is {theirs} in what it starts from; leave it out")
        return wanted


# What the weights of a tagger were made for.
_BOUND = {
    "backbone", "origin", "layers", "lora", "frozen_layers", "attention", "causal_layers", "head",
    "pooling", "scheme", "joint", "casing", "shared_instruction",
}  # fmt: skip


class GeneratorRecipe(ModelRecipe):
    """A generator; see `vaner.generator.model.VanerGeneratorConfig`.

    ``instruction`` is ``full`` (how to answer and what the type means, as published) or
    ``compact`` (what the type means). ``loss`` is ``answer`` (every sub-word of it, as published)
    or ``decisions`` (where brackets might stand). The rest is as for a tagger.
    """

    family: Literal["generator"]
    instruction: Literal["full", "compact"] = "full"
    loss: Literal["answer", "decisions"] = "answer"
    max_subwords: int = Field(512, ge=128)


class SelectorRecipe(ModelRecipe):
    """A selector; see `vaner.selector.model.VanerSelectorConfig`.

    ``loss`` is ``contrastive`` (a mention is pulled to its type's anchor, wrong candidates are
    pushed away from it) or ``binary`` (right or wrong, each by itself, as published).
    ``instruction`` is ``compact`` (the type's name) or ``definition`` (what it means, too).
    Beside each mention so many wrong ``variants`` of it are read, drawn anew each epoch.
    ``width`` is that of the vectors compared, ``dropout`` that before the projection to them.
    """

    family: Literal["selector"]
    loss: Literal["contrastive", "binary"] = "contrastive"
    instruction: Literal["compact", "definition"] = "compact"
    variants: int = Field(4, ge=0)
    width: int = Field(128, ge=2)
    max_subwords: int = Field(256, ge=64)
    dropout: float = Field(0.1, ge=0, lt=1)


def _family(model: Any) -> str:
    known = model.get("family", "tagger") if isinstance(model, dict) else model.family
    return f"{str(known).capitalize()}Recipe"


# The tags hold the word Recipe, as the names of other branches do: see `recipe_file`.
AnyModel = Annotated[
    Annotated[TaggerRecipe, Tag("TaggerRecipe")]
    | Annotated[GeneratorRecipe, Tag("GeneratorRecipe")]
    | Annotated[SelectorRecipe, Tag("SelectorRecipe")],
    Discriminator(_family),
]
