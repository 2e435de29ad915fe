"""Details of a mention: the concepts that it may refer to, and what its sentence says about it."""

from __future__ import annotations

from typing import NamedTuple


class Candidate(NamedTuple):
    """A concept that a mention may refer to.

    Args:
        identifier: CURIE of the concept.
        name: its name that is most similar to the mention, in canonical form.
        score: probability that the mention refers to it, in [0, 1].
    """

    identifier: str
    name: str
    score: float


class Cue(NamedTuple):
    """What a sentence says about a mention, and the words that say it: "no" negates.

    Args:
        attribute: ``negated``, ``uncertain``, ``historical`` or ``family``.
        start, end: offsets of the words in the text, in code points; the end is exclusive.
    """

    attribute: str
    start: int
    end: int
