"""Scoring one system: documents in, a report out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import astuple

import numpy as np

from vaner.errors import VanerError
from vaner.evaluation.bootstrap import (
    Array,
    Intervals,
    percentile_intervals,
    precision_recall_f1,
    resample_counts,
)
from vaner.evaluation.counts import Counts
from vaner.evaluation.document_alignment import Pair, align_documents
from vaner.evaluation.match_criteria import RELAXED, count_matches, match_strict
from vaner.evaluation.memorized_mentions import MentionKey, mention_key
from vaner.evaluation.nesting_groups import GROUPS, group_by_nesting, has_overlaps
from vaner.evaluation.report import Bootstrap, Report, Score
from vaner.text.documents import Document, Span

Label = tuple[str, str]
"""Names a row of counts: a group (``strict``, ``relaxed``, ``type``, ``nesting``), and a name in
it."""


def score(
    gold: Iterable[Document],
    predicted: Iterable[Document],
    *,
    types: Collection[str] | None = None,
    seen: Collection[MentionKey] | None = None,
    unreachable: int = 0,
    bootstrap: int = 1000,
    seed: int = 0,
) -> Report:
    """Compare predicted with gold mentions, document by document.

    A mention is (document id, start, end, type, fragments). Gold is a set: a mention annotated
    twice counts once. Predictions are a multiset: the first copy can be right, every further one
    is a false positive, so repeating oneself never pays. Documents are paired by id, and a gold
    document without a prediction has all its mentions missed.

    With `seen`, gold and predicted mentions are each put on the side their own text and type put
    them. A right prediction has the text and type of its gold mention, so both always fall on one
    side and the counts of the two sides add up to the whole: precision and F1 are as well defined
    as recall. Where gold mentions overlap, the report has figures for flat, nested, outermost …
    mentions too, which `vaner.evaluation.nesting_groups` explains; they add up in the same way.

    Args:
        gold: documents with the annotated mentions, those no system can reach included.
        predicted: documents with the same ids and texts.
        types: types to score, others being left out on both sides; None scores all that occur.
        seen: what `seen_mentions` made of the training documents, or None.
        unreachable: number of gold mentions out of reach, only carried into the report.
        bootstrap: number of resamples behind the 95% intervals; 0 for none.
        seed: seed of the resampling.

    Raises:
        VanerError: where documents do not fit together (see `align`) or `bootstrap` is negative.

    >>> gold = [Document("1", "Asthma and flu", (Span(0, 6, "Disease"), Span(11, 14, "Disease")))]
    >>> score(gold, [gold[0].with_spans(gold[0].spans[:1])]).micro.recall
    0.5
    """
    if bootstrap < 0:
        raise VanerError(f"the number of bootstrap resamples must not be negative: {bootstrap}")
    pairs = align_documents(gold, predicted)
    names = _types(pairs, types)
    nested = any(has_overlaps(_mentions(pair, names)[0]) for pair in pairs)
    documents = [_document_rows(pair, names, seen, nested) for pair in pairs]
    labels = list(documents[0])
    counts = np.array([[astuple(row) for row in rows.values()] for rows in documents], dtype=float)
    drawn = _of_documents(counts, pairs)
    samples = resample_counts(drawn, bootstrap, seed) if bootstrap else None
    scores = dict(zip(labels, _scores(counts.sum(axis=0), samples), strict=True))
    by_type = {name: scores["type", name] for name in names}
    occurring = [labels.index(("type", name)) for name, row in by_type.items() if _occurs(row)]
    return Report(
        documents=len(pairs),
        micro=scores["strict", "all"],
        macro=_macro(counts.sum(axis=0)[occurring], samples, occurring),
        types=by_type,
        relaxed={name: scores["relaxed", name] for name in RELAXED},
        seen=scores.get(("strict", "seen")),
        unseen=scores.get(("strict", "unseen")),
        nesting={name: scores["nesting", name] for name in GROUPS} if nested else None,
        unreachable=unreachable,
        bootstrap=Bootstrap(bootstrap, seed, len(drawn)) if bootstrap else None,
    )


def count_strict_matches(pairs: Sequence[Pair], types: Collection[str] | None = None) -> Array:
    """Strict counts of every document over all scored types, shape (D, 3).

    Sentences that the corpus says are of one document are counted together.
    """
    names = _types(pairs, types)
    rows = [astuple(count_matches(*_mentions(pair, names), match_strict)) for pair in pairs]
    return _of_documents(np.array(rows, dtype=np.float64), pairs)


def _of_documents(counts: Array, pairs: Sequence[Pair]) -> Array:
    """The counts of what stands alone: sentences that are of one document together.

    Shape:
        counts: (D, …); result: (the number of such documents, …).
    """
    rows: dict[object, int] = {}
    place = [rows.setdefault(gold.source_id or i, len(rows)) for i, (gold, _) in enumerate(pairs)]
    found = np.zeros((len(rows), *counts.shape[1:]), dtype=np.float64)
    np.add.at(found, place, counts)
    return found


def _types(pairs: Sequence[Pair], types: Collection[str] | None) -> tuple[str, ...]:
    if types is not None:
        return tuple(sorted(set(types)))
    return tuple(sorted({span.type for pair in pairs for side in pair for span in side.spans}))


def _mentions(pair: Pair, types: Collection[str]) -> tuple[list[Span], list[Span]]:
    """Gold mentions as a set, predicted ones as they come, of the scored types."""
    gold, predicted = pair
    kept = dict.fromkeys(span for span in gold.spans if span.type in types)
    return list(kept), [span for span in predicted.spans if span.type in types]


def _document_rows(
    pair: Pair, types: Sequence[str], seen: Collection[MentionKey] | None, nested: bool
) -> dict[Label, Counts]:
    """Counts of one document under every label; the labels are the same for all documents."""
    gold, predicted = _mentions(pair, types)
    rows = {("strict", "all"): count_matches(gold, predicted, match_strict)}
    for name, criterion in RELAXED.items():
        rows["relaxed", name] = count_matches(gold, predicted, criterion)
    spans = {*gold, *predicted}
    for name in types:
        of_type = {span for span in spans if span.type == name}
        rows["type", name] = _strict_within(of_type, gold, predicted)
    if seen is not None:
        known = {span for span in spans if mention_key(pair[0], span) in seen}
        rows["strict", "seen"] = _strict_within(known, gold, predicted)
        rows["strict", "unseen"] = _strict_within(spans - known, gold, predicted)
    if nested:
        for name, group in group_by_nesting(gold, predicted).items():
            rows["nesting", name] = _strict_within(group, gold, predicted)
    return rows


def _strict_within(kept: set[Span], gold: Iterable[Span], predicted: Iterable[Span]) -> Counts:
    """Strict counts over the mentions in `kept` alone."""
    return count_matches(
        [span for span in gold if span in kept],
        [span for span in predicted if span in kept],
        match_strict,
    )


def _scores(totals: Array, samples: Array | None) -> list[Score]:
    """One score a row of totals (L, 3), with intervals from samples (R, L, 3)."""
    found: list[Intervals | None] = [None] * len(totals)
    if samples is not None:
        found = [
            percentile_intervals(row) for row in np.moveaxis(precision_recall_f1(samples), 1, 0)
        ]
    counts = [Counts(*(int(value) for value in row)) for row in totals]
    return [Score.from_counts(row, ends) for row, ends in zip(counts, found, strict=True)]


def _occurs(row: Score) -> bool:
    return row.counts != Counts(0, 0, 0)


def _macro(totals: Array, samples: Array | None, rows: list[int]) -> Score:
    """Mean of the figures of the types that occur, whose totals are (K, 3), samples' `rows`."""
    if not rows:
        return Score(0.0, 0.0, 0.0)
    precision, recall, f1 = (float(value) for value in precision_recall_f1(totals).mean(axis=0))
    ends = (
        percentile_intervals(precision_recall_f1(samples[:, rows]).mean(axis=1))
        if samples is not None
        else None
    )
    return Score(precision, recall, f1, intervals=ends)
