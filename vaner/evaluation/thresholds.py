"""Choose a score threshold on a dev set."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import NamedTuple

from vaner.evaluation.counts import Counts
from vaner.evaluation.label_predictions import label_predictions
from vaner.text.documents import Document


class ThresholdCounts(NamedTuple):
    """A threshold and the counts of the mentions that reach it.

    Args:
        threshold: Lowest score of a mention. Mentions without a score always reach it.
        counts: Strict counts of the mentions that reach the threshold.
    """

    threshold: float
    counts: Counts


def sweep_thresholds(
    gold: Iterable[Document], predicted: Iterable[Document], types: Sequence[str]
) -> list[ThresholdCounts]:
    """Return all thresholds that give different counts, in ascending order.

    Args:
        gold, predicted: Documents with the same ids in the same order.
        types: Entity types to count.
    """
    gold_documents = list(gold)
    total = sum(len({s for s in document.spans if s.type in types}) for document in gold_documents)
    scored: list[tuple[float, bool]] = []
    tp = fp = 0
    labeled = chain.from_iterable(label_predictions(gold_documents, predicted, types))
    for span, is_correct in labeled:
        if span.score is None:
            tp, fp = tp + is_correct, fp + (not is_correct)
        else:
            scored.append((span.score, is_correct))
    scored.sort(key=lambda pair: -pair[0])
    results: list[ThresholdCounts] = []
    if not scored or scored[0][0] < 1:
        results.append(ThresholdCounts(1.0, Counts(tp, fp, total - tp)))
    for i, (score, is_correct) in enumerate(scored):
        tp, fp = tp + is_correct, fp + (not is_correct)
        if i + 1 == len(scored) or scored[i + 1][0] < score:
            results.append(ThresholdCounts(score, Counts(tp, fp, total - tp)))
    return results[::-1]


def find_best_threshold(
    gold: Iterable[Document], predicted: Iterable[Document], types: Sequence[str]
) -> ThresholdCounts:
    """Return the threshold with the highest strict F1; the lowest of several.

    Args:
        gold, predicted: Documents with the same ids in the same order.
        types: Entity types to count.

    >>> from vaner.text.documents import Span
    >>> gold = Document("1", "asthma or gout", (Span(0, 6, "Disease"),))
    >>> predicted = gold.with_spans((Span(0, 6, "Disease", 0.9), Span(10, 14, "Disease", 0.4)))
    >>> find_best_threshold([gold], [predicted], ["Disease"]).threshold
    0.9
    """
    return max(sweep_thresholds(gold, predicted, types), key=lambda item: item.counts.f1)
