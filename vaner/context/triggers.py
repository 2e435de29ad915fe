"""The phrases that say something about a mention, read from ``triggers.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Literal, NamedTuple

from vaner.text.words import Word, read_words, split_words

ATTRIBUTES = ("negated", "uncertain", "historical", "family")
"""What can be said about a mention."""

Role = Literal["before", "after", "pseudo", "stop"]
_ROLES: tuple[Role, ...] = ("before", "after", "pseudo", "stop")
_HYPHENS = frozenset("-‐‑–")
_APOSTROPHES = str.maketrans("’ʼ", "''")

Phrase = tuple[str, ...]


class Token(NamedTuple):
    """A word of a text, in lower case, and where it is."""

    text: str
    start: int
    end: int


class Triggers(NamedTuple):
    """The phrases that concern one attribute.

    Args:
        roles: phrase -> what it does; a phrase may have several roles.
        lengths: first word -> the lengths of the phrases that begin with it, the longest first.
        adverbs: words that may be between the words of a phrase.
    """

    roles: Mapping[Phrase, frozenset[Role]]
    lengths: Mapping[str, Sequence[int]]
    adverbs: frozenset[str]


def tokenize(text: str, words: Sequence[Word]) -> list[Token]:
    """Return words as phrases are compared with them: in lower case, without hyphens.

    A number is "#", unless a hyphen follows it, as in "5-HT".

    >>> text = "Half-sister No 5"
    >>> [token.text for token in tokenize(text, split_words(text))]
    ['half', 'sister', 'no', '#']
    """
    read = read_words(text, words)
    return [
        Token("#" if word.isdecimal() and following not in _HYPHENS else _fold(word), start, end)
        for word, following, (start, end) in zip(read, [*read[1:], ""], words, strict=True)
        if word not in _HYPHENS
    ]


def _fold(word: str) -> str:
    return word.casefold().translate(_APOSTROPHES)


@cache
def load_triggers() -> Mapping[str, Triggers]:
    """Return the phrases of each attribute."""
    content = files("vaner.context").joinpath("triggers.toml").read_text("utf-8")
    tables: dict[str, dict[str, list[str]]] = tomllib.loads(content)
    general = tables["stop"]["phrases"]
    _add_relatives(tables["family"], **tables["relatives"])
    adverbs = frozenset(tables["adverbs"]["words"])
    triggers = {}
    for attribute in ATTRIBUTES:
        roles: dict[Phrase, frozenset[Role]] = {}
        of_role = {role: tables[attribute].get(role, []) for role in _ROLES}
        of_role["stop"] = [*of_role["stop"], *general]
        for role, phrases in of_role.items():
            for phrase in map(_split, phrases):
                roles[phrase] = roles.get(phrase, frozenset()) | {role}
        triggers[attribute] = Triggers(roles, _list_lengths(roles), adverbs)
    return triggers


def _add_relatives(
    family: dict[str, list[str]],
    phrases: Sequence[str],
    prefixes: Sequence[str],
    preceded_by: Sequence[str],
    followed_by: Sequence[str],
) -> None:
    """Add the phrases that contain a relative to those of the attribute family."""
    for relative in phrases:
        family["before"].append(relative)
        family["after"] += [f"{prefix} {relative}" for prefix in prefixes]
        family["pseudo"] += [f"{words} {relative}" for words in preceded_by]
        family["pseudo"] += [f"{relative} {words}" for words in followed_by]


def _split(phrase: str) -> Phrase:
    return tuple(token.text for token in tokenize(phrase, split_words(phrase)))


def _list_lengths(phrases: Mapping[Phrase, frozenset[Role]]) -> dict[str, Sequence[int]]:
    lengths: dict[str, set[int]] = {}
    for phrase in phrases:
        lengths.setdefault(phrase[0], set()).add(len(phrase))
    return {first: sorted(of_first, reverse=True) for first, of_first in lengths.items()}
