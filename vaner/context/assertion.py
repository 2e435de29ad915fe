"""Which mentions are negated, uncertain, in the past, or about a relative of the patient.

Sources: NegEx (Chapman et al., J Biomed Inform 2001) and ConText (Harkema et al., J Biomed Inform
2009). Phrases such as "no" and "mother" reach from their position to the end of the sentence, or to
its beginning, unless a phrase such as "but" ends their reach. A mention within reach has the
attribute. Longer phrases that say nothing, such as "not only", take precedence.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from vaner.context.triggers import ATTRIBUTES, Role, Token, Triggers, load_triggers, tokenize
from vaner.text.documents import Document, Span
from vaner.text.mention_details import Cue
from vaner.text.words import split_sentences, split_words

_MAX_WORDS_BACK = 12
"""Number of words that a phrase reaches back; in long sentences it is about the last clause."""


class _Match(NamedTuple):
    """A phrase in a sentence: the extent of its words, and what it does."""

    first: int
    last: int  # exclusive
    roles: frozenset[Role]


def add_context(document: Document) -> Document:
    """Return a document whose mentions have their context; an earlier one is replaced.

    Args:
        document: with mentions of any origin. Sentence boundaries in its metadata are respected.

    >>> spans = (Span(3, 8, "Disease"), Span(14, 19, "Disease"))
    >>> document = add_context(Document("1", "No fever, but cough.", spans))
    >>> [[cue.attribute for cue in span.context] for span in document.spans]
    [['negated'], []]
    """
    if not document.spans:
        return document
    cues = find_cues(document)
    return document.with_spans(
        replace(span, context=of_span) for span, of_span in zip(document.spans, cues, strict=True)
    )


def find_cues(document: Document) -> list[tuple[Cue, ...]]:
    """Return what the sentences of a document say about each of its mentions.

    Args:
        document: with mentions of any origin.

    Returns:
        For each mention, at most one cue of each attribute: the nearest one.
    """
    nearest: list[dict[str, tuple[int, Cue]]] = [{} for _ in document.spans]
    sentences = list(_split_into_sentences(document))
    for tokens, mentions in zip(sentences, _assign(document.spans, sentences), strict=True):
        if not mentions:
            continue
        spans = [document.spans[i] for i in mentions]
        for attribute, triggers in load_triggers().items():
            for match, reach in _find_reaches(tokens, triggers, spans):
                cue = Cue(attribute, tokens[match.first].start, tokens[match.last - 1].end)
                for i, span in zip(mentions, spans, strict=True):
                    if reach[0] <= span.start and span.end <= reach[1]:
                        distance = max(span.start - cue.end, cue.start - span.end)
                        known = nearest[i].get(attribute)
                        if known is None or distance < known[0]:
                            nearest[i][attribute] = distance, cue
    return [
        tuple(of_span[attribute][1] for attribute in ATTRIBUTES if attribute in of_span)
        for of_span in nearest
    ]


def _split_into_sentences(document: Document) -> Iterator[list[Token]]:
    """Yield the words of each sentence."""
    words = split_words(document.text)
    given = document.metadata.get("sentences")
    if given:
        starts = [word.start for word in words]
        extents = [(bisect_left(starts, start), bisect_left(starts, end)) for start, end in given]
    else:
        extents = list(split_sentences(document.text, words))
    for first, last in extents:
        if tokens := tokenize(document.text, words[first:last]):
            yield tokens


def _assign(spans: Sequence[Span], sentences: Sequence[Sequence[Token]]) -> list[list[int]]:
    """Return the indices of the mentions that begin in each sentence."""
    starts = [tokens[0].start for tokens in sentences]
    assigned: list[list[int]] = [[] for _ in sentences]
    for i, span in enumerate(spans):
        sentence = bisect_right(starts, span.start) - 1
        if sentence >= 0:
            assigned[sentence].append(i)
    return assigned


def _find_reaches(
    tokens: Sequence[Token], triggers: Triggers, spans: Sequence[Span]
) -> Iterator[tuple[_Match, tuple[int, int]]]:
    """Yield the phrases of an attribute in a sentence, each with the extent that it reaches."""
    matches = [m for m in _find_phrases(tokens, triggers) if not _is_inside(tokens, m, spans)]
    if not any({"before", "after"} & match.roles for match in matches):
        return
    stops = [match for match in matches if match.roles == {"stop"}]
    for match in matches:
        if "before" in match.roles:
            last = next((s.first for s in stops if s.first >= match.last), len(tokens))
            if match.last < last:
                yield match, (tokens[match.last].start, tokens[last - 1].end)
        if "after" in match.roles:
            first = max((s.last for s in stops if s.last <= match.first), default=0)
            first = max(first, match.first - _MAX_WORDS_BACK)
            if first < match.first:
                yield match, (tokens[first].start, tokens[match.first - 1].end)


def _find_phrases(tokens: Sequence[Token], triggers: Triggers) -> list[_Match]:
    """Return the phrases in a sentence, in their order; they do not overlap.

    The longest phrase at a position is used. Phrases that only end a reach are searched for in the
    words that the others leave.
    """
    taken = [False] * len(tokens)
    matches = []
    for is_stop in (False, True):
        position = 0
        while position < len(tokens):
            match = _match_at(tokens, position, triggers, is_stop)
            if match is not None and not any(taken[match.first : match.last]):
                matches.append(match)
                taken[match.first : match.last] = [True] * (match.last - match.first)
                position = match.last
            else:
                position += 1
    return sorted(matches)


def _match_at(
    tokens: Sequence[Token], position: int, triggers: Triggers, is_stop: bool
) -> _Match | None:
    """Return the longest phrase at a position: of those that only end a reach, or of the others."""
    for length in triggers.lengths.get(tokens[position].text, ()):
        phrase = tuple(token.text for token in tokens[position : position + length])
        roles = triggers.roles.get(phrase)
        if roles is not None and (roles == {"stop"}) == is_stop:
            return _Match(position, position + len(phrase), roles)
    return None


def _is_inside(tokens: Sequence[Token], match: _Match, spans: Sequence[Span]) -> bool:
    """Return whether a phrase is a part of a longer mention: it says nothing about others then."""
    start, end = tokens[match.first].start, tokens[match.last - 1].end
    return any(
        span.start < end and start < span.end and (span.start, span.end) != (start, end)
        for span in spans
    )
