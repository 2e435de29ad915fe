"""Evaluate a recognizer on a corpus: annotate the texts, score, count unreachable mentions.

The command line and scripts use the same function.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from vaner.calibration.reliability import Reliability
from vaner.corpora import base_corpus
from vaner.corpora.statistics import count_duplicates
from vaner.errors import VanerError
from vaner.evaluation.document_alignment import align_documents
from vaner.evaluation.evaluation import (
    Evaluation,
    check_corpus,
    match_corpus_types,
    measure_reliability,
)
from vaner.evaluation.memorized_mentions import MentionKey, seen_mentions
from vaner.evaluation.scorer import score_pairs
from vaner.formats import make_ids_unique
from vaner.recognition.recognizer import Recognizer
from vaner.recognition.score_thresholds import ScoreThresholds
from vaner.text.documents import Corpus, Document, filter_by_score, format_types
from vaner.utils.names import suggest_name

__all__ = ["Evaluation", "ProgressWrapper", "evaluate", "select_types"]

ProgressWrapper = Callable[[Iterator[Document]], Iterator[Document]]
"""Function that wraps a stream of documents, for example to show a progress bar."""


def evaluate(
    recognizer: Recognizer,
    corpus: Corpus,
    *,
    types: str | Sequence[str] | None = None,
    train: Iterable[Document] | None = None,
    min_score: float | Mapping[str, float] | None = None,
    limit: int | None = None,
    name_corpus: bool = True,
    bootstrap: int = 1000,
    seed: int = 0,
    progress: ProgressWrapper = iter,
    **options: Any,
) -> Evaluation:
    """Score a recognizer on a split of a corpus.

    Args:
        recognizer: An annotator, a model, or the matcher of a knowledge base.
        corpus: Gold documents. The recognizer receives them without their mentions.
        types: Types to score, see `select_types`.
        train: Training documents, to score seen and unseen mentions separately.
        min_score: Minimum score of a mention, in [0, 1], or one per type. None: as calibrated.
        limit: Number of documents to score; all if None.
        name_corpus: Name the corpus in the instruction if the model was trained on it.
        bootstrap, seed: Number of resamples for the 95% intervals (0 for none), and their seed.
        progress: Wrapper of the stream of documents, such as a progress bar.
        options: For `annotate` of the recognizer, such as ``consistency=False``.

    Raises:
        VanerError: If there is nothing to score, see `select_types`.
    """
    type_names = select_types(recognizer, corpus, types)
    given = tuple(islice(make_ids_unique(corpus), limit))
    gold = tuple(document.without_duplicates() for document in given)
    name = _training_name(recognizer, corpus.name) if name_corpus else None
    options |= _replace_min_scores(recognizer, min_score)
    started = time.monotonic()
    annotated = progress(recognizer.annotate(map(_strip, gold), type_names, corpus=name, **options))
    predicted = tuple(filter_by_score(document, min_score or 0.0) for document in annotated)
    seconds = time.monotonic() - started
    unreachable = _count_unreachable(recognizer, gold, type_names)
    report = score_pairs(
        align_documents(gold, predicted), sorted(type_names), seen=_list_seen(train),
        unreachable=unreachable.total(), bootstrap=bootstrap, seed=seed,
    )  # fmt: skip
    return Evaluation(
        corpus=corpus.name,
        split=corpus.split,
        types=type_names,
        unsupported_types=_list_unsupported(recognizer, corpus) if types is None else (),
        report=report,
        unreachable=dict(unreachable),
        seconds=seconds,
        predicted=predicted,
        gold=gold,
        reliability=measure_reliability(gold, predicted, type_names),
        uncalibrated=_measure_uncalibrated(recognizer, gold, predicted, type_names),
        total_documents=None if len(gold) == len(corpus) else len(corpus),
        duplicates=count_duplicates(given),
    )


def _list_seen(train: Iterable[Document] | None) -> frozenset[MentionKey] | None:
    return None if train is None else seen_mentions(train)


def _strip(document: Document) -> Document:
    return document.with_spans(())


def _replace_min_scores(recognizer: Recognizer, min_score: object | None) -> dict[str, float]:
    """Return the option for an annotator not to use the minimum scores of its calibration."""
    has_option = isinstance(recognizer, ScoreThresholds)
    return {"min_score": 0.0} if has_option and min_score is not None else {}


def _count_unreachable(
    recognizer: Recognizer, documents: Iterable[Document], types: Sequence[str]
) -> Counter[str]:
    reasons = Counter[str]()
    for document in documents:
        reasons.update(recognizer.unreachable(document, types))
    return reasons


def _list_unsupported(recognizer: Recognizer, corpus: Corpus) -> tuple[str, ...]:
    return tuple(type for type in corpus.types if type not in recognizer.types)


def _measure_uncalibrated(
    recognizer: Recognizer,
    gold: Iterable[Document],
    predicted: Iterable[Document],
    types: Sequence[str],
) -> Reliability | None:
    """Return the reliability of the scores before calibration; None without a calibration."""
    if recognizer.calibration is None:
        return None
    return measure_reliability(gold, map(recognizer.calibration.undo, predicted), types)


def _training_name(recognizer: Recognizer, corpus: str) -> str | None:
    """Return the name of a corpus in the training of a model, for a view its base corpus.

    The result is None if the model was not trained on it.
    """
    names = (corpus, base_corpus(corpus))
    return next((name for name in names if name in recognizer.corpora), None)


def select_types(
    recognizer: Recognizer, corpus: Corpus, types: str | Sequence[str] | None
) -> tuple[str, ...]:
    """Return the types to score, without duplicates.

    Args:
        recognizer: The recognizer.
        corpus: The corpus.
        types: Requested types; None selects those that the corpus annotates and the recognizer
            finds.

    Raises:
        VanerError: If the corpus has no documents or no mentions, does not annotate one of `types`
            or has no type in common with the recognizer, or if the recognizer does not find one of
            `types`.
    """
    check_corpus(corpus)
    if types is None:
        common = tuple(type for type in corpus.types if type in recognizer.types)
        if not common:
            raise VanerError(
                f"corpus {corpus.name} annotates {format_types(corpus.types)}; "
                f"the {recognizer.kind} finds {', '.join(recognizer.types)}: they have no type in "
                "common; rename types that have the same meaning",
                argument="rename",
            )
        return common
    names = match_corpus_types(types, corpus)
    for type in names:
        if type not in recognizer.types and not recognizer.zero_shot:
            raise VanerError(
                f"the {recognizer.kind} does not find {type}; "
                f"it finds {', '.join(recognizer.types)}{suggest_name(type, recognizer.types)}"
            )
    return names
