"""The instruction of a generator as a value: how to answer, and what each entity type means.

It is stored with the model, as the tagger's is; what a model was trained with cannot differ at
use. Templates and definitions are data, in ``definitions.toml``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from string import Formatter
from typing import Any, Literal

import regex

from vaner.errors import VanerError
from vaner.generator.answers import escape_heading

ENGLISH = "en"
Style = Literal["full", "compact"]
_HAN = regex.compile(r"\p{Han}")


@dataclass(frozen=True, slots=True)
class MarkupInstruction:
    r"""How to ask for entities of several types at once, or of one.

    Types stand in it as they stand in the answer: `vaner.generator.answers.escape_heading`.

    Args:
        listed: template with ``{types}``, for several types in one answer.
        single: template with ``{type}``, for one type an answer.
        entry: template with ``{type}`` and ``{definition}``, a type in either of the two.
        bare: template with ``{type}``, one that has no definition.
        definitions: pairs of a type and what it means, in one line.

    Raises:
        VanerError: for a template with other fields, or a type that is defined twice.

    >>> asks = MarkupInstruction("{types}: ", "{type}: ", "{type} ({definition})", "{type}",
    ...                          (("RNA", "ribonucleic acid"),))
    >>> asks.render(["RNA", "Gene"])
    'RNA (ribonucleic acid)\nGene: '
    >>> asks.render_one("Gene")
    'Gene: '
    """

    listed: str
    single: str
    entry: str
    bare: str
    definitions: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        for template, wanted in (
            (self.listed, {"types"}),
            (self.single, {"type"}),
            (self.entry, {"type", "definition"}),
            (self.bare, {"type"}),
        ):
            if _fields(template) != wanted:
                raise VanerError(
                    f"instruction template {template!r} must hold exactly the fields "
                    f"{', '.join('{' + name + '}' for name in sorted(wanted))}"
                )
        if len(dict(self.definitions)) < len(self.definitions):
            raise VanerError("an instruction defines a type twice")

    def render(self, types: Iterable[str]) -> str:
        """The words to put before a sentence in which all these types are looked for."""
        return self.listed.format(types="\n".join(map(self._entry, types)))

    def render_one(self, type: str) -> str:
        """The words to put before a sentence in which one type is looked for."""
        return self.single.format(type=self._entry(type))

    def _entry(self, type: str) -> str:
        definition = dict(self.definitions).get(type)
        if definition is None:
            return self.bare.format(type=escape_heading(type))
        return self.entry.format(type=escape_heading(type), definition=definition)

    def _templates(self) -> dict[str, str]:
        return {name: getattr(self, name) for name in _TEMPLATES}

    def restrict_to(self, types: Collection[str]) -> MarkupInstruction:
        """The same with the definitions of these types alone."""
        own = tuple(entry for entry in self.definitions if entry[0] in types)
        return replace(self, definitions=own)

    def to_dict(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return {**self._templates(), "definitions": dict(self.definitions)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> MarkupInstruction:
        """The instruction that `to_dict` was made of."""
        return _instruction({name: values[name] for name in _TEMPLATES}, values["definitions"])


_TEMPLATES = ("listed", "single", "entry", "bare")


def _instruction(templates: Mapping[str, str], definitions: Mapping[str, str]) -> MarkupInstruction:
    # A definition is one line: an entry is one.
    lines = tuple((type, " ".join(meaning.split())) for type, meaning in definitions.items())
    return MarkupInstruction(**templates, definitions=lines)


def _fields(template: str) -> set[str]:
    try:
        return {name for _, name, _, _ in Formatter().parse(template) if name is not None}
    except ValueError as error:
        raise VanerError(f"instruction template {template!r}: {error}") from error


def detect_language(corpus: str | None, type: str = "") -> str:
    """The language of a corpus: ``"zh"`` for the Chinese ones, otherwise ``"en"``.

    That of a corpus that is not known is told by the type that is asked for.

    >>> detect_language("CMeEE-V2"), detect_language("NCBI-disease"), detect_language(None)
    ('zh', 'en', 'en')
    """
    told = "zh" if _HAN.search(type) else ENGLISH
    language: str = _corpus(corpus).get("language", told)
    return language


def available_languages() -> tuple[str, ...]:
    """The languages there is an instruction in."""
    return tuple(_data()["templates"])


def build_instruction(
    corpus: str | None = None,
    language: str | None = None,
    *,
    style: Style = "full",
) -> MarkupInstruction:
    """The instruction for a corpus, or for text of no known corpus.

    Args:
        corpus: name of the corpus, with or without ``-V2``; its labels are then defined too.
        language: one of `available_languages`; None takes the corpus's own.
        style: ``full`` tells how to answer, as published; ``compact`` gives only what is looked
            for, which is enough for a model that is trained, and much shorter.

    Raises:
        VanerError: for a language without an instruction.

    >>> "protein: A protein" in build_instruction("GENIA").render(["protein", "my_type"])
    True
    >>> "bod：身体：" in build_instruction("CMeEE").render_one("bod")
    True
    """
    own = _corpus(corpus)
    language = language or detect_language(corpus)
    if language not in available_languages():
        known = ", ".join(available_languages())
        raise VanerError(f"there is no instruction in the language {language!r}, only in {known}")
    definitions = dict(_data()["definitions"][language])
    templates = dict(_data()["templates"][language])
    if style == "compact":
        templates |= _data()["compact"][language]
    for label, type in own.get("labels", {}).items():
        definitions[label] = templates["entry"].format(type=type, definition=definitions[type])
    if language == own.get("language"):
        definitions |= own.get("definitions", {})
    return _instruction(templates, definitions)


def _corpus(name: str | None) -> Mapping[str, Any]:
    """What is known of a corpus; a second version of one has the labels of the first."""
    key = _key(name or "").removesuffix("v2")
    for known, facts in _data()["corpora"].items():
        if _key(known) == key:
            return dict(facts)
    return {}


def _key(name: str) -> str:
    return "".join(filter(str.isalnum, name)).casefold()


@cache
def _data() -> Mapping[str, Any]:
    text = files("vaner.generator").joinpath("definitions.toml").read_text("utf-8")
    return tomllib.loads(text)
