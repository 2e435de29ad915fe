"""The same answer for the same name in all of a document.

A model reads sentence by sentence. Where "type 2 diabetes mellitus (T2DM)" is defined, it knows
what T2DM is; in a later sentence it may not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Set
from dataclasses import replace
from itertools import pairwise
from types import MappingProxyType

from vaner.linking.abbreviations import find_abbreviations
from vaner.text.documents import Document, Span
from vaner.text.normalized_document import apply_normalized
from vaner.text.words import split_words

MIN_MEAN_SCORE = 0.4  # chosen on the dev sets of five corpora, see experiments/document_consistency
_MAX_LENGTH = 200  # characters of a name that is searched for
_MIN_FOLDED_LENGTH = 5  # characters of a name that is the same name with another first capital


def make_consistent(
    document: Document, min_scores: Mapping[str, float] = MappingProxyType({})
) -> Document:
    """Return a document in which equal names have equal answers.

    First, abbreviations get the type of their long form (`tag_abbreviations`). Then each name gets
    one type, and either all of its occurrences are mentions or none (`tag_repeated_names`). Last,
    improbable names are dropped (`drop_improbable_names`).

    Args:
        document: with predicted mentions. A document with a mention that has no score, such as a
            dictionary's, is returned as it is.
        min_scores: minimum score of each type that has one.
    """
    if any(span.score is None for span in document.spans):
        return document

    def change(read: Document) -> Document:
        return drop_improbable_names(tag_repeated_names(tag_abbreviations(read)), min_scores)

    return apply_normalized(change, document)


def tag_abbreviations(document: Document) -> Document:
    """Return a document in which abbreviations have the type of their long form everywhere.

    An abbreviation is changed only if its long form is a mention where it is defined. Occurrences
    inside other mentions remain as they are; new mentions have the score of the long form.

    Args:
        document: with predicted mentions.

    >>> text = "Gout flare (GF) hurts. GF recurs."
    >>> document = Document("1", text, (Span(0, 10, "Disease", 0.9),))
    >>> [(span.start, span.end, span.type) for span in tag_abbreviations(document).spans]
    [(0, 10, 'Disease'), (12, 14, 'Disease'), (23, 25, 'Disease')]
    """
    by_score = sorted(document.spans, key=lambda span: span.score or 0.0)  # the last one remains
    mentions = {(span.start, span.end): span for span in by_score if not span.fragments}
    known = {
        _fold_case(document.text[definition.short_start : definition.short_end]): long_form
        for definition in find_abbreviations(document.text)
        if (long_form := mentions.get((definition.long_start, definition.long_end))) is not None
    }
    if not known:
        return document
    covered, added = _cover(document), []
    for start, end, short in _find_names(document.text, known.keys()):
        if not any(covered[start:end]):
            added.append(Span(start, end, known[short].type, known[short].score))
            covered[start:end] = b"\1" * (end - start)
    remaining = _change_types(document, {short: span.type for short, span in known.items()})
    return document.with_spans(sorted([*remaining, *added]))


def tag_repeated_names(document: Document) -> Document:
    """Return a document in which a name has one type, everywhere or nowhere.

    "Asthma" at the start of a sentence and "asthma" are one name (`_fold_case`).

    The type is that with the greatest sum of scores. Occurrences that are not mentions count as 0
    in the mean of the scores over all occurrences: from `MIN_MEAN_SCORE` on, all of them are
    mentions, below it none. Occurrences inside longer mentions are not counted, and remain.

    Args:
        document: with predicted mentions.

    >>> text = "Gout hurts. Gout recurs."
    >>> document = Document("1", text, (Span(0, 4, "Disease", 0.9),))
    >>> [(span.start, span.end, span.score) for span in tag_repeated_names(document).spans]
    [(0, 4, 0.9), (12, 16, 0.45)]
    """
    scores: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    counts: dict[str, int] = defaultdict(int)
    for span in document.spans:
        if not span.fragments:
            name = _fold_case(document.text[span.start : span.end])
            scores[name][span.type] += span.score or 0.0
            counts[name] += 1
    covered = _cover(document)
    missed: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for start, end, name in _find_names(document.text, scores.keys()):
        if not any(covered[start:end]):
            missed[name].append((start, end))
            covered[start:end] = b"\1" * (end - start)
    types = {name: max(sums, key=sums.__getitem__) for name, sums in scores.items()}
    means = {
        name: sum(scores[name].values()) / (counts[name] + len(extents))
        for name, extents in missed.items()
    }
    remaining = [
        span
        for span in _change_types(document, types)
        if span.fragments
        or means.get(_fold_case(document.text[span.start : span.end]), 1.0) >= MIN_MEAN_SCORE
    ]
    added = [
        Span(start, end, types[name], means[name])
        for name, extents in missed.items()
        if means[name] >= MIN_MEAN_SCORE
        for start, end in extents
    ]
    return document.with_spans(sorted([*remaining, *added]))


def drop_improbable_names(document: Document, min_scores: Mapping[str, float]) -> Document:
    """Return a document without the names whose mean score is below the minimum of their type.

    Args:
        document: with predicted mentions that have scores.
        min_scores: minimum score of each type that has one.

    >>> spans = (Span(0, 4, "Disease", 0.4), Span(6, 10, "Disease", 0.7), Span(11, 14, "Gene", 0.4))
    >>> document = Document("1", "gout, gout INS", spans)
    >>> len(drop_improbable_names(document, {"Disease": 0.5, "Gene": 0.5}).spans)
    2
    """
    scores: dict[tuple[str, str], list[float]] = defaultdict(list)
    names = [(_fold_case(document.mention(span)), span.type) for span in document.spans]
    for name, span in zip(names, document.spans, strict=True):
        scores[name].append(span.score or 0.0)
    return document.with_spans(
        span
        for name, span in zip(names, document.spans, strict=True)
        if sum(scores[name]) >= min_scores.get(span.type, 0.0) * len(scores[name])
    )


def _change_types(document: Document, types: Mapping[str, str]) -> list[Span]:
    """Return the mentions of a document, those of the given names with the given types.

    Two mentions of one extent remain as they are: the name has both types.
    """
    extents: dict[tuple[int, int], int] = defaultdict(int)
    for span in document.spans:
        extents[span.start, span.end] += 1
    spans = []
    for span in document.spans:
        type = types.get(_fold_case(document.text[span.start : span.end]), span.type)
        if type != span.type and not span.fragments and extents[span.start, span.end] == 1:
            span = replace(span, type=type, identifiers=(), candidates=())
        spans.append(span)
    return spans


def _cover(document: Document) -> bytearray:
    """Return a 1 for each character that is in a mention, a 0 for the others."""
    covered = bytearray(len(document.text))
    for span in document.spans:
        covered[span.start : span.end] = b"\1" * (span.end - span.start)
    return covered


def _fold_case(name: str) -> str:
    """Return a name without the capitals of a heading or the start of a sentence.

    Short names and those with capitals inside words, as of genes, remain as they are.

    >>> [_fold_case(name) for name in ("Breast Cancer", "Imatinib", "BRCA1", "Met")]
    ['breast cancer', 'imatinib', 'BRCA1', 'Met']
    """
    has_inner_capitals = any(
        before.isalnum() and after.isupper() for before, after in pairwise(name)
    )
    folded = name.lower()
    if len(name) < _MIN_FOLDED_LENGTH or has_inner_capitals or len(folded) != len(name):
        return name
    return folded


def _find_names(text: str, names: Set[str]) -> Iterator[tuple[int, int, str]]:
    """Yield start, end and folded name of each occurrence, as complete words; longest first.

    Args:
        text: the text to search.
        names: the names, as `_fold_case` returns them.
    """
    lengths: dict[str, set[int]] = defaultdict(set)  # by the first character
    for name in names:
        if 0 < len(name) <= _MAX_LENGTH:
            lengths[name[0].lower()].add(len(name))
    longest_first = {first: sorted(of_first, reverse=True) for first, of_first in lengths.items()}
    words = split_words(text)
    ends = {word.end for word in words}
    for word in words:
        for length in longest_first.get(text[word.start].lower(), ()):
            end = word.start + length
            if end in ends and (name := _fold_case(text[word.start : end])) in names:
                yield word.start, end, name
