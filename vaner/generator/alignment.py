"""Align two texts that should be equal, such as a source and a model's copy of it.

Levenshtein distance is not enough. If a copy lacks a clause, every way to distribute the remaining
letters over the clause costs the same, so a bracket at its edge could be mapped anywhere. This
alignment matches long unique pieces first and shorter ones between them, as patience diff does
with lines.

The algorithm, for texts of n characters:

1. Remove the white space of both texts and remember the offsets of the other characters, O(n).
2. Compare the beginnings and the ends. If at most 64 characters are left between them, these are
   the only difference, O(n). Otherwise start over with the complete texts.
3. For pieces of 32, 16, 8, 4, 2 and 1 characters, in each gap that earlier steps left:
   find the pieces that occur exactly once on either side (hashing, O(n) per length), choose the
   longest subsequence of them that is in the same order on both sides (O(n log n)), and extend
   each chosen piece in both directions while the characters agree (O(n)). Short pieces are only
   tried in short gaps, where a match is not a coincidence.
4. Match what is left at the beginning and the end of each gap, O(n).
5. Map the matches back to the texts with white space; what is between matches is a gap, O(n).

No step is quadratic, whatever the texts are: the total is O(n log n).
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from vaner.text.words import find_nonspace_offsets


class Block(NamedTuple):
    """A match: ``left[a : a + length]`` equals ``right[b : b + length]``."""

    a: int
    b: int
    length: int


class Gap(NamedTuple):
    """A difference: ``left[a_start:a_end]`` replaces ``right[b_start:b_end]``; one may be empty."""

    a_start: int
    a_end: int
    b_start: int
    b_end: int

    @property
    def max_length(self) -> int:
        """Number of characters of the longer side."""
        return max(self.a_end - self.a_start, self.b_end - self.b_start)

    @property
    def is_one_sided(self) -> bool:
        """Whether one of the sides is empty."""
        return self.a_start == self.a_end or self.b_start == self.b_end


_MAX_GAP_LENGTHS = {32: 10**9, 16: 10**9, 8: 10**9, 4: 1000, 2: 100, 1: 25}
"""Length of a piece and the longest gap in which a match of that length is significant.

A single character that occurs once among 25 others on both sides is a match; among thousands it is
a coincidence.
"""

_MAX_SINGLE_DIFFERENCE = 64
"""Longest difference that is accepted after comparing only the beginnings and the ends.

