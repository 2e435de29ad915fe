"""Rules for the spellings of a name that match in text, one set of rules per entity type."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal, NamedTuple

import regex

from vaner.errors import KnowledgeError
from vaner.knowledge.common_words import COMMON_WORDS
from vaner.knowledge.name_forms import canonicalize, greek_variants
from vaner.utils.deprecation import warn_renamed


@dataclass(frozen=True, slots=True)
class SpellingRules:
    """Rules for matching the names of an entity type in text.

    Args:
        case: ``fold`` matches a name in any case, ``keep`` only as it is spelled. ``symbols`` is
            ``keep`` for symbols and ``fold`` for all other names. A symbol is a name without white
            space that has at most two characters, begins with a digit, or has a digit or a capital
            after its first character, and does not have four lower-case letters in a row:
            ``BRCA1``, ``p53``, ``NaCl``, ``Pb``, but not ``Insulin`` or ``2-butanol``.
        max_symbol_length: maximum number of characters of a symbol.
        plural: whether the singular and the plural of the last word both match.
        possessive: whether names with and without ``'s`` both match: Crohn disease, Crohn's
            disease.
        min_length: minimum number of letters and digits; a Chinese character counts as two.
        common: what to do with a name that is a common English word: ``skip`` ignores it, ``case``
            matches it only as it is spelled, ``match`` treats it like any other name.

    >>> RULES["Gene"].is_symbol("TP53"), RULES["Gene"].is_symbol("Insulin")
    (True, False)
    """

    case: Literal["symbols", "fold", "keep"] = "symbols"
    max_symbol_length: int = 6
    plural: bool = True
    possessive: bool = False
    min_length: int = 3
    common: Literal["skip", "case", "match"] = "skip"

    def is_symbol(self, name: str) -> bool:
        """Whether the case of a name matters."""
        if self.case != "symbols":
            return self.case == "keep"
        if len(name) > self.max_symbol_length or any(map(str.isspace, name)):
            return False
        looks_like_symbol = len(name) < 3 or name[:1].isdigit() or _CAPITAL_OR_DIGIT.search(name, 1)
        return bool(looks_like_symbol) and not _LOWER_CASE_WORD.search(name)


DEFAULT_RULES = SpellingRules()

RULES: Mapping[str, SpellingRules] = {
    "Gene": SpellingRules(max_symbol_length=12, plural=False),
    "Disease": SpellingRules(possessive=True),
    "Phenotype": SpellingRules(possessive=True),
}
"""Rules by entity type. All other types have `DEFAULT_RULES`."""


def parse_rules(settings: Iterable[str]) -> dict[str, SpellingRules]:
    """Return the rules of entity types with changed settings.

    Args:
        settings: one change each, such as ``Gene.case=fold``.

    Returns:
        Type -> rules, for the types in `settings`.

    Raises:
        KnowledgeError: for an unknown field or an invalid value.

    >>> parse_rules(["Cell.plural=no", "Cell.min_length=2"])["Cell"].min_length
    2
    """
    rules: dict[str, SpellingRules] = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        type, dot, name = key.rpartition(".")
        if not (equals and dot and type):
            raise KnowledgeError(f"{setting!r} is not a rule such as Gene.case=fold")
        if name in _OLD_NAMES:
            warn_renamed(f"rule {name}", _OLD_NAMES[name])
            name = _OLD_NAMES[name]
        values = _VALUES.get(name)
        if values is None:
            raise KnowledgeError(f"{setting!r}: unknown rule {name!r}; rules: {', '.join(_VALUES)}")
        if values and value not in values:
            raise KnowledgeError(f"{setting!r}: {name} must be one of {', '.join(values)}")
        if not values and not _NUMBER.fullmatch(value):
            raise KnowledgeError(f"{setting!r}: {name} must be a number of up to 3 digits")
        parsed: Any = values[value] if values else int(value)
        current = rules.get(type, RULES.get(type, DEFAULT_RULES))
        rules[type] = replace(current, **{name: parsed})
    return rules


_OLD_NAMES = {"longest_symbol": "max_symbol_length", "shortest": "min_length"}
_NUMBER = regex.compile("[0-9]{1,3}")
_BOOLEANS = {"yes": True, "no": False, "true": True, "false": False}
# Rule -> text of each allowed value -> value. An empty mapping allows any number.
_VALUES: Mapping[str, Mapping[str, object]] = {
    "case": {value: value for value in ("symbols", "fold", "keep")},
    "max_symbol_length": {},
    "plural": _BOOLEANS,
    "possessive": _BOOLEANS,
    "min_length": {},
    "common": {value: value for value in ("skip", "case", "match")},
}

_MAX_COMMON_WORD_LENGTH = max(map(len, COMMON_WORDS)) + 2  # with a plural ending
_CAPITAL_OR_DIGIT = regex.compile(r"[\p{Lu}\p{N}]")
_LOWER_CASE_WORD = regex.compile(r"\p{Ll}{4}")
_LAST_WORD = regex.compile(r"(?<![^ \p{P}])\p{Latin}{3,}$")
_POSSESSIVE = re.compile(r"'s(?= )")
_EPONYMOUS = (" disease", " syndrome", " sarcoma", " tumor", " lymphoma", " ataxia")
_EPONYM = re.compile(r"([^\W\d_]{3,}) (?=[a-z]+$)")
_LETTER = re.compile(r"[^\W\d_]")
_UNSPACED = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}]")


class Spelling(NamedTuple):
    """A canonical spelling, and whether its case matters."""

    text: str
    case: bool


def generate_spellings(name: str, rules: SpellingRules) -> Iterator[Spelling]:
    """Yield the spellings of a name that match in text; none if the rules exclude the name.

    >>> [spelling.text for spelling in generate_spellings("Crohn’s Diseases", RULES["Disease"])]
    ["crohn's diseases", 'crohn diseases', "crohn's disease", 'crohn disease']
    >>> list(generate_spellings("BRCA1", RULES["Gene"]))
    [Spelling(text='BRCA1', case=True)]
    >>> list(generate_spellings("was", RULES["Gene"]))
    []
    """
    case = rules.is_symbol(name.strip())
    text = canonicalize(name, case=case)
    if not _is_long_enough(text, rules.min_length):
        return
    if not case and rules.common != "match" and _is_common_word(text, rules):
        if rules.common == "skip":
            return
        case, text = True, canonicalize(name, case=True)
    spellings = [text]
    if rules.possessive:
        spellings += _possessive_variants(text)
    if rules.plural:
        spellings += [v for spelling in spellings for v in _number_variants(spelling, case)]
    spellings += [v for spelling in spellings for v in greek_variants(spelling)]
    for spelling in dict.fromkeys(spellings):
        yield Spelling(spelling, case)


def _is_long_enough(text: str, min_length: int) -> bool:
    """Whether a name has a letter and the minimum length."""
    if _LETTER.search(text) is None:
        return False
    if _length_pattern(min_length).search(text):
        return True
    return sum(map(str.isalnum, text)) + len(_UNSPACED.findall(text)) >= min_length


@cache
def _length_pattern(min_length: int) -> re.Pattern[str]:
    """Return a pattern that matches a minimum number of letters and digits."""
    return re.compile(rf"(?:[^\W_][\W_]*){{{min_length}}}")


def _is_common_word(text: str, rules: SpellingRules) -> bool:
    """Whether a name, or its other number if the plural matches too, is a common word."""
    if len(text) > _MAX_COMMON_WORD_LENGTH:  # nearly all names
        return False
    if text in COMMON_WORDS:
        return True
    return rules.plural and not COMMON_WORDS.isdisjoint(_number_variants(text, False))


def _possessive_variants(text: str) -> Iterator[str]:
    if "'s " in text:
        yield _POSSESSIVE.sub("", text)
    elif text.endswith(_EPONYMOUS) and _EPONYM.search(text):
        yield _EPONYM.sub(r"\1's ", text)


def _number_variants(text: str, case: bool) -> Iterator[str]:
    """Yield a canonical name with its last word in the plural or the singular.

    A wrong variant is harmless if it is not a word: "diabete" does not occur in text.
    """
    match = _LAST_WORD.search(text)
    if match is None:
        return
    word, before = match[0], text[: match.start()]
    if case:  # NSAID, NSAIDs
        if word.isupper():
            yield f"{before}{word}s"
        return
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        if len(word) > 4:
            yield before + _singular(word)
        if word.endswith(("ases", "oses", "yses")) and not word.endswith("eases"):
            yield f"{before}{word[:-2]}is"
    elif not word.endswith("s") or word.endswith(("ss", "us")):
        yield before + _plural(word)
    elif word.endswith("sis"):
        yield f"{before}{word[:-2]}es"


def _singular(word: str) -> str:
    if word.endswith("ies"):
        return f"{word[:-3]}y"
    if word.endswith(("sses", "xes", "ches", "shes", "uses")):
        return word[:-2]
    return word[:-1]


def _plural(word: str) -> str:
    if word.endswith("y") and word[-2] not in "aeiou":
        return f"{word[:-1]}ies"
    if word.endswith(("s", "x", "z", "ch", "sh")):
        return f"{word}es"
    return f"{word}s"
