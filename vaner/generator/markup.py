r"""Spans of one type as brackets in their text, and brackets as spans again.

``Activation of the [[CD28] surface receptor] provides`` holds two entities, one in the other.
Brackets and backslashes of the text itself get a backslash before them, line breaks are written
``\n`` and ``\r``: a marked text is always one line, and a bracket without a backslash is always
the edge of an entity. It is what a model of LLMNER (arXiv 2510.08902) writes; there the brackets
of the text were not told from the others.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import groupby
from typing import NamedTuple

from vaner.generator.alignment import Gap, align_texts, fold_text, nonspace_offsets
from vaner.generator.bracket_placement import OffsetMap, trim_extent
from vaner.generator.repairs import Repair, RepairKind
from vaner.text.documents import Span, SpanError

_ESCAPES = {"[": r"\[", "]": r"\]", "\\": r"\\", "\n": r"\n", "\r": r"\r"}
_ESCAPE = str.maketrans(_ESCAPES)
_MEANT = {written: meant for meant, written in _ESCAPES.items()}
_SPECIAL = re.compile(r"\\[\[\]\\nr]|[\[\]\\\n\r]")

# Most characters of what brackets hold that a repair quotes: where thousands nest, quoting all
# that each holds would take the square of the text.
_SHOWN = 80


class InexpressibleReason(StrEnum):
    """Why brackets cannot give a mention back exactly."""

    DISCONTINUOUS = "discontinuous"
    CROSSING = "crosses a mention of its type that is at least as long"
    DUPLICATE = "the same words once more"
    UNTRIMMED = "white space at its edge"
    UNASKED = "of a type that is not asked for"


@dataclass(frozen=True, slots=True)
class SplitSpans:
    """Mentions that brackets can express, in the order of the text, and those they cannot."""

    expressible: tuple[Span, ...]
    inexpressible: tuple[tuple[Span, InexpressibleReason], ...] = ()


@dataclass(frozen=True, slots=True)
class Encoded:
    """A text with brackets and the mentions that these do not express exactly."""

    markup: str
    inexpressible: tuple[tuple[Span, InexpressibleReason], ...] = ()


class Decoded(NamedTuple):
    """Spans in the offsets of the source, in its order, and what was put right to get them."""

    spans: tuple[Span, ...]
    repairs: tuple[Repair, ...] = ()


def escape(text: str) -> str:
    r"""The text as it stands in markup, without any entity.

    >>> print(escape("[3H]thymidine"))
    \[3H\]thymidine
    """
    return text.translate(_ESCAPE)


def split_expressible(text: str, spans: Iterable[Span]) -> SplitSpans:
    """Part mentions of one type into those that brackets can express and those they cannot.

    Of two that cross, the longer is kept; of equally long ones, the first in the text. Two with
    the same boundaries are one. A mention with white space at its edge is kept without it, so
    that no entity is taught as none, but counts as inexpressible: its offsets cannot come back.

    Raises:
        ValueError: for mentions of several types; crossing ones of two types are no trouble.
        SpanError: for a mention outside the text or of white space only.

    >>> apart = split_expressible("a b c d", [Span(0, 3, "X"), Span(2, 7, "X")])
    >>> [(span.start, reason.name) for span, reason in apart.inexpressible]
    [(0, 'CROSSING')]
    """
    spans = list(spans)
    if len({span.type for span in spans}) > 1:
        raise ValueError("brackets tell no types apart: mark up one type at a time")
    lost = [(span, InexpressibleReason.DISCONTINUOUS) for span in spans if span.is_discontinuous]
    filled = nonspace_offsets(text) if spans else []
    trimmed = [(_trimmed(text, filled, s), s) for s in spans if not s.is_discontinuous]
    kept: dict[tuple[int, int], Span] = {}
    edges: list[int] = []
    for inner, span in sorted(trimmed, key=lambda p: (-p[0].length, p[0].start, p[0] != p[1])):
        place = inner.start, inner.end
        if _crosses(edges, *place):
            lost.append((span, InexpressibleReason.CROSSING))
        elif inner != span:
            lost.append((span, InexpressibleReason.UNTRIMMED))
        elif place in kept:
            lost.append((span, InexpressibleReason.DUPLICATE))
        if place not in kept and not _crosses(edges, *place):
            kept[place] = inner
            insort(edges, inner.start)
            insort(edges, inner.end)
    return SplitSpans(tuple(sorted(kept.values())), tuple(sorted(lost)))


def _trimmed(text: str, filled: Sequence[int], span: Span) -> Span:
    if span.end > len(text):
        raise SpanError(f"span {span.start}:{span.end} ({span.type}) ends beyond the text")
    start, end = trim_extent(filled, span.start, span.end)
    if start == end:
        raise SpanError(f"span {span.start}:{span.end} ({span.type}) is blank")
    return replace(span, start=start, end=end)


def _crosses(edges: Sequence[int], start: int, end: int) -> bool:
    """Whether an extent crosses one of those that the edges, sorted, are of.

    None of these is shorter, so an edge inside is that of an extent which goes on outside.
    """
    return bisect_right(edges, start) < bisect_left(edges, end)


def encode(text: str, spans: Iterable[Span]) -> Encoded:
    """Put mentions of one type in brackets.

    A span's score and identifiers have no place there.

    Raises:
        ValueError: for mentions of several types.
        SpanError: for a mention outside the text or of white space only.

    >>> encode("the CD28 receptor", [Span(4, 8, "protein"), Span(4, 17, "protein")]).markup
    'the [[CD28] receptor]'
    """
    apart = split_expressible(text, spans)
    opened = Counter(span.start for span in apart.expressible)
    closed = Counter(span.end for span in apart.expressible)
    pieces, done = [], 0
    for place in sorted({*opened, *closed}):
        pieces += [escape(text[done:place]), "]" * closed[place], "[" * opened[place]]
        done = place
    return Encoded("".join((*pieces, escape(text[done:]))), apart.inexpressible)


def decode(markup: str, text: str, type: str = "") -> Decoded:
    r"""Read the mentions off a marked text, whatever the string is.

    Where the markup is a copy of the source, the spans are exact. Where it is not, the two are
    aligned, and a bracket comes to stand where the words round it stand in the source: before
    what is missing if it closes, behind it if it opens. Brackets that the source has at that
    place are taken as the source's own, though they lack the backslash. Spans are never blank,
    begin and end with no white space, and do not cross; two with the same boundaries are one.

    Without a repair the markup is what `encode` makes of the spans, to the letter.

    Args:
        markup: what was generated.
        text: the source.
        type: the type of the spans.

    >>> decode("the [[CD-28] receptor ]", "the CD28 receptor", "protein").spans
    (Span(start=4, end=8, type='protein', score=None, identifiers=(), fragments=()),
     Span(start=4, end=17, type='protein', score=None, identifiers=(), fragments=()))
    """
    read = _read(markup)
    gaps = _gaps(read.copy, text)
    if own := _own_brackets(read, text, gaps):
        read = _read(markup, own)
        gaps = _gaps(read.copy, text)
    pairs, repairs = _paired(read.marks)
    repairs += read.repairs
    repairs += _differences(read, text, gaps)
    where = OffsetMap(read.copy, text, gaps)
    spans: dict[tuple[int, int], Span] = {}
    for opening, closing in pairs:
        place, problem = where.extent(opening.place, closing.place)
        if place and place in spans:
            problem = RepairKind.DUPLICATE
        elif place:
            spans[place] = Span(*place, type)
        if problem:
            what = markup[opening.at : min(closing.at + 1, opening.at + _SHOWN)]
            repairs.append(Repair(opening.at, problem, what))
    return Decoded(tuple(sorted(spans.values())), tuple(sorted(repairs)))


class _Mark(NamedTuple):
    """A bracket: where in the markup, before which character of the copy, and which of the two."""

    at: int
    place: int
    sign: str


class _Reading(NamedTuple):
    """A markup taken apart: the copy of the source, the brackets, and where the copy came from.

    `pieces` are pairs (place in the copy, place in the markup) of runs without anything special.
    """

    copy: str
    marks: list[_Mark]
    pieces: list[tuple[int, int]]
    repairs: list[Repair]

    def at(self, place: int) -> int:
        """Where in the markup a character of the copy stands."""
        start, at = self.pieces[bisect_right(self.pieces, place, key=lambda p: p[0]) - 1]
        return at + place - start


def _read(markup: str, own: Collection[int] = ()) -> _Reading:
    """Take a markup apart; the brackets at the places `own` are the source's."""
    copy, marks, repairs = [], [], []
    pieces, length, done = [(0, 0)], 0, 0
    for match in _SPECIAL.finditer(markup):
        at, sign = match.start(), match.group()
        copy.append(markup[done:at])
        length += at - done
        done = match.end()
        if sign in "[]" and at not in own:
            marks.append(_Mark(at, length, sign))
        else:
            if sign not in _MEANT:
                repairs.append(Repair(at, RepairKind.UNESCAPED, sign))
            copy.append(_MEANT.get(sign, sign))
            pieces.append((length, at))
            length += 1
        pieces.append((length, done))
    copy.append(markup[done:])
    return _Reading("".join(copy), marks, pieces, repairs)


