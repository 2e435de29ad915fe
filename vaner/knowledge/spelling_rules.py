"""Which spellings of a name count as the name: rules as data, one set for each entity type."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal, NamedTuple

import regex

from vaner.errors import KnowledgeError
from vaner.knowledge.common_words import COMMON
from vaner.knowledge.name_forms import canonical, variants


@dataclass(frozen=True, slots=True)
class Rules:
    """How the names of a type are looked for in text.

    Args:
        case: ``fold`` finds a name in any case; ``keep`` only as it is spelled; ``symbols`` keeps
            the case of symbols and folds that of all other names. A symbol is a name in one
            piece of at most two characters, or with a digit or a capital after its first letter,
            and without four small letters in a row: ``BRCA1``, ``p53``, ``NaCl``, ``Pb``, but
            neither ``Insulin`` nor ``2-butanol``.
        longest_symbol: a name with more characters is no symbol.
        plural: whether singular and plural of the last word are the same.
        possessive: whether an ``'s`` makes no difference: Crohn disease, Crohn's disease.
        shortest: fewest letters and digits of a name; a Chinese character counts as two.
        common: what to do with a name that is one common English word: ``skip`` it, look for it
            as it is spelled (``case``), or treat it as all others (``match``).

    >>> RULES["Gene"].symbol("TP53"), RULES["Gene"].symbol("Insulin")
    (True, False)
    """

    case: Literal["symbols", "fold", "keep"] = "symbols"
    longest_symbol: int = 6
    plural: bool = True
    possessive: bool = False
    shortest: int = 3
    common: Literal["skip", "case", "match"] = "skip"

    def symbol(self, name: str) -> bool:
        """Whether capitals and small letters make a difference in a name."""
        if self.case != "symbols":
            return self.case == "keep"
        if len(name) > self.longest_symbol or any(map(str.isspace, name)):
            return False
        telling = len(name) < 3 or name[:1].isdigit() or _TELLING.search(name, 1)
        return bool(telling) and not _FLOWING.search(name)


DEFAULT = Rules()

# Types that are not listed have the default rules.
RULES: Mapping[str, Rules] = {
    "Gene": Rules(longest_symbol=12, plural=False),
    "Disease": Rules(possessive=True),
    "Phenotype": Rules(possessive=True),
}


def changed(settings: Iterable[str]) -> dict[str, Rules]:
    """The rules of the types that are named, with the changes told.

    Args:
        settings: one change each, such as ``Gene.case=fold``.

    Raises:
        KnowledgeError: for a field or a value that there is not.

    >>> changed(["Cell.plural=no", "Cell.shortest=2"])["Cell"].shortest
    2
    """
    found: dict[str, Rules] = {}
    for setting in settings:
        place, equals, value = setting.partition("=")
        type, dot, name = place.rpartition(".")
        if not (equals and dot and type):
            raise KnowledgeError(f"{setting!r} is no rule such as Gene.case=fold")
        values = _VALUES.get(name)
        if values is None:
            raise KnowledgeError(f"{setting!r}: no rule is called {name!r}; "
                                 f"there are {', '.join(_VALUES)}")  # fmt: skip
        if values and value not in values:
            raise KnowledgeError(f"{setting!r}: {name} is one of {', '.join(values)}")
        if not values and not (value.isascii() and value.isdigit()):
            raise KnowledgeError(f"{setting!r}: {name} is a number")
        new: Any = values[value] if values else int(value)
        found[type] = replace(found.get(type, RULES.get(type, DEFAULT)), **{name: new})
    return found


_SWITCH = {"yes": True, "no": False, "true": True, "false": False}
# What may be said of each rule, and what is meant; a number where nothing stands here.
_VALUES: Mapping[str, Mapping[str, object]] = {
    "case": {each: each for each in ("symbols", "fold", "keep")},
    "longest_symbol": {},
    "plural": _SWITCH,
    "possessive": _SWITCH,
    "shortest": {},
    "common": {each: each for each in ("skip", "case", "match")},
}

_LONGEST_COMMON = max(map(len, COMMON)) + 2  # with the ending of a plural
_TELLING = regex.compile(r"[\p{Lu}\p{N}]")
_FLOWING = regex.compile(r"\p{Ll}{4}")
_LAST_WORD = regex.compile(r"(?<![^ \p{P}])\p{Latin}{3,}$")
_POSSESSIVE = re.compile(r"'s(?= )")
_EPONYMOUS = (" disease", " syndrome", " sarcoma", " tumor", " lymphoma", " ataxia")
_EPONYM = re.compile(r"([^\W\d_]{3,}) (?=[a-z]+$)")
_LETTER = re.compile(r"[^\W\d_]")
_UNSPACED = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}]")


class Spelling(NamedTuple):
    """A canonical spelling to look for, and whether its case counts."""

    text: str
    case: bool


def spellings(name: str, rules: Rules) -> Iterator[Spelling]:
    """All spellings of a name, each once; none of a name that is not to be looked for.

    >>> [each.text for each in spellings("Crohn’s Diseases", RULES["Disease"])]
    ["crohn's diseases", 'crohn diseases', "crohn's disease", 'crohn disease']
    >>> list(spellings("BRCA1", RULES["Gene"]))
    [Spelling(text='BRCA1', case=True)]
    >>> list(spellings("was", RULES["Gene"]))
    []
    """
    case = rules.symbol(name.strip())
    text = canonical(name, case=case)
    if not _worth(text, rules.shortest):
        return
    if not case and rules.common != "match" and _common(text, rules):
        if rules.common == "skip":
            return
        case, text = True, canonical(name, case=True)
    every = [text]
    if rules.possessive:
        every += _possessives(text)
    if rules.plural:
        every += [other for each in every for other in _numbers(each, case)]
    every += [other for each in every for other in variants(each)]
    for each in dict.fromkeys(every):
        yield Spelling(each, case)


def _worth(text: str, shortest: int) -> bool:
    """Whether a name has a letter and is long enough."""
    if _LETTER.search(text) is None:
        return False
    if _enough(shortest).search(text):
        return True
    return sum(map(str.isalnum, text)) + len(_UNSPACED.findall(text)) >= shortest


@cache
def _enough(shortest: int) -> re.Pattern[str]:
    """Finds so many letters and digits, and looks no further."""
    return re.compile(rf"(?:[^\W_][\W_]*){{{shortest}}}")


def _common(text: str, rules: Rules) -> bool:
    """Whether a name, or what its plural rule makes of it, is an everyday word."""
    if len(text) > _LONGEST_COMMON:  # nearly all
        return False
    return text in COMMON or (rules.plural and not COMMON.isdisjoint(_numbers(text, False)))


def _possessives(text: str) -> Iterator[str]:
    if "'s " in text:
        yield _POSSESSIVE.sub("", text)
    elif text.endswith(_EPONYMOUS) and _EPONYM.search(text):
        yield _EPONYM.sub(r"\1's ", text)


def _numbers(text: str, case: bool) -> Iterator[str]:
    """A canonical name with its last word in the plural or the singular.

    Wrong guesses do no harm as long as they are no words: "diabete" stands in no text.
    """
    found = _LAST_WORD.search(text)
    if found is None:
        return
    word, before = found[0], text[: found.start()]
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
