"""Instructions of the generator: how to answer, and a definition of each entity type.

The instruction is stored with the model, so training and inference use the same one. Templates and
definitions are in ``definitions.toml``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import regex

from vaner.errors import VanerError
from vaner.generator.answers import escape_heading
from vaner.utils.templates import list_fields

ENGLISH = "en"
Style = Literal["full", "compact"]
_HAN = regex.compile(r"\p{Han}")


@dataclass(frozen=True, slots=True)
class MarkupInstruction:
    r"""Templates of prompts that request entities of several types or of one type.

    Types are escaped as in the answer, see `vaner.generator.answers.escape_heading`.

    Args:
        listed: Template with ``{types}``, for several types in one answer.
        single: Template with ``{type}``, for one type per answer.
        entry: Template with ``{type}`` and ``{definition}``, for a type in one of the above.
        bare: Template with ``{type}``, for a type without a definition.
        definitions: Pairs of a type and its definition, which is one line.

    Raises:
        VanerError: If a template has other fields, or a type is defined twice.

    >>> instruction = MarkupInstruction("{types}: ", "{type}: ", "{type} ({definition})", "{type}",
    ...                                 (("RNA", "ribonucleic acid"),))
    >>> instruction.render(["RNA", "Gene"])
    'RNA (ribonucleic acid)\nGene: '
    >>> instruction.render_one("Gene")
    'Gene: '
    """

    listed: str
    single: str
    entry: str
    bare: str
    definitions: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        for template, fields in (
            (self.listed, {"types"}),
            (self.single, {"type"}),
            (self.entry, {"type", "definition"}),
            (self.bare, {"type"}),
        ):
            if list_fields(template) != fields:
                raise VanerError(
                    f"instruction template {template!r} must contain exactly the fields "
                    f"{', '.join('{' + name + '}' for name in sorted(fields))}"
                )
        if len(dict(self.definitions)) < len(self.definitions):
            raise VanerError("an instruction defines a type twice")

    def render(self, types: Iterable[str]) -> str:
        """Return the instruction that requests these types."""
        return self.listed.format(types="\n".join(map(self._entry, types)))

    def render_one(self, type: str) -> str:
        """Return the instruction that requests one type."""
        return self.single.format(type=self._entry(type))

    def _entry(self, type: str) -> str:
        definition = dict(self.definitions).get(type)
        if definition is None:
            return self.bare.format(type=escape_heading(type))
        return self.entry.format(type=escape_heading(type), definition=definition)

    def _templates(self) -> dict[str, str]:
        return {name: getattr(self, name) for name in _TEMPLATES}

    def restrict_to(self, types: Collection[str]) -> MarkupInstruction:
        """Return the instruction with the definitions of these types only."""
        definitions = tuple(entry for entry in self.definitions if entry[0] in types)
        return replace(self, definitions=definitions)

    def to_dict(self) -> dict[str, Any]:
        """Return the instruction as a JSON-serializable dictionary."""
        return {**self._templates(), "definitions": dict(self.definitions)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> MarkupInstruction:
        """Return the instruction from the dictionary of `to_dict`."""
        return _make({name: values[name] for name in _TEMPLATES}, values["definitions"])


_TEMPLATES = ("listed", "single", "entry", "bare")


def _make(templates: Mapping[str, str], definitions: Mapping[str, str]) -> MarkupInstruction:
    # Each entry of the list of types must be one line.
    lines = tuple((type, " ".join(text.split())) for type, text in definitions.items())
    return MarkupInstruction(**templates, definitions=lines)


def detect_language(corpus: str | None, type: str = "") -> str:
    """Return the language of a corpus: ``"zh"`` for the Chinese corpora, otherwise ``"en"``.

    The language of an unknown corpus is that of the type's name.

    Args:
        corpus: Name of the corpus; None for text of no known corpus.
        type: Requested entity type.

    >>> detect_language("CMeEE-V2"), detect_language("NCBI-disease"), detect_language(None)
    ('zh', 'en', 'en')
    """
    default = "zh" if _HAN.search(type) else ENGLISH
    language: str = _corpus_settings(corpus).get("language", default)
    return language


def available_languages() -> tuple[str, ...]:
    """Return the languages that have an instruction."""
    return tuple(_data()["templates"])


def build_instruction(
    corpus: str | None = None,
    language: str | None = None,
    *,
    style: Style = "full",
) -> MarkupInstruction:
    """Return the instruction for a corpus, or for text of no known corpus.

    Args:
        corpus: Name of the corpus, with or without ``-V2``. Its labels are then defined as well.
        language: A language of `available_languages`; None uses that of the corpus.
        style: ``full`` includes the rules of the answer, as published. ``compact`` only names the
            types, which is much shorter and sufficient for a trained model.

    Raises:
        VanerError: If the language has no instruction.

    >>> "protein: A protein" in build_instruction("GENIA").render(["protein", "my_type"])
    True
    >>> "bod：身体：" in build_instruction("CMeEE").render_one("bod")
    True
    """
    settings = _corpus_settings(corpus)
    language = language or detect_language(corpus)
    if language not in available_languages():
        known = ", ".join(available_languages())
        raise VanerError(f"no instruction in the language {language!r}; available: {known}")
    definitions = dict(_data()["definitions"][language])
    templates = dict(_data()["templates"][language])
    if style == "compact":
        templates |= _data()["compact"][language]
    for label, type in settings.get("labels", {}).items():
        definitions[label] = templates["entry"].format(type=type, definition=definitions[type])
    if language == settings.get("language"):
        definitions |= settings.get("definitions", {})
    return _make(templates, definitions)


def _corpus_settings(name: str | None) -> Mapping[str, Any]:
    """Return the settings of a corpus; version 2 of a corpus has the labels of version 1."""
    key = _normalize(name or "").removesuffix("v2")
    for corpus, settings in _data()["corpora"].items():
        if _normalize(corpus) == key:
            return dict(settings)
    return {}


def _normalize(name: str) -> str:
    return "".join(filter(str.isalnum, name)).casefold()


@cache
def _data() -> Mapping[str, Any]:
    text = files("vaner.generator").joinpath("definitions.toml").read_text("utf-8")
    return tomllib.loads(text)
