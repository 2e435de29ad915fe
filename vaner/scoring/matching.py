"""When a prediction matches a gold mention: one strict criterion and four relaxed ones.

All criteria match one to one: a gold mention answers for at most one prediction and the other way
round, so ``tp + fp`` is always the number of predictions and ``tp + fn`` that of gold mentions.
The criteria are those of Tsai et al. 2006, BMC Bioinformatics 7:92.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Hashable, Sequence

from vaner.documents import Span
from vaner.scoring.counts import Counts

Criterion = Callable[[Sequence[Span], Sequence[Span]], int]
"""Number of one-to-one matches between the gold and the predicted mentions of one document."""


def count(gold: Sequence[Span], predicted: Sequence[Span], criterion: Criterion) -> Counts:
    """Counts of one document; `gold` must hold no mention twice."""
    tp = criterion(gold, predicted)
    return Counts(tp, len(predicted) - tp, len(gold) - tp)


def _agreeing(key: Callable[[Span], Hashable]) -> Criterion:
    """A criterion under which two mentions match when `key` says the same of both."""

    def matches(gold: Sequence[Span], predicted: Sequence[Span]) -> int:
        return (Counter(map(key, gold)) & Counter(map(key, predicted))).total()

    return matches


def overlapping(gold: Sequence[Span], predicted: Sequence[Span]) -> int:
    """Size of the largest one-to-one matching of same-type mentions that share a character.

    The size of a maximum matching is unique, so the figure does not depend on the order of the
    spans, as it does where each prediction takes the first gold mention in reach. Found by
    augmenting paths (Kuhn 1955). A discontinuous mention overlaps by its pieces, not by its gaps.
    """
    neighbours = _neighbours(gold, predicted)
    partner: dict[int, int] = {}

    def augment(index: int, tried: set[int]) -> bool:
        for other in neighbours[index]:
            if other not in tried:
                tried.add(other)
                if other not in partner or augment(partner[other], tried):
                    partner[other] = index
                    return True
        return False

    return sum(augment(index, set()) for index in range(len(neighbours)))


def _neighbours(gold: Sequence[Span], predicted: Sequence[Span]) -> list[list[int]]:
    """For each gold mention in text order the predictions it overlaps, in text order."""
    ordered = sorted(predicted)
    starts = [span.start for span in ordered]
    reach = max((span.length for span in ordered), default=0)
    return [
        [
            index
            for index in range(bisect_left(starts, g.start - reach), bisect_right(starts, g.end))
            if g.type == ordered[index].type and _share_character(g, ordered[index])
        ]
        for g in sorted(gold)
    ]


def _share_character(one: Span, other: Span) -> bool:
    return any(s < e2 and s2 < e for s, e in one.pieces for s2, e2 in other.pieces)


# Fragments belong to the boundaries: a contiguous prediction never equals a discontinuous mention.
strict = _agreeing(lambda span: (span.start, span.end, span.type, span.fragments))

RELAXED: dict[str, Criterion] = {
    "overlap": overlapping,
    "boundaries": _agreeing(lambda span: (span.start, span.end, span.fragments)),
    "left": _agreeing(lambda span: (span.start, span.type)),
    "right": _agreeing(lambda span: (span.end, span.type)),
}
"""Same type and a shared character; exact boundaries whatever the type; left or right boundary
and type."""
