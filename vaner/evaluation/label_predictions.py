"""Predicted mentions one by one: which of them are right."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from vaner.calibration.labels import LabeledMention
from vaner.evaluation.match_criteria import strict_key
from vaner.text.documents import Document


def label_predictions(
    gold: Iterable[Document], predicted: Iterable[Document], types: Collection[str]
) -> Iterator[list[LabeledMention]]:
    """The predicted mentions of each document, the most probable first.

    Of two for one gold mention the more probable is the right one, and one without a score is
    more probable than any: as many are right as `vaner.evaluation.score` says.

    Args:
        gold, predicted: documents with the same ids in the same order.
        types: types to judge; others are left out.

    >>> from vaner.text.documents import Span
    >>> gold = Document("1", "asthma", (Span(0, 6, "Disease"),))
    >>> predicted = gold.with_spans([Span(0, 6, "Disease", 0.4), Span(0, 6, "Disease", 0.9)])
    >>> labeled = next(label_predictions([gold], [predicted], ["Disease"]))
    >>> [(span.score, is_correct) for span, is_correct in labeled]
    [(0.9, True), (0.4, False)]
    """
    for true, found in zip(gold, predicted, strict=True):
        wanted = {strict_key(span) for span in true.spans}
        ranked = sorted(found.spans, key=lambda s: -(s.score if s.score is not None else 2.0))
        some: list[LabeledMention] = []
        for span in ranked:
            if span.type in types:
                some.append((span, strict_key(span) in wanted))
                wanted.discard(strict_key(span))
        yield some
