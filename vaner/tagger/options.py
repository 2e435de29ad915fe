"""The options of a tagger: the only declaration of the fields that say how it reads and tags.

Three places take their fields from `TaggerOptions`: the model part of a recipe, the model's stored
configuration, and the exported form. To add an option, declare it here and use it where it has its
effect, such as the encoder or the model.
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


# Marks of an option. A tagger that starts from the weights of a saved one must have its value of a
# fixed option. A tagger that is distilled from a saved one takes over its value of a copied option.
_FIXED = {"fixed": True}
_COPIED = {"copied": True}


@dataclass(kw_only=True)
class TaggerOptions:
    """How a tagger reads text and scores tags."""

    attention: Literal["bidirectional", "causal"] = field(
        default="bidirectional", metadata=_FIXED | _COPIED
    )
    """``bidirectional`` lifts the causal mask of a decoder; ``causal`` keeps it."""

    causal_layers: Annotated[int, Ge(0)] = field(default=0, metadata=_FIXED)
    """Number of layers of a bidirectional decoder, from the bottom, that keep the causal mask."""

    head: Head = field(default="crf", metadata=_FIXED | _COPIED)
    """``crf`` learns transitions; ``softmax`` scores each word separately. Both decode within the
    tag scheme."""

    pooling: Pooling = field(default="first", metadata=_FIXED | _COPIED)
    """Which subword vectors represent a word: the first, the last, or their mean."""

    scheme: Literal["BIO", "BIOES"] = field(default="BIO", metadata=_FIXED | _COPIED)
    """The tag scheme."""

    joint: bool = field(default=False, metadata=_FIXED | _COPIED)
    """Whether one pass finds all types. The tags then carry the type, and an instruction contains
    `vaner.tagger.instructions.ANY_TYPE` in place of a type."""

    casing: bool = field(default=False, metadata=_FIXED | _COPIED)
    """Whether the model gets the casing of each word, as an embedding that is added to those of
    the word's subwords. For tokenizers that lowercase all letters."""

    shared_instruction: bool = field(default=False, metadata=_FIXED | _COPIED)
    """Whether the instruction attends only to itself, while the sentence attends to both. The
    instruction is then computed once for all sentences of a batch."""

    max_subwords: Annotated[int, Ge(64)] = field(default=256, metadata=_COPIED)
    """Maximum number of subwords in a row, including the instruction. Longer sentences are read
    in overlapping windows."""

    dropout: Annotated[float, Ge(0), Lt(1)] = 0.1
    """Dropout before the classifier in training."""

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
        choices = _choices().get(name, ())
        if choices and value not in choices:
            raise ModelError(f"{name} is {value!r}; choose one of {', '.join(choices)}")
    return TaggerOptions(**values)


def fixed_options() -> frozenset[str]:
    """Return the names of the options that the weights of a tagger depend on."""
    return frozenset(f.name for f in fields(TaggerOptions) if f.metadata.get("fixed"))


def copied_options() -> frozenset[str]:
    """Return the names of the options that a student takes over from its teacher."""
    return frozenset(f.name for f in fields(TaggerOptions) if f.metadata.get("copied"))


@cache
def _choices() -> dict[str, tuple[str, ...]]:
    """Return the options that have a fixed list of values, with these values."""
    hints = get_type_hints(TaggerOptions)
    return {name: get_args(hint) for name, hint in hints.items() if get_origin(hint) is Literal}
