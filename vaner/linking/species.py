"""The species that a text names, because genes of different species have the same symbols."""

from __future__ import annotations

from collections.abc import Mapping

import regex

SPECIES: Mapping[str, frozenset[str]] = {
    species: frozenset(words.split())
    for species, words in {
        "human": "human humans patient patients man men woman women child children infant infants "
        "people person persons adult adults boy boys girl girls participants volunteers",
        "mouse": "mouse mice murine",
        "rat": "rat rats",
        "fly": "drosophila fly flies melanogaster",
        "fish": "zebrafish danio",
        "worm": "elegans caenorhabditis nematode nematodes",
        "yeast": "yeast yeasts saccharomyces cerevisiae schizosaccharomyces pombe",
        "plant": "arabidopsis thaliana rice maize tomato tobacco plant plants",
        "other": "xenopus chicken chickens chick chicks bovine cow cows cattle porcine pig pigs "
        "rabbit rabbits hamster hamsters dog dogs canine cat cats monkey monkeys macaque macaques "
        "sheep ovine horse horses equine bacteria bacterial coli virus viral",
    }.items()
}
"""Species -> words that name it."""

_SPECIES_OF_WORD = {word: species for species, words in SPECIES.items() for word in words}
_WORD = regex.compile(r"\p{L}+")


def measure_foreign_share(text: str, species: str) -> float:
    """Return the share of the words for species in a text that name another species.

    Args:
        text: the text of a document.
        species: the species of a base: a key of `SPECIES`, or a name with a word for it, such as
            ``Danio rerio``; for another value, the share is 0.

    Returns:
        A share in [0, 1]; 0 for a text without such words.

    >>> measure_foreign_share("In mice and rats, not in humans", "human")
    0.6666666666666666
    """
    expected = {_SPECIES_OF_WORD.get(word, word) for word in _find_words(species)} & SPECIES.keys()
    if not expected:
        return 0.0
    named = [s for word in _find_words(text) if (s := _SPECIES_OF_WORD.get(word))]
    return sum(name not in expected for name in named) / len(named) if named else 0.0


def _find_words(text: str) -> list[str]:
    return _WORD.findall(text.lower())