This finds a difference in a repetitive text, such as a sequence, where no piece is unique. If more
is left, a complete clause may be missing, and the common end may belong to another clause.
"""


def align_texts(left: str, right: str) -> list[Gap]:
    """Return the gaps in which two texts differ, in order; between them the texts agree.

    The amount and the kind of white space do not influence the matching; a line break agrees with
    a space. The time is O(n log n). In long repetitive passages, several differences may be
    reported as one.

    >>> align_texts("the CD-28  receptor", "the CD28 receptor")
    [Gap(a_start=6, a_end=7, b_start=6, b_end=6), Gap(a_start=10, a_end=11, b_start=9, b_end=9)]
    """
    # Step 1: match without white space. Steps 2 to 4 are in _match.
    a_offsets, b_offsets = find_nonspace_offsets(left), find_nonspace_offsets(right)
    blocks = _match("".join(left.split()), "".join(right.split()))
    # Step 5: back to the offsets of the texts. The gaps are the complement of the blocks.
    everything = Gap(0, len(left), 0, len(right))
    gaps = _complement(list(_restore_whitespace(blocks, a_offsets, b_offsets)), everything)
    return [gap for gap in (_trim_whitespace(left, right, gap) for gap in gaps) if gap.max_length]


def _trim_whitespace(left: str, right: str, gap: Gap) -> Gap:
    """Return a gap without the white space that both sides have at its edges."""
    a_start, a_end, b_start, b_end = gap

    def is_shared_space(a: int, b: int) -> bool:
        is_inside = a_start < a_end and b_start < b_end
        return is_inside and left[a] == right[b] and left[a].isspace()

    while is_shared_space(a_start, b_start):
        a_start, b_start = a_start + 1, b_start + 1
    while is_shared_space(a_end - 1, b_end - 1):
        a_end, b_end = a_end - 1, b_end - 1
    return Gap(a_start, a_end, b_start, b_end)


def _restore_whitespace(
    blocks: Sequence[Block], a_offsets: Sequence[int], b_offsets: Sequence[int]
) -> Iterator[Block]:
    """Yield blocks of texts without white space as blocks of the original texts."""
    for block in blocks:
        for first, last in _equally_spaced_runs(block, a_offsets, b_offsets):
            a = a_offsets[block.a + first]
            yield Block(a, b_offsets[block.b + first], a_offsets[block.a + last] + 1 - a)


def _equally_spaced_runs(
    block: Block, a_offsets: Sequence[int], b_offsets: Sequence[int]
) -> Iterator[tuple[int, int]]:
    """Yield the first and last index of each run with the same white space in both texts."""
    first = 0
    for i in range(1, block.length + 1):
        a, b = block.a + i, block.b + i
        if i == block.length or a_offsets[a] - a_offsets[a - 1] != b_offsets[b] - b_offsets[b - 1]:
            yield first, i - 1
            first = i


def _match(left: str, right: str) -> list[Block]:
    """Return the blocks in which two texts without white space agree, in order."""
    everything = Gap(0, len(left), 0, len(right))
    # Step 2: common beginning and common end.
    blocks = list(_match_edges(left, right, everything))
    gaps = _complement(blocks, everything)
    if any(gap.max_length > _MAX_SINGLE_DIFFERENCE for gap in gaps):
        blocks, gaps = [], [everything]
    # Step 3: unique pieces, from long to short. Each length only sees the gaps of the previous.
    for length, max_gap in _MAX_GAP_LENGTHS.items():
        gaps = [
            rest
            for gap in gaps
            for rest in _match_pieces(left, right, gap, length, max_gap, blocks)
        ]
    # Step 4: common beginning and end of each gap, if the gap is short enough for the match.
    for gap in gaps:
        edges = _match_edges(left, right, gap)
        blocks += (edge for edge in edges if gap.max_length <= _max_gap_length(edge.length))
    return sorted(blocks)


def _max_gap_length(length: int) -> int:
    """Return the longest gap in which a match of `length` characters is significant."""
    return max(max_gap for piece, max_gap in _MAX_GAP_LENGTHS.items() if piece <= length)


def _match_pieces(
    left: str, right: str, gap: Gap, length: int, max_gap: int, blocks: list[Block]
) -> list[Gap]:
    """Match the unique pieces of one length in a gap, add them to `blocks`, return what is left."""
    if gap.is_one_sided or gap.max_length > max_gap:
        return [gap]
    matches = _find_unique_matches(left, right, gap, length)
    extended = list(_extend(left, right, gap, length, matches))
    blocks += extended
    return _complement(extended, gap)


def _complement(blocks: Sequence[Block], within: Gap) -> list[Gap]:
    """Return the gaps that ordered blocks leave of a larger gap."""
    first = Block(within.a_start, within.b_start, 0)
    last = Block(within.a_end, within.b_end, 0)
    gaps = (
        Gap(before.a + before.length, after.a, before.b + before.length, after.b)
        for before, after in pairwise((first, *blocks, last))
    )
    return [gap for gap in gaps if gap.max_length]


def _match_edges(left: str, right: str, gap: Gap) -> Iterator[Block]:
    """Yield the common beginning and the common end of both sides of a gap."""
    limit = min(gap.a_end - gap.a_start, gap.b_end - gap.b_start)
    head = _count_equal(left, right, gap.a_start, gap.b_start, limit)
    tail = 0
    while tail < limit - head and left[gap.a_end - tail - 1] == right[gap.b_end - tail - 1]:
        tail += 1
    if head:
        yield Block(gap.a_start, gap.b_start, head)
    if tail:
        yield Block(gap.a_end - tail, gap.b_end - tail, tail)


def _count_equal(left: str, right: str, a: int, b: int, limit: int) -> int:
    """Return how many characters agree from two offsets on, at most `limit`."""
    length = 0
    while length < limit and left[a + length] == right[b + length]:
        length += 1
    return length


def _find_unique_matches(left: str, right: str, gap: Gap, length: int) -> list[tuple[int, int]]:
    """Return the offsets of pieces that are unique on both sides, in the same order on both."""
    left_pieces = _find_unique_pieces(left, gap.a_start, gap.a_end, length)
    right_pieces = _find_unique_pieces(right, gap.b_start, gap.b_end, length)
    pairs = [
        (offset, right_pieces[piece])
        for piece, offset in left_pieces.items()
        if piece in right_pieces
    ]
    return _longest_increasing(pairs)


def _find_unique_pieces(text: str, start: int, end: int, length: int) -> dict[str, int]:
    """Return the pieces that occur once in ``text[start:end]`` and their offsets, in order."""
    offsets: dict[str, int] = {}
    for i in range(start, end - length + 1):
        piece = text[i : i + length]
        offsets[piece] = -1 if piece in offsets else i
    return {piece: offset for piece, offset in offsets.items() if offset >= 0}


def _longest_increasing(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return a longest subsequence of pairs, sorted by the first, with increasing seconds.

    Patience sorting, O(n log n).

    >>> _longest_increasing([(0, 5), (1, 1), (2, 2), (3, 9)])
    [(1, 1), (2, 2), (3, 9)]
    """
    smallest: list[int] = []  # lowest second that ends a subsequence of length index + 1
    ends: list[int] = []  # index of the pair with that second
    previous: list[int] = []  # for each pair, the index of the pair before it, or -1
    for i, (_, second) in enumerate(pairs):
        length = bisect_left(smallest, second)
        previous.append(ends[length - 1] if length else -1)
        smallest[length : length + 1] = [second]
        ends[length : length + 1] = [i]
    chain: list[tuple[int, int]] = []
    i = ends[-1] if ends else -1
    while i >= 0:
        chain.append(pairs[i])
        i = previous[i]
    return chain[::-1]


