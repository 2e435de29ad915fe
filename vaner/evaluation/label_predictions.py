"""Label predicted mentions as correct or wrong."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from vaner.calibration.labels import LabeledMention
from vaner.evaluation.match_criteria import strict_key
from vaner.text.documents import Document


def label_predictions(
    gold: Iterable[Document], predicted: Iterable[Document], types: Collection[str]
) -> Iterator[list[LabeledMention]]:
    """Yield the predicted mentions of each document with their labels, most probable first.

    Of two predictions that match one gold mention, the more probable is correct; a mention without
    a score counts as most probable. The number of correct predictions is that of
    `vaner.evaluation.score`.

    Args:
        gold, predicted: Documents with the same ids in the same order.
        types: Entity types to label; mentions of other types are left out.

    >>> from vaner.text.documents import Span
    >>> gold = Document("1", "asthma", (Span(0, 6, "Disease"),))
    >>> predicted = gold.with_spans([Span(0, 6, "Disease", 0.4), Span(0, 6, "Disease", 0.9)])
    >>> labeled = next(label_predictions([gold], [predicted], ["Disease"]))
    >>> [(span.score, is_correct) for span, is_correct in labeled]
    [(0.9, True), (0.4, False)]
    """
    for gold_document, document in zip(gold, predicted, strict=True):
        unmatched = {strict_key(span) for span in gold_document.spans}
        ranked = sorted(document.spans, key=lambda s: -(s.score if s.score is not None else 2.0))
        labeled: list[LabeledMention] = []
        for span in ranked:
            if span.type in types:
                labeled.append((span, strict_key(span) in unmatched))
                unmatched.discard(strict_key(span))
        yield labeled
