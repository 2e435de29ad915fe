"""Everything about a trained model that is not a weight, stored with it and checked at load."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any, ClassVar, Literal, get_args

from transformers import AutoConfig, PreTrainedConfig

from vaner.asking import Asking
from vaner.errors import ModelError
from vaner.instructions import VANER, Instruction
from vaner.tagging import Scheme, TagSet

Attention = Literal["bidirectional", "causal"]
Head = Literal["crf", "softmax"]
Pooling = Literal["first", "last", "mean"]


class OnBackboneConfig(PreTrainedConfig):
    """What every model of ours has: a backbone, and what it was taught to find.

    Args:
        backbone: embedded name, local folder or Hub id the weights below the head came from.
        backbone_origin: where that name was found (``folder``, ``hub``, ``package``). An embedded
            name has slightly different weights on the Hub (bf16) and in the package (4-bit, read
            as fp32); a trained head belongs to the one it was trained on.
        backbone_config: configuration of the backbone itself, as a config or its dict.
        attention: ``bidirectional`` lifts a decoder's causal mask; ``causal`` keeps it.
        causal_layers: of a bidirectional decoder the first so many layers keep the causal mask.
        frozen_layers: without an adapter, the embeddings and so many layers stay the backbone's
            own, and only the others are saved; None if all weights are trained and saved.
        types: entity types the model was trained on.
        max_subwords: most sub-words in a row, instruction included; longer sentences are read in
            overlapping windows.

    Attributes:
        model_module: where the model is, which must be known to `AutoModel` and its like once
            there is a config of it, without being imported by its name.
    """

    model_module: ClassVar[str] = ""
    sub_configs = {"backbone_config": AutoConfig}  # noqa: RUF012 - as transformers has it
    has_no_defaults_at_init = True

    def __init__(
        self,
        *,
        backbone: str = "",
        backbone_origin: str = "",
        backbone_config: PreTrainedConfig | dict[str, Any] | None = None,
        attention: Attention = "bidirectional",
        causal_layers: int = 0,
        frozen_layers: int | None = None,
        types: tuple[str, ...] | list[str] = (),
        max_subwords: int = 256,
        **kwargs: Any,
    ) -> None:
        check_choice("attention", attention, get_args(Attention))
        if self.model_module:
            import_module(self.model_module)
        if isinstance(backbone_config, dict):
            backbone_config = AutoConfig.for_model(**backbone_config)
        self.backbone = backbone
        self.backbone_origin = backbone_origin
        self.backbone_config = backbone_config
        self.attention = attention
        self.causal_layers = causal_layers
        self.frozen_layers = frozen_layers
        self.types = list(types)
        self.max_subwords = max_subwords
        super().__init__(**kwargs)

    @property
    def own_backbone(self) -> PreTrainedConfig:
        """The backbone's configuration; every model has one, an empty config has not."""
        if self.backbone_config is None:
            raise ModelError("the config names no backbone_config")
        return self.backbone_config

    @property
    def hidden_size(self) -> int:
        """Width of the backbone's vectors."""
        width: int = self.own_backbone.get_text_config().hidden_size
        return width

    def check(self) -> None:
        """Refuse a stored value that would only be noticed at the first text.

        Raises:
            VanerError: for one.
        """


class VanerConfig(OnBackboneConfig):
    """Configuration of a `VanerForTokenClassification`.

    Args:
        head: ``crf`` learns transitions; ``softmax`` scores each word alone (its decoding still
            keeps to the tag scheme).
        pooling: which sub-words stand for their word: the first, the last or their mean.
        scheme: ``BIO`` or ``BIOES``.
        joint: whether one pass finds all types: the tags carry the type, and the instruction, if
            there is one, says `vaner.instructions.ANY_TYPE` in its place.
        general_head: whether there is a second head, for examples of the general domain in
            training only (GERBERA, arXiv 2406.10671); it is saved and never asked.
        datasets: for every training corpus named in instructions, the types it annotates.
        nameless: whether it was trained with the nameless instruction too, as wanted for text
            from no known corpus.
        instruction: the two templates, see `vaner.instructions.Instruction`.
        casing: whether the backbone is told how each word is cased, by an embedding of its own
            that is added to those of the word's sub-words: for tokenizers that lower all letters.
        shared_instruction: the instruction sees only itself, and the sentence sees both: what is
            computed of an instruction then serves every sentence under it.
        dropout: dropout before the classifier in training.
        kwargs: fields of `OnBackboneConfig`; there is an instruction for each of its ``types``.
    """

    model_type = "vaner"
    model_module = "vaner.modeling.tagger"

    def __init__(
        self,
        *,
        head: Head = "crf",
        pooling: Pooling = "first",
        scheme: str = "BIO",
        joint: bool = False,
        general_head: bool = False,
        datasets: dict[str, list[str]] | None = None,
        nameless: bool = True,
        instruction: dict[str, str] | None = None,
        casing: bool = False,
        shared_instruction: bool = False,
        dropout: float = 0.1,
        **kwargs: Any,
    ) -> None:
        check_choice("head", head, get_args(Head))
        check_choice("pooling", pooling, get_args(Pooling))
        check_choice("scheme", scheme, tuple(Scheme))
        self.head = head
        self.pooling = pooling
        self.scheme = str(scheme)
        self.joint = joint
        self.general_head = general_head
        self.datasets = {name: list(found) for name, found in (datasets or {}).items()}
        self.nameless = nameless
        self.instruction = dict(instruction or VANER.to_dict())
        self.casing = casing
        self.shared_instruction = shared_instruction
        self.dropout = dropout
        types = tuple(kwargs.get("types", ()))
        tags = TagSet(Scheme(scheme), types if joint else ()).tags
        kwargs["id2label"] = dict(enumerate(tags))
        kwargs["label2id"] = {tag: i for i, tag in enumerate(tags)}
        super().__init__(**kwargs)

    @property
    def asking(self) -> Asking:
        """What the model was taught to find, and how it is asked."""
        return Asking(
            tuple(self.types), Scheme(self.scheme), self.joint, self.datasets, self.nameless,
            self.instruction_template,
        )  # fmt: skip

    @property
    def tag_set(self) -> TagSet:
        """The tags the head scores; where the instruction names the type, the tags do not."""
        return self.asking.tag_set

    @property
    def instruction_template(self) -> Instruction:
        """The two templates."""
        return Instruction(**self.instruction)

    def check(self) -> None:
        """Refuse a broken instruction now and not at the first text."""
        _ = self.instruction_template


def check_choice(name: str, value: str, choices: Sequence[str]) -> None:
    """Refuse a value of a field that is none of those it can have."""
    if value not in choices:
        raise ModelError(f"{name} is {value!r}; choose one of {', '.join(choices)}")


AutoConfig.register(VanerConfig.model_type, VanerConfig)
