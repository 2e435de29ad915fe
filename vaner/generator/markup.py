r"""Write spans of one entity type as brackets in their text, and read brackets as spans.

``Activation of the [[CD28] surface receptor] provides`` contains two entities, one nested in the
other. Brackets and backslashes of the text are escaped with a backslash, line breaks are written
``\n`` and ``\r``. So a marked text is always one line, and a bracket without a backslash is always
the boundary of an entity. The notation is that of LLMNER (arXiv 2510.08902), whose published code
does not escape the brackets of the text.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import groupby
from typing import NamedTuple

from vaner.generator.alignment import Gap, align_texts, fold_text
from vaner.generator.bracket_placement import OffsetMap, trim_extent
from vaner.generator.markup_parsing import ESCAPES, ParsedMarkup, pair_brackets, parse_markup
from vaner.generator.repairs import Repair, RepairKind
from vaner.text.documents import Span, SpanError
from vaner.text.words import find_nonspace_offsets

_ESCAPE_TABLE = str.maketrans(ESCAPES)

_MAX_QUOTE = 80
"""Maximum length of the text that a repair quotes.

With thousands of nested brackets, quoting everything that each pair contains would take quadratic
space.
"""


class InexpressibleReason(StrEnum):
    """Reasons why brackets cannot represent a mention exactly."""

    DISCONTINUOUS = "discontinuous"
    CROSSING = "crosses a mention of its type that is at least as long"
    DUPLICATE = "duplicate"
    UNTRIMMED = "white space at its edge"
    NOT_REQUESTED = "of a type that was not requested"


@dataclass(frozen=True, slots=True)
class SplitSpans:
    """Mentions that brackets can represent, in text order, and those that they cannot.

    Args:
        expressible: Mentions that do not cross, without white space at their edges.
        inexpressible: The other mentions, each with the reason.
    """

    expressible: tuple[Span, ...]
    inexpressible: tuple[tuple[Span, InexpressibleReason], ...] = ()


@dataclass(frozen=True, slots=True)
class Encoded:
    """A text with brackets.

    Args:
        markup: The text with brackets.
        inexpressible: Mentions that the brackets do not represent exactly, each with the reason.
    """

    markup: str
    inexpressible: tuple[tuple[Span, InexpressibleReason], ...] = ()


class Decoded(NamedTuple):
    """Spans read from an answer.

    Args:
        spans: Spans in the offsets of the source, in text order.
        repairs: Defects of the answer that were repaired.
    """

    spans: tuple[Span, ...]
    repairs: tuple[Repair, ...] = ()


def escape(text: str) -> str:
    r"""Return the markup of a text without entities.

    >>> print(escape("[3H]thymidine"))
    \[3H\]thymidine
    """
    return text.translate(_ESCAPE_TABLE)


def split_expressible(text: str, spans: Iterable[Span]) -> SplitSpans:
    """Split mentions of one type into those that brackets can represent and those they cannot.

    Of two mentions that cross, the longer is expressible; of two equally long ones, the first.
    Two mentions with the same boundaries count as one. A mention with white space at its edge is
    returned twice: as expressible without the white space, so that training does not see the
    entity as a negative, and as inexpressible, because its offsets cannot be restored.

    Raises:
        ValueError: If the mentions have several types. Mentions of two types may cross.
        SpanError: If a mention is outside the text or covers only white space.

    >>> split = split_expressible("a b c d", [Span(0, 3, "X"), Span(2, 7, "X")])
    >>> [(span.start, reason.name) for span, reason in split.inexpressible]
    [(0, 'CROSSING')]
    """
    spans = list(spans)
    if len({span.type for span in spans}) > 1:
        raise ValueError("brackets have no type: mark up one entity type at a time")
    inexpressible = [
        (span, InexpressibleReason.DISCONTINUOUS) for span in spans if span.is_discontinuous
    ]
    nonspace = find_nonspace_offsets(text) if spans else []
    trimmed = [(_trim(text, nonspace, s), s) for s in spans if not s.is_discontinuous]
    expressible: dict[tuple[int, int], Span] = {}
    edges: list[int] = []
    for inner, span in sorted(trimmed, key=lambda p: (-p[0].length, p[0].start, p[0] != p[1])):
        extent = inner.start, inner.end
        if _crosses(edges, *extent):
            inexpressible.append((span, InexpressibleReason.CROSSING))
        elif inner != span:
            inexpressible.append((span, InexpressibleReason.UNTRIMMED))
        elif extent in expressible:
            inexpressible.append((span, InexpressibleReason.DUPLICATE))
        if extent not in expressible and not _crosses(edges, *extent):
            expressible[extent] = inner
            insort(edges, inner.start)
            insort(edges, inner.end)
    return SplitSpans(tuple(sorted(expressible.values())), tuple(sorted(inexpressible)))


def _trim(text: str, nonspace: Sequence[int], span: Span) -> Span:
    """Return a span without white space at its edges."""
    if span.end > len(text):
        raise SpanError(f"span {span.start}:{span.end} ({span.type}) ends beyond the text")
    start, end = trim_extent(nonspace, span.start, span.end)
    if start == end:
        raise SpanError(f"span {span.start}:{span.end} ({span.type}) is blank")
    return replace(span, start=start, end=end)


def _crosses(edges: Sequence[int], start: int, end: int) -> bool:
    """Return whether an extent crosses a longer one.

    Every longer extent with an edge strictly inside this one continues outside of it.

    Args:
        edges: Sorted starts and ends of extents that are at least as long.
        start, end: Half-open offsets.
    """
    return bisect_right(edges, start) < bisect_left(edges, end)


def encode(text: str, spans: Iterable[Span]) -> Encoded:
    """Put mentions of one type in brackets.

    Brackets do not represent the scores and identifiers of the mentions.

    Raises:
        ValueError: If the mentions have several types.
        SpanError: If a mention is outside the text or covers only white space.

    >>> encode("the CD28 receptor", [Span(4, 8, "protein"), Span(4, 17, "protein")]).markup
    'the [[CD28] receptor]'
    """
    split = split_expressible(text, spans)
    opened = Counter(span.start for span in split.expressible)
    closed = Counter(span.end for span in split.expressible)
    pieces, done = [], 0
    for offset in sorted({*opened, *closed}):
        pieces += [escape(text[done:offset]), "]" * closed[offset], "[" * opened[offset]]
        done = offset
    return Encoded("".join((*pieces, escape(text[done:]))), split.inexpressible)


def decode(markup: str, text: str, type: str = "") -> Decoded:
    r"""Read the mentions from a marked text; every string can be read.

    If the markup is a copy of the source, the spans are exact. Otherwise the two are aligned and
    each bracket is moved to the same words of the source: a closing bracket before text that the
    copy lacks, an opening bracket behind it. An unescaped bracket that the source has at the same
    place is read as text. Spans are trimmed, do not cross, and have distinct boundaries.

    Without repairs, `encode` returns exactly this markup for the spans.

    Args:
        markup: Generated text.
        text: Source.
        type: Entity type of the spans.

    >>> decode("the [[CD-28] receptor ]", "the CD28 receptor", "protein").spans
    (Span(start=4, end=8, type='protein', score=None, identifiers=(), fragments=()),
     Span(start=4, end=17, type='protein', score=None, identifiers=(), fragments=()))
    """
    parsed = parse_markup(markup)
    gaps = _find_gaps(parsed.copy, text)
    if literal := _find_literal_brackets(parsed, text, gaps):
        parsed = parse_markup(markup, literal)
        gaps = _find_gaps(parsed.copy, text)
    pairs, repairs = pair_brackets(parsed.brackets)
    repairs += parsed.repairs
    repairs += _describe_differences(parsed, text, gaps)
    offset_map = OffsetMap(parsed.copy, text, gaps)
    spans: dict[tuple[int, int], Span] = {}
    for opening, closing in pairs:
        extent, defect = offset_map.map_extent(opening.copy_offset, closing.copy_offset)
        if extent and extent in spans:
            defect = RepairKind.DUPLICATE
        elif extent:
            spans[extent] = Span(*extent, type)
        if defect:
            quote = markup[opening.offset : min(closing.offset + 1, opening.offset + _MAX_QUOTE)]
            repairs.append(Repair(opening.offset, defect, quote))
    return Decoded(tuple(sorted(spans.values())), tuple(sorted(repairs)))


def _find_gaps(copy: str, text: str) -> list[Gap]:
    return [] if copy == text else align_texts(fold_text(copy), fold_text(text))


def _find_literal_brackets(parsed: ParsedMarkup, text: str, gaps: Iterable[Gap]) -> set[int]:
    """Return offsets in the markup of brackets that the source has at the same place.

    Of several brackets at one place, the inner ones belong to the source: the entity is then
    ``[3H]thymidine`` and not ``3H]thymidine``.
    """
    literal: set[int] = set()
    for gap in gaps:
        missing = text[gap.b_start : gap.b_end]
        first = bisect_left(parsed.brackets, gap.a_start, key=lambda item: item.copy_offset)
        last = bisect_right(parsed.brackets, gap.a_end, key=lambda item: item.copy_offset)
        nearby = parsed.brackets[first:last]
        opening = [item.offset for item in nearby if item.character == "["]
        closing = [item.offset for item in nearby if item.character == "]"]
        literal.update(opening[max(0, len(opening) - missing.count("[")) :])
        literal.update(closing[: missing.count("]")])
    return literal


def _describe_differences(parsed: ParsedMarkup, text: str, gaps: Sequence[Gap]) -> Iterator[Repair]:
    """Yield a repair for each part of the copy that differs from the source."""
    copy = parsed.copy
    if copy == text:
        return
    for a, b, length in _matches_between(gaps, len(copy)):
        for start, end in _find_unequal_runs(copy[a : a + length], text[b : b + length]):
            changed = copy[a + start : a + end]
            yield Repair(parsed.markup_offset(a + start), RepairKind.CHANGED, changed)
    for gap in gaps:
        copied, expected = copy[gap.a_start : gap.a_end], text[gap.b_start : gap.b_end]
        if not copied:
            kind = RepairKind.MISSING
        else:
            kind = RepairKind.CHANGED if expected else RepairKind.ADDED
        yield Repair(parsed.markup_offset(gap.a_start), kind, copied or expected)


def _matches_between(gaps: Sequence[Gap], length: int) -> Iterator[tuple[int, int, int]]:
    """Yield the matches between gaps: offset in the copy, offset in the source, length."""
    a = b = 0
    for gap in gaps:
        yield a, b, gap.a_start - a
        a, b = gap.a_end, gap.b_end
    yield a, b, length - a


def _find_unequal_runs(copied: str, expected: str) -> Iterator[tuple[int, int]]:
    """Yield the runs in which two texts differ that are equal after folding."""
    if copied == expected:
        return
    differences = (x != y for x, y in zip(copied, expected, strict=True))
    for is_unequal, run in groupby(enumerate(differences), lambda pair: pair[1]):
        offsets = [offset for offset, _ in run]
        if is_unequal:
            yield offsets[0], offsets[-1] + 1
