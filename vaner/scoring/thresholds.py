"""Where to cut: the score from which on mentions are kept, chosen on devel."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from typing import NamedTuple

from vaner.documents import Document
from vaner.scoring.counts import Counts
from vaner.scoring.matching import strict_key


class Cut(NamedTuple):
    """A threshold and what it gives.

    Args:
        threshold: mentions with at least this score are kept; those without a score always are.
        counts: strict counts of what is kept.
    """

    threshold: float
    counts: Counts


def cuts(
    gold: Iterable[Document], predicted: Iterable[Document], types: Sequence[str]
) -> list[Cut]:
    """Every threshold that makes a difference, from the lowest up.

    Args:
        gold, predicted: documents with the same ids in the same order.
        types: types to count.
    """
    wanted: Counter[tuple[int, Hashable]] = Counter()
    scored: list[tuple[float, bool]] = []
    tp = fp = 0
    for number, (true, found) in enumerate(zip(gold, predicted, strict=True)):
        wanted.update({(number, strict_key(s)) for s in true.spans if s.type in types})
        # Of two for one gold mention the more probable is the right one, as scoring has it.
        for span in sorted(found.spans, key=lambda s: -(s.score if s.score is not None else 2.0)):
            if span.type not in types:
                continue
            key = number, strict_key(span)
            right = wanted[key] > 0
            wanted[key] -= right
            if span.score is None:
                tp, fp = tp + right, fp + (not right)
            else:
                scored.append((span.score, right))
    total = wanted.total() + tp + sum(right for _, right in scored)
    scored.sort(key=lambda pair: -pair[0])
    found_cuts = [Cut(1.0, Counts(tp, fp, total - tp))] if not scored or scored[0][0] < 1 else []
    for place, (score, right) in enumerate(scored):
        tp, fp = tp + right, fp + (not right)
        if place + 1 == len(scored) or scored[place + 1][0] < score:
            found_cuts.append(Cut(score, Counts(tp, fp, total - tp)))
    return found_cuts[::-1]


def best_cut(gold: Iterable[Document], predicted: Iterable[Document], types: Sequence[str]) -> Cut:
    """The threshold with the highest strict F1; of equals the lowest.

    >>> from vaner.documents import Span
    >>> text = "asthma or gout"
    >>> gold = [Document("1", text, (Span(0, 6, "Disease"),))]
    >>> found = [Document("1", text, (Span(0, 6, "Disease", 0.9), Span(10, 14, "Disease", 0.4)))]
    >>> best_cut(gold, found, ["Disease"]).threshold
    0.9
    """
    return max(cuts(gold, predicted, types), key=lambda cut: cut.counts.f1)


def cut_for_precision(
    gold: Iterable[Document], predicted: Iterable[Document], types: Sequence[str], wanted: float
) -> Cut | None:
    """The lowest threshold whose precision is at least so high; None where there is none."""
    reached = (
        cut
        for cut in cuts(gold, predicted, types)
        if cut.counts.predicted and cut.counts.precision >= wanted
    )
    return next(reached, None)
