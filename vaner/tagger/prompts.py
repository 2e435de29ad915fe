"""What a tagger finds, and the instructions for it: all of its configuration that inference needs.

This module needs no deep-learning library: an exported model uses it too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vaner.backbones.stored_config import with_current_names
from vaner.tagger.instructions import ANY_TYPE, Instruction
from vaner.text.tags import TagScheme, TagSet


@dataclass(frozen=True, slots=True)
class TaggerPrompts:
    """The entity types of a tagger and the instructions for them.

    Attributes:
        types: entity types it was trained to find.
        scheme: tag scheme.
        joint: whether one pass finds all types. The tags then carry the type.
        corpora: training corpora that instructions may name -> the types each annotates.
        nameless: whether it was also trained with the instruction that names no corpus.
        instruction: the two templates.
    """

    types: tuple[str, ...]
    scheme: TagScheme
    joint: bool
    corpora: Mapping[str, Sequence[str]]
    nameless: bool
    instruction: Instruction

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> TaggerPrompts:
        """Read the prompts from the fields of a stored `vaner.tagger.config.VanerConfig`.

        Raises:
            VanerError: if the instruction is invalid.
            KeyError, TypeError, ValueError: if a field is missing or has another type.
        """
        config = with_current_names(config)
        return cls(
            types=tuple(config["types"]),
            scheme=TagScheme(config["scheme"]),
            joint=bool(config.get("joint", False)),
            corpora={name: tuple(types) for name, types in config["corpora"].items()},
            nameless=bool(config.get("nameless", True)),
            instruction=Instruction(**config["instruction"]),
        )

    @property
    def tag_set(self) -> TagSet:
        """The tags that the head scores. They carry a type only if the model is joint."""
        return TagSet(self.scheme, self.types if self.joint else ())

    def passes(self, types: Sequence[str], corpus: str | None) -> list[tuple[str, tuple[str, ...]]]:
        """Return the instructions to read a sentence under, each with the types it finds.

        Args:
            types: the entity types to find.
            corpus: name of the corpus that the text is from, if it is known.
        """
        if self.joint:
            return [(self.instruction_for(None, corpus), tuple(types))]
        return [(self.instruction_for(type, corpus), (type,)) for type in types]

    def instruction_for(self, type: str | None, corpus: str | None) -> str:
        """Return the rendered instruction for one type, or for all types if `type` is None."""
        return self.instruction.render(type or ANY_TYPE, self.corpus_for(type, corpus))

    def corpus_for(self, type: str | None, corpus: str | None) -> str | None:
        """Return the corpus name for the instruction.

        This is `corpus` if the model was trained on it with this type. For other text it is None
        if the model knows the instruction without a name, else the first corpus with the type.

        Args:
            type: the entity type to find. None: all types.
            corpus: name of the corpus that the text is from, if it is known.
        """
        known = [name for name, types in self.corpora.items() if type is None or type in types]
        if corpus in known:
            return corpus
        return None if self.nameless or not known else known[0]
