"""Where to cut: the score from which on mentions are kept, chosen on devel."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import NamedTuple

from vaner.evaluation.counts import Counts
from vaner.evaluation.label_predictions import label_predictions
from vaner.text.documents import Document


class ThresholdCounts(NamedTuple):
    """A threshold and what it gives.

    Args:
        threshold: mentions with at least this score are kept; those without a score always are.
        counts: strict counts of what is kept.
    """

    threshold: float
    counts: Counts


def sweep_thresholds(
    gold: Iterable[Document], predicted: Iterable[Document], types: Sequence[str]
) -> list[ThresholdCounts]:
    """Every threshold that makes a difference, from the lowest up.

    Args:
        gold, predicted: documents with the same ids in the same order.
        types: types to count.
    """
    true = list(gold)
    total = sum(len({s for s in document.spans if s.type in types}) for document in true)
    scored: list[tuple[float, bool]] = []
    tp = fp = 0
    for span, right in chain.from_iterable(label_predictions(true, predicted, types)):
        if span.score is None:
            tp, fp = tp + right, fp + (not right)
        else:
            scored.append((span.score, right))
    scored.sort(key=lambda pair: -pair[0])
    found_cuts = (
        [ThresholdCounts(1.0, Counts(tp, fp, total - tp))] if not scored or scored[0][0] < 1 else []
    )
    for place, (score, right) in enumerate(scored):
        tp, fp = tp + right, fp + (not right)
        if place + 1 == len(scored) or scored[place + 1][0] < score:
            found_cuts.append(ThresholdCounts(score, Counts(tp, fp, total - tp)))
    return found_cuts[::-1]


def find_best_threshold(
    gold: Iterable[Document], predicted: Iterable[Document], types: Sequence[str]
) -> ThresholdCounts:
    """The threshold with the highest strict F1; of equals the lowest.

    >>> from vaner.text.documents import Span
    >>> text = "asthma or gout"
    >>> gold = [Document("1", text, (Span(0, 6, "Disease"),))]
    >>> found = [Document("1", text, (Span(0, 6, "Disease", 0.9), Span(10, 14, "Disease", 0.4)))]
    >>> find_best_threshold(gold, found, ["Disease"]).threshold
    0.9
    """
    return max(sweep_thresholds(gold, predicted, types), key=lambda cut: cut.counts.f1)
