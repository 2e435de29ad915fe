"""What a tagger was taught to find, and how it is asked for that: all that is left at use.

It is read off the stored configuration, with or without a deep-learning library.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vaner.tagger.instructions import ANY_TYPE, Instruction
from vaner.text.tags import TagScheme, TagSet


@dataclass(frozen=True, slots=True)
class TaggerPrompts:
    """How a tagger is asked.

    Args:
        types: entity types it was trained to find.
        scheme: of its tags.
        joint: whether one pass finds all types: the tags carry the type.
        datasets: for every training corpus named in instructions, the types it annotates.
        nameless: whether it was trained with the nameless instruction too.
        instruction: the two templates.
    """

    types: tuple[str, ...]
    scheme: TagScheme
    joint: bool
    datasets: Mapping[str, Sequence[str]]
    nameless: bool
    instruction: Instruction

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> TaggerPrompts:
        """Out of the fields of a `vaner.tagger.config.VanerConfig`, or of an older one's.

        Raises:
            VanerError: for a broken instruction.
            KeyError, TypeError, ValueError: where a field is missing or of another kind.
        """
        return cls(
            tuple(config["types"]), TagScheme(config["scheme"]), bool(config.get("joint", False)),
            {name: tuple(types) for name, types in config["datasets"].items()},
            bool(config.get("nameless", True)), Instruction(**config["instruction"]),
        )  # fmt: skip

    @property
    def tag_set(self) -> TagSet:
        """The tags the head scores; where the instruction names the type, the tags do not."""
        return TagSet(self.scheme, self.types if self.joint else ())

    def passes(self, types: Sequence[str], corpus: str | None) -> list[tuple[str, tuple[str, ...]]]:
        """The instructions to read a sentence under, each with the types that it finds.

        Args:
            types: types asked for.
            corpus: the corpus that the text is from, if that is known.
        """
        if self.joint:
            return [(self.instruction_for(None, corpus), tuple(types))]
        return [(self.instruction_for(type, corpus), (type,)) for type in types]

    def instruction_for(self, type: str | None, corpus: str | None) -> str:
        """The instruction for a pass: for one type, or for all of them if None."""
        return self.instruction.render(type or ANY_TYPE, self.corpus_for(type, corpus))

    def corpus_for(self, type: str | None, corpus: str | None) -> str | None:
        """The corpus name to put into the instruction for `type`, or for all types if None.

        The one asked for where the model knows it for this type; otherwise none if the model was
        trained without names too, else the first of its corpora that has the type.
        """
        known = [name for name, types in self.datasets.items() if type is None or type in types]
        if corpus in known:
            return corpus
        return None if self.nameless or not known else known[0]
