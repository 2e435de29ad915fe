"""The instruction as a value: what is put before a sentence to say which type to find.

It travels with the model; what a model was trained with cannot differ at use.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from string import Formatter

from vaner.errors import VanerError


@dataclass(frozen=True, slots=True)
class Instruction:
    """Two templates, one that names the corpus and one for text from no known corpus.

    Args:
        named: template with ``{type}`` and ``{dataset}``, or with ``{dataset}`` only: for heads
            that tag every type in one pass.
        nameless: template with ``{type}`` only; empty where `named` has no ``{type}``.

    >>> VANER.render("Disease", "ncbi")
    'If any Disease entity is mentioned in the ncbi input, extract it. ##input: '
    """

    named: str
    nameless: str

    def __post_init__(self) -> None:
        if not self.nameless and _fields(self.named) == {"dataset"}:
            return
        for template, wanted in ((self.named, {"type", "dataset"}), (self.nameless, {"type"})):
            if template and _fields(template) != wanted:
                raise VanerError(
                    f"instruction template {template!r} must hold exactly the fields "
                    f"{', '.join('{' + name + '}' for name in sorted(wanted))}"
                )

    def render(self, type: str, corpus: str | None = None) -> str:
        """The words to put before a sentence."""
        if corpus is None:
            return self.nameless.format(type=type)
        return self.named.format(type=type, dataset=corpus)

    def to_dict(self) -> dict[str, str]:
        return asdict(self)


def _fields(template: str) -> set[str]:
    try:
        return {name for _, name, _, _ in Formatter().parse(template) if name is not None}
    except ValueError as error:
        raise VanerError(f"instruction template {template!r}: {error}") from error


# As published (arXiv 2404.17835); the nameless form is VANER_adapt's.
VANER = Instruction(
    named="If any {type} entity is mentioned in the {dataset} input, extract it. ##input: ",
    nameless="If any {type} entity is mentioned in the input, extract it. ##input: ",
)

# The same two facts in far fewer sub-words, which every sentence pays for.
COMPACT = Instruction(named="{type} in {dataset}: ", nameless="{type}: ")

# The corpus alone: for heads that tag every type in one pass. Text of no known corpus gets none.
CORPUS = Instruction(named="{dataset}: ", nameless="")

# No instruction at all: for heads that tag every type in one pass.
EMPTY = Instruction(named="", nameless="")

# What stands in the place of the type where one pass finds them all.
ANY_TYPE = "entity"

BY_NAME = {"vaner": VANER, "compact": COMPACT, "corpus": CORPUS, "none": EMPTY}