def _paired(marks: Iterable[_Mark]) -> tuple[list[tuple[_Mark, _Mark]], list[Repair]]:
    """Brackets that belong together, as brackets do; those left over are repairs."""
    opened: list[_Mark] = []
    pairs, repairs = [], []
    for mark in marks:
        if mark.sign == "[":
            opened.append(mark)
        elif opened:
            pairs.append((opened.pop(), mark))
        else:
            repairs.append(Repair(mark.at, RepairKind.UNOPENED, mark.sign))
    repairs += [Repair(mark.at, RepairKind.UNCLOSED, mark.sign) for mark in opened]
    return pairs, repairs


def _gaps(copy: str, text: str) -> list[Gap]:
    return [] if copy == text else align_texts(fold_text(copy), fold_text(text))


def _own_brackets(read: _Reading, text: str, gaps: Iterable[Gap]) -> set[int]:
    """Places in the markup of brackets that the copy lacks and the source has just there.

    Of several at one place the inner ones are the source's: what is marked is then a whole
    ``[3H]thymidine``, not a torn ``3H]thymidine``.
    """
    own: set[int] = set()
    for gap in gaps:
        missing = text[gap.b_start : gap.b_end]
        first = bisect_left(read.marks, gap.a_start, key=lambda mark: mark.place)
        last = bisect_right(read.marks, gap.a_end, key=lambda mark: mark.place)
        opening = [mark.at for mark in read.marks[first:last] if mark.sign == "["]
        closing = [mark.at for mark in read.marks[first:last] if mark.sign == "]"]
        own.update(opening[max(0, len(opening) - missing.count("[")) :])
        own.update(closing[: missing.count("]")])
    return own


