"""The instruction: the words before a sentence that say which entity type to find.

The templates are stored with the model, so that inference uses those of training.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from vaner.errors import VanerError
from vaner.utils.templates import list_fields


@dataclass(frozen=True, slots=True)
class Instruction:
    """Two templates: one that names the corpus, and one for text from an unknown corpus.

    Attributes:
        named: template with ``{type}`` and ``{dataset}``, where the corpus's name is inserted; or
            with ``{dataset}`` only, for joint models.
        nameless: template with ``{type}`` only. Empty if `named` has no ``{type}``.

    Raises:
        VanerError: if a template is not a string, or has other fields.

    >>> VANER.render("Disease", "ncbi")
    'If any Disease entity is mentioned in the ncbi input, extract it. ##input: '
    """

    named: str
    nameless: str

    def __post_init__(self) -> None:
        for template in (self.named, self.nameless):  # a damaged file may contain anything
            if not isinstance(template, str):
                raise VanerError(f"instruction template {template!r:.80} is not a string")
        if not self.nameless and list_fields(self.named) == {"dataset"}:
            return
        for template, expected in ((self.named, {"type", "dataset"}), (self.nameless, {"type"})):
            if template and list_fields(template) != expected:
                raise VanerError(
                    f"instruction template {template!r} must have exactly the fields "
                    f"{', '.join('{' + name + '}' for name in sorted(expected))}"
                )

    def render(self, type: str, corpus: str | None = None) -> str:
        """Return the words to put before a sentence.

        Args:
            type: entity type to find.
            corpus: name of the corpus that the sentence is from, if it is known.
        """
        if corpus is None:
            return self.nameless.format(type=type)
        return self.named.format(type=type, dataset=corpus)

    def to_dict(self) -> dict[str, str]:
        """Return the templates by name."""
        return asdict(self)


# As published (arXiv 2404.17835); the form without a name is that of VANER_adapt.
VANER = Instruction(
    named="If any {type} entity is mentioned in the {dataset} input, extract it. ##input: ",
    nameless="If any {type} entity is mentioned in the input, extract it. ##input: ",
)

# The same information in far fewer subwords, which are a cost of every sentence.
COMPACT = Instruction(named="{type} in {dataset}: ", nameless="{type}: ")

# Only the corpus's name, for joint models. Text from an unknown corpus gets no instruction.
CORPUS = Instruction(named="{dataset}: ", nameless="")

# No instruction, for joint models.
EMPTY = Instruction(named="", nameless="")

# Replaces the type in the instruction of a joint model.
ANY_TYPE = "entity"

BY_NAME = {"vaner": VANER, "compact": COMPACT, "corpus": CORPUS, "none": EMPTY}
