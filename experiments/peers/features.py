"""The usual features of a word for a CRF: the word, its shape and affixes, and its neighbors."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

AFFIXES = range(1, 5)
WINDOW = 2

_CACHED_WORDS = 500_000


def extract_features(words: Sequence[str]) -> list[list[str]]:
    """Return the features of each word of a sentence, with those of two words on either side.

    >>> extract_features(["p53", "binds"])[0]
    ['bias', 'word=p53', 'lower=p53', 'shape=xdd', '1<p', '2<p5', '1>3', '2>53', 'digit',
     '-2:edge', '-1:edge', '+1:lower=binds', '+1:shape=xxxxx', '+2:edge']
    """
    features = []
    for i in range(len(words)):
        word_features = ["bias", *_word_features(words[i])]
        for offset in (*range(-WINDOW, 0), *range(1, WINDOW + 1)):
            is_inside = 0 <= i + offset < len(words)
            word_features += (
                _neighbor_features(words[i + offset], offset)
                if is_inside
                else (f"{offset:+d}:edge",)
            )
        features.append(word_features)
    return features


def get_shape(word: str) -> str:
    """Return a word with X, x and d for uppercase, lowercase and digits.

    >>> get_shape("BRCA1-like")
    'XXXXd-xxxx'
    """
    return "".join(map(_character_class, word))


def _character_class(character: str) -> str:
    if character.isdigit():
        return "d"
    if character.isalpha():
        return "X" if character.isupper() else "x"
    return character


def get_flags(word: str) -> tuple[str, ...]:
    """Return the names of the properties that a word has.

    >>> get_flags("B12")
    ('title', 'upper', 'digit')
    """
    properties = {
        "title": word[:1].isupper(),
        "upper": word.isupper(),
        "mixed": any(char.isupper() for char in word[1:]) and not word.isupper(),
        "digit": any(char.isdigit() for char in word),
        "number": word.isdigit(),
        "punctuation": not any(char.isalnum() for char in word),
    }
    return tuple(name for name, is_true in properties.items() if is_true)


@lru_cache(_CACHED_WORDS)
def _word_features(word: str) -> tuple[str, ...]:
    lower = word.lower()
    affixes = [f"{n}<{lower[:n]}" for n in AFFIXES if len(lower) > n]
    affixes += [f"{n}>{lower[-n:]}" for n in AFFIXES if len(lower) > n]
    return (
        f"word={word}",
        f"lower={lower}",
        f"shape={get_shape(word)}",
        *affixes,
        *get_flags(word),
    )


@lru_cache(_CACHED_WORDS)
def _neighbor_features(word: str, offset: int) -> tuple[str, ...]:
    names = (f"lower={word.lower()}", f"shape={get_shape(word)}", *get_flags(word))
    return tuple(f"{offset:+d}:{name}" for name in names)
