"""Copies of training sentences in which names of knowledge bases replace mentions.

A name may be wrong for its sentence, and a name as an annotation would teach that it is right. The
student learns the teacher's probabilities instead, in which the annotations raise the odds of their
tags (`annotation_odds` of a source).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from random import Random
from zlib import crc32

from vaner.knowledge.base import KnowledgeBase
from vaner.knowledge.dense_recognition import find_replaceable, replace_names
from vaner.text.documents import Document
from vaner.training.examples.sentences import split_document

MAX_WORDS = 4
HELD_OUT = 10
"""One name in this number is never inserted: ../unseen_names scores with these names."""

_BINOMIAL = re.compile("[A-Z][a-z]+ [a-z]+")


def list_names(base: KnowledgeBase, type: str) -> list[str]:
    """Return the names of a type that are written like this in running text, in order.

    Names such as "Anemia, Sickle Cell" are left out, and species that are no binomials, most of
    which have catalog numbers.
    """
    names = {name for name, _, _ in base.names([type])}
    if type == "Species":
        names = set(filter(_BINOMIAL.fullmatch, names))
    return sorted(n for n in names if len(n.split()) <= MAX_WORDS and not set(n) & set(",;()[]"))


def is_held_out(name: str) -> bool:
    """Return whether a name is for scoring only."""
    return crc32(name.casefold().encode()) % HELD_OUT == 0


def insert_names(
    documents: Iterable[Document], names: Mapping[str, Sequence[str]], rng: Random
) -> Iterator[Document]:
    """Yield a copy of each sentence that has mentions of the types.

    A name of the same type replaces one mention, and each of the others with probability 0.5.

    Args:
        documents: documents of a training split.
        names: names of each type.
        rng: random number generator.
    """
    for document in documents:
        for sentence in split_document(document):
            mentions = [span for span in find_replaceable(sentence) if span.type in names]
            if mentions:
                always = rng.choice(mentions)
                chosen = [span for span in mentions if span is always or rng.random() < 0.5]
                inserted = {span: vary_case(rng.choice(names[span.type]), rng) for span in chosen}
                yield replace_names(sentence, inserted)


def vary_case(name: str, rng: Random) -> str:
    """Return a name in lower case or as it is, if each of its words begins with a capital letter.

    >>> sorted({vary_case("Lyme Disease", Random(seed)) for seed in range(9)})
    ['Lyme Disease', 'lyme disease']
    >>> vary_case("HIV Infections", Random(1))
    'HIV Infections'
    """
    return name.lower() if name.istitle() and rng.random() < 0.5 else name
