"""Score the predictions of one system."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import astuple, replace

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
from vaner.evaluation.nesting_groups import group_by_nesting, has_overlaps
from vaner.evaluation.report import Bootstrap, Report, Score
from vaner.text.documents import Document, Span, format_types
from vaner.utils.names import list_types, match_name

Label = tuple[str, str]
"""Label of a row of counts: a group (``strict``, ``relaxed``, ``type``, ``nesting``) and a name."""


def score(
    gold: Iterable[Document],
    predicted: Iterable[Document],
    *,
    types: str | Collection[str] | None = None,
    seen: Collection[MentionKey] | None = None,
    unreachable: int = 0,
    bootstrap: int = 1000,
    seed: int = 0,
) -> Report:
    """Compare predicted and gold mentions, document by document.

    A mention is (document id, start, end, type, fragments). Gold mentions are a set: a mention that
    is annotated twice counts once. Predictions are a multiset: one copy can be correct, every
    further copy is a false positive, so duplicates never improve a score. Documents are paired by
    id; in a gold document without a prediction, all mentions are missed.

    With `seen`, each mention counts as seen or unseen by its text and type. A correct prediction
    has the text and type of its gold mention, so both are on the same side, and the counts of the
    two sides add up to those of all mentions. If gold mentions overlap, the report has scores for
    flat, nested, outermost … mentions too, see `vaner.evaluation.nesting_groups`; their counts add
    up in the same way.

    Args:
        gold: Documents with all annotated mentions, including those the system cannot represent.
        predicted: Documents with the same ids and texts.
        types: Types to score, or one of them, in upper or lower case; mentions of other types are
            ignored. None scores all that occur.
        seen: Mentions of the training documents, from `seen_mentions`, or None.
        unreachable: Number of gold mentions the system cannot represent, for the report.
        bootstrap: Number of bootstrap resamples for the 95% intervals; 0 computes no intervals.
        seed: Seed of the bootstrap.

    Raises:
        VanerError: If documents do not match (see `align_documents`), if `bootstrap` is negative,
            or if only mentions of other types than `types` occur.

    >>> gold = [Document("1", "Asthma and flu", (Span(0, 6, "Disease"), Span(11, 14, "Disease")))]
    >>> score(gold, [gold[0].with_spans(gold[0].spans[:1])]).micro.recall
    0.5
    """
    pairs = align_documents(gold, predicted)
    return score_pairs(
        pairs, list_scored_types(pairs, types), seen=seen, unreachable=unreachable,
        bootstrap=bootstrap, seed=seed,
    )  # fmt: skip


def score_pairs(
    pairs: Sequence[Pair],
    names: Sequence[str],
    *,
    seen: Collection[MentionKey] | None = None,
    unreachable: int = 0,
    bootstrap: int = 1000,
    seed: int = 0,
) -> Report:
    """Score pairs of gold and predicted documents, see `score`.

    Args:
        pairs: The pairs.
        names: Types to score, whether they occur or not.
        seen, unreachable, bootstrap, seed: See `score`.
    """
    if bootstrap < 0:
        raise VanerError(f"the number of bootstrap resamples must not be negative: {bootstrap}")
    is_nested = any(has_overlaps(_select_mentions(pair, names)[0]) for pair in pairs)
    document_rows = [_count_document(pair, names, seen, is_nested) for pair in pairs]
    labels = list(document_rows[0])
    counts = np.array(
        [[astuple(row) for row in rows.values()] for rows in document_rows], dtype=float
    )
    units = _sum_by_source(counts, pairs)
    samples = resample_counts(units, bootstrap, seed) if bootstrap else None
    report = _build_report(labels, counts.sum(axis=0), samples)
    return replace(
        report,
        documents=len(pairs),
        unreachable=unreachable,
        bootstrap=Bootstrap(bootstrap, seed, len(units)) if bootstrap else None,
    )


def _build_report(labels: Sequence[Label], totals: Array, samples: Array | None) -> Report:
    """Return the scores of all rows as a report, without the settings.

    Args:
        labels: Label of each row.
        totals: Total counts. *Shape:* (L, 3).
        samples: Resampled counts, for the intervals, or None. *Shape:* (R, L, 3).
    """
    scores = dict(zip(labels, _to_scores(totals, samples), strict=True))
    types = {name: row for (group, name), row in scores.items() if group == "type"}
    nesting = {name: row for (group, name), row in scores.items() if group == "nesting"}
    occurring = [labels.index(("type", name)) for name, row in types.items() if _occurs(row)]
    return Report(
        documents=0,
        micro=scores["strict", "all"],
        macro=_macro_average(totals[occurring], samples, occurring),
        types=types,
        relaxed={name: scores["relaxed", name] for name in RELAXED},
        seen=scores.get(("strict", "seen")),
        unseen=scores.get(("strict", "unseen")),
        nesting=nesting or None,
    )


def count_strict_matches(pairs: Sequence[Pair], names: Sequence[str]) -> Array:
    """Return the strict counts of each document over all scored types.

    Sentences that belong to the same document according to the corpus are counted together.

    Args:
        pairs: Pairs of gold and predicted documents.
        names: Types to score.

    Returns:
        Counts. *Shape:* (D, 3).
    """
    rows = [astuple(count_matches(*_select_mentions(pair, names), match_strict)) for pair in pairs]
    return _sum_by_source(np.array(rows, dtype=np.float64), pairs)


def _sum_by_source(counts: Array, pairs: Sequence[Pair]) -> Array:
    """Return counts summed over the sentences of each source document.

    Args:
        counts: Counts of each text. *Shape:* (D, …).
        pairs: The texts.

    Returns:
        *Shape:* (S, …), with S source documents.
    """
    rows: dict[object, int] = {}
    row_ids = [rows.setdefault(gold.source_id or i, len(rows)) for i, (gold, _) in enumerate(pairs)]
    totals = np.zeros((len(rows), *counts.shape[1:]), dtype=np.float64)
    np.add.at(totals, row_ids, counts)
    return totals


def list_scored_types(
    pairs: Sequence[Pair], types: str | Collection[str] | None
) -> tuple[str, ...]:
    """Return the types to score, sorted.

    Args:
        pairs: Pairs of gold and predicted documents.
        types: Requested types, or one of them; None scores all that occur.

    Raises:
        VanerError: If no type is requested, or if only mentions of other types occur.
    """
    occurring = sorted({span.type for pair in pairs for side in pair for span in side.spans})
    if types is None:
        return tuple(occurring)
    if not (requested := list_types(types)):
        raise VanerError("types is empty; leave it out to score all types")
    names = sorted({match_name(name, occurring) or name for name in requested})
    if occurring and not set(names) & set(occurring):
        raise VanerError(
            f"no mention has the type {' or '.join(names)}; the types are {format_types(occurring)}"
        )
    return tuple(names)


def _select_mentions(pair: Pair, types: Collection[str]) -> tuple[list[Span], list[Span]]:
    """Return the gold mentions without duplicates and all predictions, of the scored types."""
    gold, predicted = pair
    gold_spans = dict.fromkeys(span for span in gold.spans if span.type in types)
    return list(gold_spans), [span for span in predicted.spans if span.type in types]


def _count_document(
    pair: Pair, types: Sequence[str], seen: Collection[MentionKey] | None, is_nested: bool
) -> dict[Label, Counts]:
    """Return the counts of one document; the labels are the same for all documents."""
    gold, predicted = _select_mentions(pair, types)
    rows = {("strict", "all"): count_matches(gold, predicted, match_strict)}
    for name, criterion in RELAXED.items():
        rows["relaxed", name] = count_matches(gold, predicted, criterion)
    spans = {*gold, *predicted}
    for name in types:
        spans_of_type = {span for span in spans if span.type == name}
        rows["type", name] = _count_strict_within(spans_of_type, gold, predicted)
    if seen is not None:
        seen_spans = {span for span in spans if mention_key(pair[0], span) in seen}
        rows["strict", "seen"] = _count_strict_within(seen_spans, gold, predicted)
        rows["strict", "unseen"] = _count_strict_within(spans - seen_spans, gold, predicted)
    if is_nested:
        for name, group in group_by_nesting(gold, predicted).items():
            rows["nesting", name] = _count_strict_within(group, gold, predicted)
    return rows


def _count_strict_within(
    selected: set[Span], gold: Iterable[Span], predicted: Iterable[Span]
) -> Counts:
    """Return the strict counts of the mentions in `selected`."""
    return count_matches(
        [span for span in gold if span in selected],
        [span for span in predicted if span in selected],
        match_strict,
    )


def _to_scores(totals: Array, samples: Array | None) -> list[Score]:
    """Return the scores of each row.

    Args:
        totals: Total counts. *Shape:* (L, 3).
        samples: Resampled counts, for the intervals, or None. *Shape:* (R, L, 3).
    """
    intervals: list[Intervals | None] = [None] * len(totals)
    if samples is not None:
        sampled_scores = np.moveaxis(precision_recall_f1(samples), 1, 0)
        intervals = [percentile_intervals(row) for row in sampled_scores]
    counts = [Counts(*(int(value) for value in row)) for row in totals]
    return [
        Score.from_counts(row, interval) for row, interval in zip(counts, intervals, strict=True)
    ]


def _occurs(row: Score) -> bool:
    return row.counts != Counts(0, 0, 0)


def _macro_average(totals: Array, samples: Array | None, rows: list[int]) -> Score:
    """Return the mean of the scores of the types that occur.

    Args:
        totals: Total counts of these types. *Shape:* (K, 3).
        samples: Resampled counts of all rows, or None. *Shape:* (R, L, 3).
        rows: Rows of `samples` of these types.
    """
    if not rows:
        return Score(0.0, 0.0, 0.0)
    precision, recall, f1 = (float(value) for value in precision_recall_f1(totals).mean(axis=0))
    intervals = None
    if samples is not None:
        sampled_means = precision_recall_f1(samples[:, rows]).mean(axis=1)
        intervals = percentile_intervals(sampled_means)
    return Score(precision, recall, f1, intervals=intervals)
