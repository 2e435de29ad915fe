"""Criteria for a match between a prediction and a gold mention: one strict, four relaxed.

All criteria match one to one: a gold mention matches at most one prediction and vice versa. So
``tp + fp`` is always the number of predictions, and ``tp + fn`` that of gold mentions.

Source: Tsai et al. 2006, BMC Bioinformatics 7:92.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence

from vaner.evaluation.counts import Counts
from vaner.text.documents import Span

Criterion = Callable[[Sequence[Span], Sequence[Span]], int]
"""Function of the gold and predicted mentions of a document; returns the number of matches."""


def count_matches(gold: Sequence[Span], predicted: Sequence[Span], criterion: Criterion) -> Counts:
    """Return the counts of one document; `gold` must not contain duplicates."""
    tp = criterion(gold, predicted)
    return Counts(tp, len(predicted) - tp, len(gold) - tp)


def _match_by(key: Callable[[Span], Hashable]) -> Criterion:
    """Return a criterion under which two mentions match if they have the same key."""

    def count(gold: Sequence[Span], predicted: Sequence[Span]) -> int:
        return (Counter(map(key, gold)) & Counter(map(key, predicted))).total()

    return count


def match_overlapping(gold: Sequence[Span], predicted: Sequence[Span]) -> int:
    """Return the size of a maximum matching of same-type mentions that share a character.

    The size of a maximum matching is unique, so the result does not depend on the order of the
    spans, unlike that of a greedy matching. A discontinuous mention overlaps by its fragments, not
    by the gaps between them.

    Source: augmenting paths, Kuhn 1955.
    """
    # Mentions with few candidates first: a mention that overlaps many would be moved often.
    candidates = sorted(_find_candidates(gold, predicted), key=len)
    partners: dict[int, int] = {}
    return sum(_augment(index, candidates, partners) for index in range(len(candidates)))


def _augment(first: int, candidates: Sequence[Sequence[int]], partners: dict[int, int]) -> bool:
    """Match one more gold mention; other gold mentions change their prediction if necessary.

    Iterative, because an augmenting path can be as long as the document: one mention that overlaps
    thousands of nested mentions gives such a path.

    Args:
        first: Gold mention without a partner.
        candidates: Predictions that each gold mention may match.
        partners: Gold mention matched with each prediction. Updated if a path is found.

    Returns:
        Whether the mention was matched.
    """
    path, iterators = [first], [iter(candidates[first])]
    # taken[i] is the prediction that leads from path[i] to path[i + 1].
    taken, visited = list[int](), set[int]()
    free = _find_free(candidates[first], partners)
    while free is None and path:
        prediction = next((index for index in iterators[-1] if index not in visited), None)
        if prediction is not None:
            visited.add(prediction)
            taken.append(prediction)
            path.append(partners[prediction])
            iterators.append(iter(candidates[path[-1]]))
            free = _find_free(candidates[path[-1]], partners)
        else:
            path.pop()
            iterators.pop()
            del taken[-1:]
    if free is None:
        return False
    partners.update(zip([*taken, free], path, strict=True))
    return True


def _find_free(predictions: Iterable[int], partners: Mapping[int, int]) -> int | None:
    return next((index for index in predictions if index not in partners), None)


def _find_candidates(gold: Sequence[Span], predicted: Sequence[Span]) -> list[list[int]]:
    """Return, for each gold mention in text order, the predictions that it overlaps."""
    ordered = sorted(predicted)
    starts = [span.start for span in ordered]
    max_length = max((span.length for span in ordered), default=0)
    return [
        [
            index
            for index in range(
                bisect_left(starts, mention.start - max_length), bisect_right(starts, mention.end)
            )
            if mention.type == ordered[index].type and _share_character(mention, ordered[index])
        ]
        for mention in sorted(gold)
    ]


def _share_character(a: Span, b: Span) -> bool:
    return any(s < e2 and s2 < e for s, e in a.pieces for s2, e2 in b.pieces)


def strict_key(span: Span) -> Hashable:
    """Return what must agree for a strict match.

    Fragments are part of the boundaries: a contiguous prediction never matches a discontinuous
    mention.
    """
    return span.start, span.end, span.type, span.fragments


match_strict = _match_by(strict_key)

RELAXED: dict[str, Criterion] = {
    "overlap": match_overlapping,
    "boundaries": _match_by(lambda span: (span.start, span.end, span.fragments)),
    "left": _match_by(lambda span: (span.start, span.type)),
    "right": _match_by(lambda span: (span.end, span.type)),
}
"""Relaxed criteria: same type and a shared character; same boundaries, any type; same left or right
boundary and same type."""
