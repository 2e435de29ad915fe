"""The options of loading a model and of annotating text, each declared in one place.

The command line, the HTTP server, cluster jobs and the spaCy component read the defaults, limits
and descriptions of these options from here.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from numbers import Integral, Real
from typing import Any, Literal, NamedTuple, get_args, get_origin, get_type_hints

from vaner.errors import ArgumentError, VanerError
from vaner.text.documents import Overlaps

DEFAULT_MODEL = "biomedical"
"""The embedded model that is used if none is named."""

Quantization = Literal["nf4"]
Dtype = Literal["fp32", "bf16"]
BF16_TOLERANCE = 0.05
"""How much the score of a mention may differ alone and in a batch, in bf16."""
Form = Literal["pytorch", "fp32", "int8"]
"""How a model is computed: by PyTorch, or exported, in full precision or with 8-bit numbers."""


def _describe(
    description: str, *, minimum: float | None = None, maximum: float | None = None
) -> dict[str, Any]:
    """Return the metadata of an option: its description, and its limits, which are inclusive."""
    return {"description": description, "minimum": minimum, "maximum": maximum}


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadOptions:
    """Options of `vaner.annotator.Annotator.from_pretrained`: which model, and how it runs.

    >>> LoadOptions(model="biomedical").as_arguments()["name_or_path"]
    'biomedical'
    """

    model: str | None = field(
        default=None,
        metadata=_describe(
            "Model: embedded name, folder or Hub id, also with a revision (me/name@v1). Default: "
            "the embedded model."
        ),
    )
    revision: str | None = field(
        default=None,
        metadata=_describe(
            "Branch, tag or commit of a model on the Hub. Default: its main branch."
        ),
    )
    selector: str | None = field(
        default=None,
        metadata=_describe(
            "Selector: folder or Hub id, also with a revision. It drops incorrect mentions and "
            "gives new scores to the others."
        ),
    )
    device: str = field(
        default="auto", metadata=_describe("Device: auto, cpu, cuda, cuda:1 or mps.")
    )
    batch_size: int = field(
        default=32, metadata=_describe("Number of sentences per batch.", minimum=1)
    )
    quantization: Quantization | None = field(
        default=None,
        metadata=_describe(
            "Load the backbone in 4 bits (NF4), for an adapter that was trained in this way."
        ),
    )
    dtype: Dtype | None = field(
        default=None,
        metadata=_describe(
            "Number format of the backbone: fp32, or bf16, which takes half of the memory. In it, "
            f"the score of a mention may differ by up to {BF16_TOLERANCE}, depending on the other "
            "sentences in its batch. Default: fp32."
        ),
    )
    form: Form | None = field(
        default=None,
        metadata=_describe(
            "Form of the model: pytorch, or exported as fp32 or int8, which is faster on a CPU. "
            "Default: on a CPU an exported form, if there is one."
        ),
    )

    @property
    def model_name(self) -> str:
        """The name of the model, with its revision, as written to output files."""
        name = self.model or DEFAULT_MODEL
        return f"{name}@{self.revision}" if self.revision else name

    def as_arguments(self) -> dict[str, Any]:
        """Return the options as keyword arguments of `Annotator.from_pretrained`."""
        return {
            "name_or_path": self.model,
            "revision": self.revision,
            "selector": self.selector,
            "device": self.device,
            "batch_size": self.batch_size,
            "quantization": self.quantization,
            "dtype": self.dtype,
            "form": self.form,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnotateOptions:
    """Options of `vaner.annotator.Annotator.annotate`: which mentions to return.

    >>> AnnotateOptions(min_score=0.5).as_arguments()["min_score"]
    0.5
    """

    types: tuple[str, ...] | None = field(
        default=None, metadata=_describe("Entity types to find. Default: all types of the model.")
    )
    corpus: str | None = field(
        default=None,
        metadata=_describe(
            "Name of a training corpus of the model, whose annotation guidelines it then follows."
        ),
    )
    overlaps: Overlaps = field(
        default="keep",
        metadata=_describe(
            "Overlapping mentions: keep all of them (keep), or only the most probable one, and the "
            "longest if the probabilities are equal (best)."
        ),
    )
    consistency: bool = field(
        default=True,
        metadata=_describe(
            "Give equal names in a document equal answers, and abbreviations the type of the long "
            "form that the document defines."
        ),
    )
    min_score: float | None = field(
        default=None,
        metadata=_describe(
            "Drop mentions with a lower score, from 0 to 1; 0 drops none. Default: the minimum "
            "score of each type that was chosen on the dev set, if there is one.",
            minimum=0,
            maximum=1,
        ),
    )
    min_precision: float | None = field(
        default=None,
        metadata=_describe(
            "Drop mentions below the lowest score threshold that reached this precision on the dev "
            "set; it replaces the minimum scores of the model. Requires a calibrated model.",
            minimum=0,
            maximum=1,
        ),
    )

    def as_arguments(self) -> dict[str, Any]:
        """Return the options as keyword arguments of `Annotator.annotate`."""
        return {
            "types": self.types,
            "corpus": self.corpus,
            "overlaps": self.overlaps,
            "consistency": self.consistency,
            "min_score": self.min_score,
            "min_precision": self.min_precision,
        }


def check_options(options: type[LoadOptions] | type[AnnotateOptions], **values: Any) -> None:
    """Check the values of options that a caller gives in Python.

    Args:
        options: the class that declares them.
        values: name -> value.

    Raises:
        ArgumentError: if a number, an integer or a bool is expected and another type is given.
        VanerError: if a value is outside its limits, or not one of the choices.

    >>> check_options(AnnotateOptions, min_score=0.5, overlaps="best")
    """
    hints = get_type_hints(options)
    for name, value in values.items():
        declared, hint = declaration(options, name), hints[name]
        if value is None and type(None) in get_args(hint):
            continue
        choices = _list_choices(hint)
        if choices and value not in choices:
            raise VanerError(f"{name} is {value!r}; choose {' or '.join(choices)}")
        if hint is bool and not isinstance(value, bool):
            raise ArgumentError(f"{name} is True or False, not {value!r}")
        if declared.minimum is None:
            continue
        is_integer = hint is int  # NumPy registers its numbers as well
        if not isinstance(value, Integral if is_integer else Real) or isinstance(value, bool):
            kind = "an integer" if is_integer else "a number"
            raise ArgumentError(f"{name} is {kind}, not {value!r}")
        number, maximum = float(value), declared.maximum
        is_too_high = maximum is not None and number > maximum
        if is_too_high or not number >= declared.minimum:  # NaN is neither
            limits = (
                f"at least {declared.minimum}"
                if maximum is None
                else (f"from {declared.minimum} to {maximum}")
            )
            raise VanerError(f"{name} is {value}; it must be {limits}")


def _list_choices(hint: Any) -> tuple[str, ...]:
    """Return the values of a `Literal`, which may be part of a union; empty for other types."""
    parts = (hint, *get_args(hint))
    return next((get_args(part) for part in parts if get_origin(part) is Literal), ())


class Declaration(NamedTuple):
    """What is declared of an option.

    Args:
        default: its value if none is given.
        description: what it does, in one or two sentences.
        minimum: the lowest value, inclusive; no limit if None.
        maximum: the highest value, inclusive; no limit if None.
    """

    default: Any
    description: str
    minimum: float | None
    maximum: float | None


def declaration(options: type[LoadOptions] | type[AnnotateOptions], name: str) -> Declaration:
    """Return what is declared of the option `name`.

    >>> declaration(AnnotateOptions, "min_score").maximum
    1
    """
    declared = next(field for field in fields(options) if field.name == name)
    return Declaration(declared.default, **declared.metadata)
