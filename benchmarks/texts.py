"""Generates sentences that resemble those of abstracts, for benchmarks without a corpus."""

from __future__ import annotations

import random
from collections.abc import Iterator

from benchmarks.dictionary_matching import ENGLISH, MODIFIERS, vocabulary


def generate_sentences(rng: random.Random, number: int) -> Iterator[list[str]]:
    """Generate sentences of about 25 words, a few of them very long, with 30% rare words.

    The lengths are those of NCBI-disease.
    """
    words = vocabulary(random.Random(1))
    for _ in range(number):
        length = min(100, max(3, round(rng.lognormvariate(3.1, 0.5))))
        kinds = rng.choices((ENGLISH, MODIFIERS, words), weights=(5, 2, 3), k=length)
        yield [rng.choice(kind) for kind in kinds]