def _extend(
    left: str, right: str, gap: Gap, length: int, matches: Sequence[tuple[int, int]]
) -> Iterator[Block]:
    """Yield blocks around matched pieces, each extended in both directions as far as possible."""
    a_done, b_done = gap.a_start, gap.b_start
    for a, b in matches:
        if a < a_done or b < b_done:  # already covered by the previous block
            continue
        back = 0
        while a - back > a_done and b - back > b_done:
            if left[a - back - 1] != right[b - back - 1]:
                break
            back += 1
        limit = min(gap.a_end - a, gap.b_end - b)
        ahead = length + _count_equal(left, right, a + length, b + length, limit - length)
        yield Block(a - back, b - back, back + ahead)
        a_done, b_done = a + ahead, b + ahead


_EQUIVALENTS = str.maketrans("−。、【】〔〕'`´", '-.,[][]"""')
_CATEGORY_EQUIVALENTS = {"Pd": "-", "Pi": '"', "Pf": '"'}


def fold_text(text: str) -> str:
    """Return a text without the differences that copying often makes, of the same length.

    Folded are case, accents, full and half width, and the kinds of white space, dashes, quotation
    marks and brackets. Each character becomes one character, so offsets stay valid.

    >>> fold_text("Ménière’s “IL–2”，Ａ")
    'meniere"s "il-2",a'
    """
    return "".join(map(_fold_character, text))


@lru_cache(maxsize=1 << 16)
def _fold_character(character: str) -> str:
    if character.isspace():
        return " "
    decomposed = unicodedata.normalize("NFKD", character)
    first, rest = decomposed[0], decomposed[1:]
    if rest and (first == " " or not all(map(unicodedata.combining, rest))):
        first = character  # a spacing accent, a ligature, a Korean syllable
    category = unicodedata.category(first)
    first = _CATEGORY_EQUIVALENTS.get(category, first).translate(_EQUIVALENTS)
    lower = first.casefold()
    return lower if len(lower) == 1 else first
