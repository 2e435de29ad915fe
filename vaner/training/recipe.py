"""The training recipe: a list of stages, each a mixture of sources, checked before anything runs.

A recipe is YAML; ``vaner train --schema`` prints its JSON schema for editors.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationError,
    field_validator,
    model_validator,
)

from vaner.errors import RecipeError
from vaner.instructions import BY_NAME, Instruction


class _Checked(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LoraRecipe(_Checked):
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


class InstructionRecipe(_Checked):
    """Templates of your own: ``named`` with {type} and {dataset}, ``nameless`` with {type}."""

    named: str
    nameless: str


class ModelRecipe(_Checked):
    """The model to be trained; see `vaner.modeling.config.VanerConfig` for what each field is.

    With ``joint`` one pass finds all types, also where no corpus annotates them all: behind an O
    may stand whatever its corpus does not annotate. Let the instruction then name no corpus
    (``nameless: 1`` in the sources): a name tells the model which types nobody will check.

    Without ``lora`` all weights are trained, or, with ``frozen_layers``, all but the embeddings
    and so many layers from the bottom up; then only what was trained is saved.

    ``dropout`` is that before the head; ``backbone_dropout`` that inside the backbone's layers,
    where None leaves what the backbone came with.
    """

    backbone: str = "smollm2-135m"
    origin: Literal["hub", "package"] | None = None
    layers: int | None = Field(None, ge=1)
    attention: Literal["bidirectional", "causal"] = "bidirectional"
    causal_layers: int = Field(0, ge=0)
    head: Literal["crf", "softmax"] = "crf"
    pooling: Literal["first", "last", "mean"] = "first"
    scheme: Literal["BIO", "BIOES"] = "BIO"
    joint: bool = False
    instruction: Literal["vaner", "compact", "none"] | InstructionRecipe = "vaner"
    max_subwords: int = Field(256, ge=64)
    dropout: float = Field(0.1, ge=0, lt=1)
    backbone_dropout: float | None = Field(None, ge=0, lt=1)
    quantization: Literal["nf4"] | None = None
    lora: LoraRecipe | None = Field(default_factory=LoraRecipe)
    frozen_layers: int | None = Field(None, ge=0)

    @model_validator(mode="after")
    def _one_way_to_train(self) -> Self:
        if self.lora is not None and self.frozen_layers is not None:
            raise ValueError("frozen_layers is for training without an adapter: give lora: null")
        return self

    def template(self) -> Instruction:
        if isinstance(self.instruction, str):
            return BY_NAME[self.instruction]
        return Instruction(self.instruction.named, self.instruction.nameless)


class CorpusSource(_Checked):
    """Sentences of a corpus: each type it annotates is a pass under its own instruction.

    ``nameless`` is the probability that a sentence is seen, in an epoch, under the instruction
    that names no corpus; with some of it the model serves text from anywhere.

    ``collapse`` takes all types of the corpus as one of that name. Sentences of the ``general``
    domain teach a head of their own and the backbone, never the biomedical head (GERBERA).

    Of the split the first ``limit`` documents are taken, and of those a ``share``, drawn by the
    seed: another seed learns from others.
    """

    corpus: str
    split: str = "train"
    types: list[str] | None = None
    collapse: str | None = None
    domain: Literal["biomedical", "general"] = "biomedical"
    nameless: float = Field(0.0, ge=0, le=1)
    limit: int | None = Field(None, ge=1)
    share: float = Field(1.0, gt=0, le=1)

    @field_validator("split")
    @classmethod
    def _no_test_split(cls, split: str) -> str:
        if "test" in split.casefold():
            raise ValueError("a test split is never trained on")
        return split


class DenseSource(_Checked):
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
    named: dict[str, str] = {}
    mode: Literal["list", "context", "both"] = "list"
    positives: int = Field(10, ge=1)
    negatives: int = Field(5, ge=0)
    share: float = Field(1.0, gt=0, le=1)
    exclude: list[str] = []
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


class DevSource(_Checked):
    """Held-out sentences that choose the model: never a test split."""

    corpus: str
    split: str = "devel"
    types: list[str] | None = None
    limit: int | None = Field(None, ge=1)


class StageRecipe(_Checked):
    """One round of training over one mixture of sources.

    ``sampling`` says how often each source is drawn: as often as it has examples, as often as any
    other (``balanced``), or in between (``temperature``: by size ** (1 / temperature)).
    ``steps``, if given, is the number of updates whatever the size of the mixture; else it
    follows from ``epochs``. So is ``evaluate_every`` in place of ``evaluations_per_epoch``.
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


