"""The usual features of a word for a CRF: itself, its shape, its ends, and its neighbours'."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

AFFIXES = range(1, 5)
WINDOW = 2

_CACHED_WORDS = 500_000


def features(words: Sequence[str]) -> list[list[str]]:
    """The features of each word of a sentence, those of up to two words on either side included.

    >>> features(["p53", "binds"])[0]
    ['bias', 'word=p53', 'lower=p53', 'shape=xdd', '1<p', '2<p5', '1>3', '2>53', 'digit',
     '-2:edge', '-1:edge', '+1:lower=binds', '+1:shape=xxxxx', '+2:edge']
    """
    shown = []
    for i in range(len(words)):
        found = ["bias", *_own(words[i])]
        for offset in (*range(-WINDOW, 0), *range(1, WINDOW + 1)):
            inside = 0 <= i + offset < len(words)
            found += _neighbour(words[i + offset], offset) if inside else (f"{offset:+d}:edge",)
        shown.append(found)
    return shown


def shape(word: str) -> str:
    """Capitals, small letters and digits as X, x and d; other signs stay.

    >>> shape("BRCA1-like")
    'XXXXd-xxxx'
    """
    return "".join(map(_kind, word))


def _kind(sign: str) -> str:
    if sign.isdigit():
        return "d"
    if sign.isalpha():
        return "X" if sign.isupper() else "x"
    return sign


def flags(word: str) -> tuple[str, ...]:
    """What is true of a word, of these.

    >>> flags("B12")
    ('title', 'upper', 'digit')
    """
    found = {
        "title": word[:1].isupper(),
        "upper": word.isupper(),
        "mixed": any(sign.isupper() for sign in word[1:]) and not word.isupper(),
        "digit": any(sign.isdigit() for sign in word),
        "number": word.isdigit(),
        "punctuation": not any(sign.isalnum() for sign in word),
    }
    return tuple(name for name, true in found.items() if true)


@lru_cache(_CACHED_WORDS)
def _own(word: str) -> tuple[str, ...]:
    lower = word.lower()
    affixes = [f"{n}<{lower[:n]}" for n in AFFIXES if len(lower) > n]
    affixes += [f"{n}>{lower[-n:]}" for n in AFFIXES if len(lower) > n]
    return (f"word={word}", f"lower={lower}", f"shape={shape(word)}", *affixes, *flags(word))


@lru_cache(_CACHED_WORDS)
def _neighbour(word: str, offset: int) -> tuple[str, ...]:
    found = (f"lower={word.lower()}", f"shape={shape(word)}", *flags(word))
    return tuple(f"{offset:+d}:{name}" for name in found)
