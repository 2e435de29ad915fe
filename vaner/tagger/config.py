"""The stored configuration of a tagger: everything about a trained model that is not a weight."""

from __future__ import annotations

from typing import Any

from transformers import AutoConfig

from vaner.backbones.config import BackboneModelConfig
from vaner.tagger.instructions import VANER, Instruction
from vaner.tagger.options import TaggerOptions, read_options
from vaner.tagger.prompts import TaggerPrompts
from vaner.text.tags import TagScheme, TagSet


class VanerConfig(BackboneModelConfig, TaggerOptions):
    """Configuration of a `VanerForTokenClassification`.

    Args:
        types: entity types that the model was trained on, one instruction for each.
        general_head: whether there is a second head for the general-domain examples of training
            (GERBERA, arXiv 2406.10671). It is saved, but not used for prediction.
        nameless: whether the model was also trained with the instruction that names no corpus. It
            is then used for text from an unknown corpus.
        instruction: the two templates, see `vaner.tagger.instructions.Instruction`.
        kwargs: fields of `vaner.tagger.options.TaggerOptions` and of
            `vaner.backbones.config.BackboneModelConfig`.

    Raises:
        ModelError: if a field has a value that is none of its choices.
    """

    model_type = "vaner"
    model_module = "vaner.tagger.model"

    def __init__(
        self,
        *,
        types: tuple[str, ...] | list[str] = (),
        general_head: bool = False,
        nameless: bool = True,
        instruction: dict[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        options = read_options(kwargs).get_options()
        for name, value in options.items():
            setattr(self, name, value)
        self.general_head = general_head
        self.nameless = nameless
        self.instruction = dict(instruction or VANER.to_dict())
        tags = TagSet(TagScheme(self.scheme), tuple(types) if self.joint else ()).tags
        labels = {
            "id2label": dict(enumerate(tags)),
            "label2id": {tag: i for i, tag in enumerate(tags)},
        }
        super().__init__(types=types, **{**kwargs, **options, **labels})

    @property
    def prompts(self) -> TaggerPrompts:
        """The types the model finds, and the instructions for them."""
        return TaggerPrompts(
            types=tuple(self.types),
            scheme=TagScheme(self.scheme),
            joint=self.joint,
            corpora=self.corpora,
            nameless=self.nameless,
            instruction=self.instruction_template,
        )

    @property
    def tag_set(self) -> TagSet:
        """The tags that the head scores. They carry a type only if the model is joint."""
        return self.prompts.tag_set

    @property
    def instruction_template(self) -> Instruction:
        """The two templates.

        Raises:
            VanerError: if a template has other fields than it must have.
        """
        return Instruction(**self.instruction)

    def check(self) -> None:
        """Check the stored instruction at load, rather than at the first text."""
        _ = self.instruction_template


AutoConfig.register(VanerConfig.model_type, VanerConfig)