def _differences(read: _Reading, text: str, gaps: Sequence[Gap]) -> Iterator[Repair]:
    """A repair for each piece in which the copy is not the source."""
    if read.copy == text:
        return
    for a, b, length in _agreeing(gaps, len(read.copy)):
        for start, end in _unlike(read.copy[a : a + length], text[b : b + length]):
            yield Repair(read.at(a + start), RepairKind.CHANGED, read.copy[a + start : a + end])
    for gap in gaps:
        copied, given = read.copy[gap.a_start : gap.a_end], text[gap.b_start : gap.b_end]
        kind = (
            RepairKind.MISSING if not copied else RepairKind.CHANGED if given else RepairKind.ADDED
        )
        yield Repair(read.at(gap.a_start), kind, copied or given)


def _agreeing(gaps: Sequence[Gap], length: int) -> Iterator[tuple[int, int, int]]:
    """The stretches between the gaps of a copy: place in it, place in the source, length."""
    a = b = 0
    for gap in gaps:
        yield a, b, gap.a_start - a
        a, b = gap.a_end, gap.b_end
    yield a, b, length - a


def _unlike(copied: str, given: str) -> Iterator[tuple[int, int]]:
    """The stretches in which two texts of one length differ, though they agree when folded."""
    if copied == given:
        return
    differ = (x != y for x, y in zip(copied, given, strict=True))
    for unlike, run in groupby(enumerate(differ), lambda pair: pair[1]):
        places = [place for place, _ in run]
        if unlike:
            yield places[0], places[-1] + 1
