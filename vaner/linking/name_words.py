"""The words of names, compared: which of them two names share, and which contradict each other."""

from __future__ import annotations

from functools import lru_cache

import regex

_WORD = regex.compile(r"[\p{L}\p{N}]+")
_NUMBER = regex.compile(r"\p{N}+")
_ROMAN = {
    numeral: str(number)
    for number, numeral in enumerate("i ii iii iv v vi vii viii ix x".split(), 1)
}
_OPPOSITE_PREFIXES = (
    ("hyper", "hypo"), ("tachy", "brady"), ("macro", "micro"), ("poly", "oligo"),
    ("intra", "extra"), ("pre", "post"), ("endo", "exo"), ("homo", "hetero"), ("mono", "poly"),
    ("intra", "inter"),
)  # fmt: skip
_OPPOSITE_WORDS: dict[str, set[str]] = {}
for _pair in (
    "acute/chronic benign/malignant left/right upper/lower proximal/distal male/female "
    "maternal/paternal dominant/recessive primary/secondary positive/negative early/late "
    "large/small major/minor central/peripheral anterior/posterior superior/inferior "
    "increased/decreased high/low congenital/acquired systolic/diastolic medial/lateral "
    "dorsal/ventral internal/external sensitive/resistant dependent/independent juvenile/adult"
).split():
    _first, _second = _pair.split("/")
    _OPPOSITE_WORDS |= {_first: {_second}, _second: {_first}}
_NEGATION = "non"


def stem_words(name: str) -> frozenset[str]:
    """Return the words of a canonical name without plurals and British spelling.

    >>> sorted(stem_words("tumours of the oesophagus"))
    ['esophagu', 'of', 'the', 'tumor']
    """
    return frozenset(map(_stem_word, _WORD.findall(name)))


@lru_cache(100_000)
def _stem_word(word: str) -> str:
    spelled = word.replace("aem", "em").replace("oe", "e").replace("our", "or").replace("ae", "e")
    return spelled[:-1] if len(spelled) > 3 and spelled.endswith("s") else spelled


def is_contradiction(words: frozenset[str], others: frozenset[str]) -> bool:
    """Return whether two names differ in a way that makes them names of different things.

    They have different numbers or letters, as "type 1" and "type 2" have; or one has a word whose
    opposite the other has, such as "acute" and "chronic"; or only one has "non".

    Args:
        words: the words of a name, see `stem_words`.
        others: those of the other name.

    >>> is_contradiction(stem_words("diabetes type ii"), stem_words("type 1 diabetes"))
    True
    >>> is_contradiction(stem_words("diabetes type ii"), stem_words("diabetes, type 2"))
    False
    """
    only, only_others = words - others, others - words
    if (_NEGATION in only) != (_NEGATION in only_others):
        return True
    if not only or not only_others:
        return False
    if any(map(_find_marks_of_word, only)) and any(map(_find_marks_of_word, only_others)):
        marks, other_marks = _find_marks(words), _find_marks(others)
        if marks - other_marks and other_marks - marks:
            return True
    return any(_list_opposites(word) & only_others for word in only)


def _find_marks(words: frozenset[str]) -> frozenset[str]:
    """Return the numbers and the single letters among words; Roman numerals are numbers."""
    return frozenset().union(*map(_find_marks_of_word, words))


@lru_cache(100_000)
def _find_marks_of_word(word: str) -> frozenset[str]:
    if word in _ROMAN:
        return frozenset((_ROMAN[word],))
    return frozenset((word,) if len(word) == 1 else _NUMBER.findall(word))


@lru_cache(100_000)
def _list_opposites(word: str) -> frozenset[str]:
    """Return the words that mean the opposite of a word."""
    swapped = {
        opposite + word[len(prefix) :]
        for first, second in _OPPOSITE_PREFIXES
        for prefix, opposite in ((first, second), (second, first))
        if word.startswith(prefix)
    }
    return frozenset(swapped | _OPPOSITE_WORDS.get(word, set()))
