"""Everything about a trained model that is not a weight, stored with it and checked at load."""

from __future__ import annotations

from typing import Any, Literal, get_args

from transformers import AutoConfig

from vaner.backbones.config import BackboneModelConfig, check_choice
from vaner.tagger.instructions import VANER, Instruction
from vaner.tagger.prompts import TaggerPrompts
from vaner.text.tags import TagScheme, TagSet

Head = Literal["crf", "softmax"]
Pooling = Literal["first", "last", "mean"]


class VanerConfig(BackboneModelConfig):
    """Configuration of a `VanerForTokenClassification`.

    Args:
        head: ``crf`` learns transitions; ``softmax`` scores each word alone (its decoding still
            keeps to the tag scheme).
        pooling: which sub-words stand for their word: the first, the last or their mean.
        scheme: ``BIO`` or ``BIOES``.
        joint: whether one pass finds all types: the tags carry the type, and the instruction, if
            there is one, says `vaner.tagger.instructions.ANY_TYPE` in its place.
        general_head: whether there is a second head, for examples of the general domain in
            training only (GERBERA, arXiv 2406.10671); it is saved and never asked.
        datasets: for every training corpus named in instructions, the types it annotates.
        nameless: whether it was trained with the nameless instruction too, as wanted for text
            from no known corpus.
        instruction: the two templates, see `vaner.tagger.instructions.Instruction`.
        casing: whether the backbone is told how each word is cased, by an embedding of its own
            that is added to those of the word's sub-words: for tokenizers that lower all letters.
        shared_instruction: the instruction sees only itself, and the sentence sees both: what is
            computed of an instruction then serves every sentence under it.
        dropout: dropout before the classifier in training.
        kwargs: fields of `BackboneModelConfig`; there is an instruction for each of its ``types``.
    """

    model_type = "vaner"
    model_module = "vaner.tagger.model"

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
        check_choice("scheme", scheme, tuple(TagScheme))
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
        tags = TagSet(TagScheme(scheme), types if joint else ()).tags
        kwargs["id2label"] = dict(enumerate(tags))
        kwargs["label2id"] = {tag: i for i, tag in enumerate(tags)}
        super().__init__(**kwargs)

    @property
    def prompts(self) -> TaggerPrompts:
        """What the model was taught to find, and how it is asked."""
        return TaggerPrompts(
            tuple(self.types), TagScheme(self.scheme), self.joint, self.datasets, self.nameless,
            self.instruction_template,
        )  # fmt: skip

    @property
    def tag_set(self) -> TagSet:
        """The tags the head scores; where the instruction names the type, the tags do not."""
        return self.prompts.tag_set

    @property
    def instruction_template(self) -> Instruction:
        """The two templates."""
        return Instruction(**self.instruction)

    def check(self) -> None:
        """Refuse a broken instruction now and not at the first text."""
        _ = self.instruction_template


AutoConfig.register(VanerConfig.model_type, VanerConfig)
