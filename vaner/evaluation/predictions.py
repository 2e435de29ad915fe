"""Score the predictions of any system, from documents. No model is loaded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain

from vaner.corpora.statistics import count_duplicates
from vaner.errors import VanerError
from vaner.evaluation.document_alignment import align_documents
from vaner.evaluation.evaluation import (
    Evaluation,
    check_corpus,
    match_corpus_types,
    measure_reliability,
)
from vaner.evaluation.memorized_mentions import seen_mentions
from vaner.evaluation.prediction_alignment import Alignment, align_predictions
from vaner.evaluation.scorer import score_pairs
from vaner.text.documents import Corpus, Document, filter_by_score, format_types


def evaluate_predictions(
    corpus: Corpus,
    predicted: Iterable[Document],
    *,
    types: str | Sequence[str] | None = None,
    train: Iterable[Document] | None = None,
    min_score: float | Mapping[str, float] | None = None,
    limit: int | None = None,
    only_predicted: bool = False,
    bootstrap: int = 1000,
    seed: int = 0,
) -> Evaluation:
    """Score predictions that any system wrote, against a split of a corpus.

    Documents are paired by id, then by text. The result names those missing on either side.

    Args:
        corpus: Gold documents.
        predicted: Documents with the predicted mentions.
        types: Types to score; None scores all that the corpus annotates.
        train: Training documents, to score seen and unseen mentions separately.
        min_score: Minimum score of a prediction, in [0, 1]; one value or one per type. None is 0.
        limit: Number of gold documents to score; all if None.
        only_predicted: Leave out gold documents without predictions, whose mentions are missed.
        bootstrap, seed: Number of resamples for the 95% intervals, or 0, and their seed.

    Raises:
        VanerError: If no document is on both sides, or gold and predictions have no type in common.

    >>> from vaner.text.documents import Span
    >>> gold = Document("1", "Gout and flu", (Span(0, 4, "Disease"), Span(9, 12, "Disease")))
    >>> corpus, predicted = Corpus("letters", "test", (gold,)), gold.with_spans(gold.spans[:1])
    >>> evaluation = evaluate_predictions(corpus, [predicted], bootstrap=0)
    >>> evaluation.report.micro.precision, evaluation.report.micro.recall
    (1.0, 0.5)
    """
    alignment, total = _align(corpus, predicted, min_score or 0.0, limit, only_predicted)
    names = _select_types(corpus, alignment, types)
    gold = tuple(document.without_duplicates() for document in alignment.gold)
    seen = None if train is None else seen_mentions(train)
    report = score_pairs(
        align_documents(gold, alignment.predicted), sorted(names), seen=seen,
        bootstrap=bootstrap, seed=seed,
    )  # fmt: skip
    return Evaluation(
        corpus=corpus.name,
        split=corpus.split,
        types=names,
        unsupported_types=(),
        report=report,
        unreachable={},
        seconds=0.0,
        predicted=alignment.predicted,
        gold=gold,
        reliability=measure_reliability(gold, alignment.predicted, names),
        total_documents=None if len(gold) == total else total,
        duplicates=count_duplicates(alignment.gold),
        alignment=alignment,
    )


def _align(
    corpus: Corpus,
    predicted: Iterable[Document],
    min_score: float | Mapping[str, float],
    limit: int | None,
    only_predicted: bool,
) -> tuple[Alignment, int]:
    """Return the documents to score, and the number that there would be without `limit`.

    Raises:
        VanerError: If there is nothing to score.
    """
    check_corpus(corpus)
    alignment = align_predictions(corpus, predicted)
    if only_predicted:
        alignment = alignment.only_predicted()
    predictions = (filter_by_score(d, min_score) for d in alignment.predicted[:limit])
    scored = replace(alignment, gold=alignment.gold[:limit], predicted=tuple(predictions))
    return scored, len(alignment.gold)


def count_predictions(alignment: Alignment) -> Counter[str]:
    """Return the number of predicted mentions per type."""
    return Counter(chain.from_iterable(d.count_mentions().elements() for d in alignment.predicted))


def _select_types(
    corpus: Corpus, alignment: Alignment, types: str | Sequence[str] | None
) -> tuple[str, ...]:
    """Return the types to score.

    Raises:
        VanerError: If the corpus does not annotate a type, or the predictions have no such type.
    """
    names = corpus.types if types is None else match_corpus_types(types, corpus)
    predicted = count_predictions(alignment)
    if predicted and not set(names) & predicted.keys():
        raise VanerError(
            f"corpus {corpus.name} annotates {format_types(names)}; the predictions have "
            f"{format_types(sorted(predicted))}: they have no type in common; rename types that "
            "have the same meaning",
            argument="rename",
        )
    return names
