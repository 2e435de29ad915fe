"""Which mentions are negated, uncertain, in the past, or about a relative of the patient.

Sources: NegEx (Chapman et al., J Biomed Inform 2001) and ConText (Harkema et al., J Biomed Inform
2009). The scope of a trigger phrase such as "no" or "mother" extends from its position to the end
or the beginning of the sentence, unless a phrase such as "but" ends it. A mention in the scope has
the attribute. Longer phrases that say nothing, such as "not only", take precedence.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from typing import NamedTuple

from vaner.context.headings import find_headings
from vaner.context.triggers import ATTRIBUTES, Role, Token, Triggers, load_triggers, tokenize
from vaner.text.documents import Document, Span
from vaner.text.mention_details import Cue
from vaner.text.words import get_sentences, split_words

_MAX_WORDS_BACK = 12
"""Length of a backward scope in words; in long sentences this is about the last clause."""

_NITRIC_OXIDE, _GAS = "nitric oxide", "NO"  # in a text with the name, the formula does not negate
_ORIGINS = frozenset({"cause", "causes", "etiology", "origin", "reason", "source", "trigger"})
_JOINTS = frozenset({",", "and"})


class _Match(NamedTuple):
    """A phrase in a sentence: the extent of its words, and what it does."""

    first: int
    last: int  # exclusive
    roles: frozenset[Role]


class _Scope(NamedTuple):
    """The scope of a phrase, and the extent of the phrase, in offsets of the text."""

    start: int
    end: int
    phrase: tuple[int, int]


class _Scopes(NamedTuple):
    """The scopes of the phrases of an attribute in a sentence, in the order of the phrases.

    Args:
        forward: scopes after a phrase, up to the end of the sentence or the next stop phrase.
        backward: scopes before a phrase.
    """

    forward: list[_Scope]
    backward: list[_Scope]

    def find_nearest(self, span: Span) -> tuple[int, int] | None:
        """Return the nearest phrase whose scope contains a mention; of two, the one before it.

        Of the phrases before a mention, the scope of the last one extends furthest; of those after
        it, that of the first one.
        """
        before = bisect_right(self.forward, span.start, key=lambda scope: scope.start) - 1
        after = bisect_left(self.backward, span.end, key=lambda scope: scope.end)
        phrases = []
        if before >= 0 and span.end <= self.forward[before].end:
            phrases.append(self.forward[before].phrase)
        if after < len(self.backward) and self.backward[after].start <= span.start:
            phrases.append(self.backward[after].phrase)
        return min(
            phrases,
            key=lambda phrase: max(span.start - phrase[1], phrase[0] - span.end),
            default=None,
        )


class _MentionExtents(NamedTuple):
    """The starts and the ends of mentions, each sorted, and the number of mentions per extent."""

    starts: list[int]
    ends: list[int]
    extents: Counter[tuple[int, int]]

    @classmethod
    def from_spans(cls, spans: Sequence[Span]) -> _MentionExtents:
        """Return the extents of mentions."""
        extents = Counter((span.start, span.end) for span in spans)
        starts, ends = (sorted(span[side] for span in extents.elements()) for side in (0, 1))
        return cls(starts, ends, extents)

    def overlap(self, tokens: Sequence[Token], match: _Match) -> bool:
        """Return whether a mention overlaps a phrase, which then says nothing about others.

        A mention with exactly the extent of the phrase does not count.
        """
        start, end = _get_extent(tokens, match)
        overlapping = bisect_left(self.starts, end) - bisect_right(self.ends, start)
        return overlapping > self.extents[start, end]


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
    cues: list[dict[str, Cue]] = [{} for _ in document.spans]
    sentences = list(_split_into_sentences(document))
    assigned = _assign(document.spans, sentences)

    @cache
    def find_matches(number: int) -> dict[str, list[_Match]]:
        extents = _MentionExtents.from_spans([document.spans[i] for i in assigned[number]])
        tokens = sentences[number]
        return {
            attribute: [m for m in _find_phrases(tokens, of) if not extents.overlap(tokens, m)]
            for attribute, of in load_triggers().items()
        }

    @cache
    def find_open(number: int, attribute: str) -> tuple[int, int] | None:
        """Return the last phrase whose scope extends to the end of a sentence."""
        tokens = sentences[number]
        forward = _find_scopes(tokens, find_matches(number)[attribute]).forward
        return forward[-1].phrase if forward and forward[-1].end == tokens[-1].end else None

    headings = find_headings(document.text, sentences, [bool(mentions) for mentions in assigned])
    for number, mentions in enumerate(assigned):
        if not mentions:
            continue
        heading = headings[number]
        for attribute, matches in find_matches(number).items():
            above = None if heading is None else find_open(heading, attribute)
            scopes = _find_scopes(sentences[number], matches, above)
            for i in mentions:
                nearest = scopes.find_nearest(document.spans[i])
                if nearest is not None:
                    cues[i][attribute] = Cue(attribute, *nearest)
    return [
        tuple(of_span[attribute] for attribute in ATTRIBUTES if attribute in of_span)
        for of_span in cues
    ]


def _split_into_sentences(document: Document) -> Iterator[list[Token]]:
    """Yield the words of each sentence; the last one is a full stop, which may be empty.

    So phrases such as ": no." are also found at the end of a line of a form.
    """
    words = split_words(document.text)
    has_gas = _NITRIC_OXIDE in document.text.lower()
    for first, last in get_sentences(document, words):
        tokens = tokenize(document.text, words[first:last])
        if has_gas:
            # In capitals, it is in no phrase.
            is_gas = (document.text[t.start : t.end] == _GAS for t in tokens)
            tokens = [
                t._replace(text=_GAS) if is_name else t
                for t, is_name in zip(tokens, is_gas, strict=True)
            ]
        if tokens:
            end = tokens[-1].end
            yield tokens if tokens[-1].text == "." else [*tokens, Token(".", end, end)]


def _assign(spans: Sequence[Span], sentences: Sequence[Sequence[Token]]) -> list[list[int]]:
    """Return the indices of the mentions that begin in each sentence."""
    starts = [tokens[0].start for tokens in sentences]
    assigned: list[list[int]] = [[] for _ in sentences]
    for i, span in enumerate(spans):
        sentence = bisect_right(starts, span.start) - 1
        if sentence >= 0:
            assigned[sentence].append(i)
    return assigned


def _find_scopes(
    tokens: Sequence[Token], matches: Sequence[_Match], above: tuple[int, int] | None = None
) -> _Scopes:
    """Return the scopes of the phrases of an attribute in a sentence.

    Args:
        tokens: the words of the sentence.
        matches: the phrases in it.
        above: the extent of a phrase in the heading above the sentence.
    """
    stops = [match for match in matches if "stop" in match.roles]
    firsts, lasts = [stop.first for stop in stops], [stop.last for stop in stops]
    scopes = _Scopes([], [])
    last = firsts[0] if stops else len(tokens)
    if above is not None and last:
        scopes.forward.append(_Scope(tokens[0].start, tokens[last - 1].end, above))
    for match in matches:
        phrase = _get_extent(tokens, match)
        if "before" in match.roles:
            stop = bisect_left(firsts, match.last)
            last = firsts[stop] if stop < len(stops) else len(tokens)
            if match.last < last:
                extent = tokens[match.last].start, tokens[last - 1].end
                scopes.forward.append(_Scope(*extent, phrase))
        if "after" in match.roles:
            stop = bisect_right(lasts, match.first) - 1
            first = max(0, match.first - _MAX_WORDS_BACK)
            if stop >= 0:
                first = max(first, _find_end(tokens, stops[stop], first, match.first))
            if first < match.first:
                extent = tokens[first].start, tokens[match.first - 1].end
                scopes.backward.append(_Scope(*extent, phrase))
    return scopes


def _find_end(tokens: Sequence[Token], stop: _Match, first: int, last: int) -> int:
    """Return where what belongs to a stop phrase ends: in "source of sepsis", after "sepsis".

    Args:
        tokens: the words of the sentence.
        stop: the stop phrase; if it is not about an origin, only its words belong to it.
        first: where the search begins if the phrase is before it.
        last: the end if no comma and no "and" is before it.
    """
    if not _ORIGINS.intersection(token.text for token in tokens[stop.first : stop.last]):
        return stop.last
    following = range(max(stop.last, first), last)
    return next((i for i in following if tokens[i].text in _JOINTS), last)


def _get_extent(tokens: Sequence[Token], match: _Match) -> tuple[int, int]:
    return tokens[match.first].start, tokens[match.last - 1].end


def _find_phrases(tokens: Sequence[Token], triggers: Triggers) -> list[_Match]:
    """Return the phrases in a sentence, in their order; they do not overlap.

    The longest phrase at a position is used. Phrases that only end a scope are then searched for in
    the remaining words.
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
    """Return the longest phrase at a position: of those that only end a scope, or of the others.

    An adverb may be between its words, as in "cannot be completely excluded".
    """
    for length in triggers.lengths.get(tokens[position].text, ()):
        words = [token.text for token in tokens[position : position + length + 1]]
        adverbs = (i for i, word in enumerate(words[1:length], 1) if word in triggers.adverbs)
        for skipped in (*adverbs, length):
            phrase = (*words[:skipped], *words[skipped + 1 :])
            roles = triggers.roles.get(phrase)
            if roles is not None and (roles == {"stop"}) == is_stop:
                return _Match(position, position + len(phrase) + (skipped < length), roles)
    return None
