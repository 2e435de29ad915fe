"""The options of a tagger: the only declaration of the fields that say how it reads and tags.

The model part of a recipe, the stored configuration and the exported form all take their fields
from `TaggerOptions`. To add an option, declare it here, and use it where it has its effect: the
encoder, the batches or the model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from annotated_types import Ge, Lt

from vaner.backbones.encoding import Encoder
from vaner.errors import ModelError

Head = Literal["crf", "softmax"]
Pooling = Literal["first", "last", "mean"]

FIXED_BY_WEIGHTS = "fixed by weights"
"""Mark of an option, in `Annotated`, that saved weights depend on: a tagger whose training starts
from them must have the same value."""


def _describe(description: str) -> dict[str, str]:
    """Return the metadata of an option, for the schema and the reference of recipes."""
    return {"description": description}


@dataclass(kw_only=True)
class TaggerOptions:
    """How a tagger reads text and scores tags.

    >>> TaggerOptions(head="softmax").get_options()["head"]
    'softmax'
    """

    attention: Annotated[Literal["bidirectional", "causal"], FIXED_BY_WEIGHTS] = field(
        default="bidirectional",
        metadata=_describe(
            "Whether a decoder backbone's causal mask is lifted (bidirectional) or used (causal)."
        ),
    )
    causal_layers: Annotated[int, Ge(0), FIXED_BY_WEIGHTS] = field(
        default=0,
        metadata=_describe("Number of layers from the bottom up that keep the causal mask."),
    )
    head: Annotated[Head, FIXED_BY_WEIGHTS] = field(
        default="crf",
        metadata=_describe(
            "Whether transitions between tags are learned (crf), or each word is scored separately "
            "(softmax). Both decode within the tag scheme."
        ),
    )
    pooling: Annotated[Pooling, FIXED_BY_WEIGHTS] = field(
        default="first",
        metadata=_describe("Which subwords represent their word: the first, the last or the mean."),
    )
    scheme: Annotated[Literal["BIO", "BIOES"], FIXED_BY_WEIGHTS] = field(
        default="BIO", metadata=_describe("Tag scheme.")
    )
    joint: Annotated[bool, FIXED_BY_WEIGHTS] = field(
        default=False,
        metadata=_describe(
            "Find all types in one pass, even if no single corpus annotates all of them.\n\n"
            "A word tagged O in a corpus may then be of any type that the corpus does not "
            "annotate. Set ``nameless_fraction: 1`` in the sources, or use the instruction "
            "``corpus``: an instruction that names the corpus shows the model which types never "
            "occur."
        ),
    )
    casing: Annotated[bool, FIXED_BY_WEIGHTS] = field(
        default=False,
        metadata=_describe(
            "Add an embedding of each word's casing, for backbones whose tokenizer lowercases."
        ),
    )
    shared_instruction: Annotated[bool, FIXED_BY_WEIGHTS] = field(
        default=False,
        metadata=_describe(
            "Let the instruction attend to itself only, so that it is computed once for all "
            "sentences."
        ),
    )
    max_subwords: Annotated[int, Ge(64)] = field(
        default=256,
        metadata=_describe(
            "Length of a window with its instruction; longer sentences are split into windows."
        ),
    )
    dropout: Annotated[float, Ge(0), Lt(1)] = field(
        default=0.1, metadata=_describe("Dropout before the head.")
    )

    def get_options(self) -> dict[str, Any]:
        """Return the options by name, also of a subclass with more fields."""
        return {option.name: getattr(self, option.name) for option in fields(TaggerOptions)}

    def build_encoder(self, folder: Path) -> Encoder:
        """Return the encoder of a tagger with these options.

        Args:
            folder: folder with the ``tokenizer.json``.

        Raises:
            ModelError: if the file is missing or broken.
        """
        return Encoder.from_folder(folder, self.max_subwords, casing=self.casing)


def read_options(content: Mapping[str, Any]) -> TaggerOptions:
    """Return the options in a stored configuration. Other fields are ignored.

    Raises:
        ModelError: if an option has a value that is none of its choices.

    >>> read_options({"head": "softmax", "types": ["Disease"]}).head
    'softmax'
    """
    names = [option.name for option in fields(TaggerOptions)]
    values = {name: content[name] for name in names if name in content}
    for name, value in values.items():
        if expected := _find_problem(name, value):
            raise ModelError(f"{name} is {value!r}; {expected}")
    return TaggerOptions(**values)


def _find_problem(name: str, value: object) -> str | None:
    """Return what the value of an option must be, or None if it is that."""
    hint = _hints()[name]
    if choices := _choices().get(name, ()):
        return None if value in choices else f"choose one of {', '.join(choices)}"
    kind, *marks = get_args(hint) if get_origin(hint) is Annotated else (hint,)
    if kind is bool:
        return None if isinstance(value, bool) else "it must be true or false"
    if isinstance(value, bool) or not isinstance(value, int if kind is int else (int, float)):
        return "it must be an integer" if kind is int else "it must be a number"
    minimum: Any = next((mark.ge for mark in marks if isinstance(mark, Ge)), None)
    limit: Any = next((mark.lt for mark in marks if isinstance(mark, Lt)), None)
    is_valid = (minimum is None or value >= minimum) and (limit is None or value < limit)
    below = f" and below {limit}" if limit is not None else ""
    return None if is_valid else f"it must be at least {minimum}{below}"


@cache
def _hints() -> dict[str, Any]:
    return get_type_hints(TaggerOptions, include_extras=True)


@cache
def _choices() -> dict[str, tuple[str, ...]]:
    """Return the options that have a fixed list of values, with these values."""
    hints = get_type_hints(TaggerOptions)
    return {name: get_args(hint) for name, hint in hints.items() if get_origin(hint) is Literal}
