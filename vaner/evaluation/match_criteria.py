"""When a prediction matches a gold mention: one strict criterion and four relaxed ones.

All criteria match one to one: a gold mention answers for at most one prediction and the other way
round, so ``tp + fp`` is always the number of predictions and ``tp + fn`` that of gold mentions.
The criteria are those of Tsai et al. 2006, BMC Bioinformatics 7:92.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence

from vaner.evaluation.counts import Counts
from vaner.text.documents import Span

Criterion = Callable[[Sequence[Span], Sequence[Span]], int]
"""Number of one-to-one matches between the gold and the predicted mentions of one document."""


def count_matches(gold: Sequence[Span], predicted: Sequence[Span], criterion: Criterion) -> Counts:
    """Counts of one document; `gold` must hold no mention twice."""
    tp = criterion(gold, predicted)
    return Counts(tp, len(predicted) - tp, len(gold) - tp)


def _agreeing(key: Callable[[Span], Hashable]) -> Criterion:
    """A criterion under which two mentions match when `key` says the same of both."""

    def matches(gold: Sequence[Span], predicted: Sequence[Span]) -> int:
        return (Counter(map(key, gold)) & Counter(map(key, predicted))).total()

    return matches


def match_overlapping(gold: Sequence[Span], predicted: Sequence[Span]) -> int:
    """Size of the largest one-to-one matching of same-type mentions that share a character.

    The size of a maximum matching is unique, so the figure does not depend on the order of the
    spans, as it does where each prediction takes the first gold mention in reach. Found by
    augmenting paths (Kuhn 1955). A discontinuous mention overlaps by its pieces, not by its gaps.
    """
    # Those with the least choice first: one that lies over many others would have to move often.
    neighbours = sorted(_neighbours(gold, predicted), key=len)
    partner: dict[int, int] = {}
    return sum(_augment(index, neighbours, partner) for index in range(len(neighbours)))


def _augment(first: int, neighbours: Sequence[Sequence[int]], partner: dict[int, int]) -> bool:
    """Match one more gold mention, others moving on to other predictions where they must.

    A chain of mentions that move can be as long as the document, too long for recursion: one
    mention over thousands of nested ones makes such a chain.

    Args:
        first: the gold mention without a partner.
        neighbours: for each gold mention the predictions it may have.
        partner: the gold mention of each prediction that has one; changed where a way is found.
    """
    path, ways = [first], [iter(neighbours[first])]
    asked, tried = list[int](), set[int]()  # asked[i] is what led from path[i] to path[i + 1]
    found = _free(neighbours[first], partner)
    while found is None and path:
        wanted = next((other for other in ways[-1] if other not in tried), None)
        if wanted is not None:
            tried.add(wanted)
            asked.append(wanted)
            path.append(partner[wanted])
            ways.append(iter(neighbours[path[-1]]))
            found = _free(neighbours[path[-1]], partner)
        else:
            path.pop()
            ways.pop()
            del asked[-1:]
    if found is None:
        return False
    partner.update(zip([*asked, found], path, strict=True))
    return True


def _free(wanted: Iterable[int], partner: Mapping[int, int]) -> int | None:
    return next((other for other in wanted if other not in partner), None)


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


def strict_key(span: Span) -> Hashable:
    """What must agree for a prediction to be right.

    Fragments belong to the boundaries: a contiguous prediction never equals a discontinuous
    mention.
    """
    return span.start, span.end, span.type, span.fragments


match_strict = _agreeing(strict_key)

RELAXED: dict[str, Criterion] = {
    "overlap": match_overlapping,
    "boundaries": _agreeing(lambda span: (span.start, span.end, span.fragments)),
    "left": _agreeing(lambda span: (span.start, span.type)),
    "right": _agreeing(lambda span: (span.end, span.type)),
}
"""Same type and a shared character; exact boundaries whatever the type; left or right boundary
and type."""