class Recipe(_Checked):
    """A whole training run.

    No sentence is trained on that stands in a test split, whichever corpus it is from: those of
    the recipe's own corpora are read for that, and those of ``held_out``, corpora that the model
    will be scored on besides. How many sentences that took is told and kept.
    """

    name: str
    model: ModelRecipe = Field(default_factory=ModelRecipe)
    stages: list[StageRecipe] = Field(min_length=1)
    dev: list[DevSource] = Field(min_length=1)
    held_out: list[str] = []
    seeds: list[int] = Field(default=[1], min_length=1)
    precision: Literal["auto", "bf16", "fp32"] = "auto"
    report_to: list[str] = []


def read_recipe(path: str | Path) -> Recipe:
    """Read and check a recipe.

    Raises:
        RecipeError: naming the file, the line and the field that is wrong.
    """
    try:
        text = Path(path).read_text("utf-8")
        tree = yaml.compose(text, Loader=yaml.SafeLoader)
        content = yaml.safe_load(text)
    except OSError as error:
        raise RecipeError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise RecipeError(f"{path}: not UTF-8") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{path}:{mark.line + 1}" if mark else str(path)
        raise RecipeError(f"{place}: not YAML: {getattr(error, 'problem', error)}") from error
    if not isinstance(content, dict):
        raise RecipeError(f"{path}: a recipe is a mapping with name, stages and dev")
    try:
        recipe = Recipe.model_validate(content)
    except ValidationError as error:
        raise RecipeError(_told(error, tree, path)) from error
    for source in recipe.dev:
        if "test" in source.split.casefold():
            raise RecipeError(f"{path}: dev must not be a test split ({source.corpus})")
    return recipe


def _told(error: ValidationError, tree: yaml.Node | None, path: str | Path) -> str:
    """The first problem in one line, with the line of the file it stands on."""
    first = error.errors()[0]
    # A union adds the name of its branch to the place; the file has no such step.
    keys = [key for key in first["loc"] if isinstance(key, int) or "Recipe" not in key]
    line, known = _line(tree, keys)
    field = ".".join(str(key) for key in keys)
    message = first["msg"].lower()
    if first["type"] == "extra_forbidden":
        message = f"there is no such field{_meant(str(keys[-1]), keys[:-1])}"
    more = f" (and {len(error.errors()) - 1} more)" if len(error.errors()) > 1 else ""
    return f"{path}:{line}: {field if known or field else 'recipe'}: {message}{more}"


def _line(node: yaml.Node | None, keys: list[Any]) -> tuple[int, bool]:
    """Line of the deepest part of `keys` that stands in the file, counted from 1."""
    line = node.start_mark.line + 1 if node else 1
    for key in keys:
        found = None
        if isinstance(node, yaml.MappingNode):
            for name, value in node.value:
                if name.value == key:
                    found, line = value, name.start_mark.line + 1
        elif isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
            found = node.value[key]
            line = found.start_mark.line + 1
        if found is None:
            return line, False
        node = found
    return line, True


def _meant(name: str, place: list[Any]) -> str:
    """A field of like name, for a misspelt key."""
    from difflib import get_close_matches

    fields = set(Recipe.model_fields)
    for model in (
        ModelRecipe, LoraRecipe, StageRecipe, CorpusSource, DenseSource, DevSource,
    ):  # fmt: skip
        fields |= set(model.model_fields)
    close = get_close_matches(name, sorted(fields), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
