"""Where two texts agree that should be one: for answers that are not the copy they ought to be.

Levenshtein's distance would not do: where a whole clause was left out, every way to scatter the
letters behind it over the clause costs the same, and a bracket at its edge lands anywhere. So
long pieces that stand once in either text are matched first, and shorter ones between those. No
step is quadratic, whatever the texts are.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple


class Block(NamedTuple):
    """``left[a : a + length]`` is ``right[b : b + length]``."""

    a: int
    b: int
    length: int


class Gap(NamedTuple):
    """``left[a_start:a_end]`` stands where ``right[b_start:b_end]`` does; one may be empty."""

    a_start: int
    a_end: int
    b_start: int
    b_end: int

    @property
    def longest(self) -> int:
        return max(self.a_end - self.a_start, self.b_end - self.b_start)

    @property
    def one_sided(self) -> bool:
        return self.a_start == self.a_end or self.b_start == self.b_end


# Length of a piece -> longest gap in which two pieces of that length meet for a reason rather
# than by chance: a single letter says something among 25 others and nothing among thousands.
_TELLING = {32: 10**9, 16: 10**9, 8: 10**9, 4: 1000, 2: 100, 1: 25}

# What is left after the same beginning and the same end is taken to be all that differs where it
# is at most this long. In a text that repeats itself, such as a sequence, this finds a difference
# that pieces which stand once would not; where more is left, a whole clause may be missing, and
# the same end be that of another one.
_SINGLE = 64


def align_texts(left: str, right: str) -> list[Gap]:
    """The pieces in which two texts differ, in order; between them they agree.

    White space is no help and no hindrance: what is matched is what stands between it, and a line
    break agrees with a space. Takes time in proportion to the length of the texts, but for a
    logarithm. In long stretches where everything is repeated several differences may be told as
    one.

    >>> align_texts("the CD-28  receptor", "the CD28 receptor")
    [Gap(a_start=6, a_end=7, b_start=6, b_end=6), Gap(a_start=10, a_end=11, b_start=9, b_end=9)]
    """
    a_places, b_places = nonspace_offsets(left), nonspace_offsets(right)
    blocks = _matched("".join(left.split()), "".join(right.split()))
    whole = Gap(0, len(left), 0, len(right))
    gaps = _between(list(_spread(blocks, a_places, b_places)), whole)
    return [gap for gap in (_pared(left, right, gap) for gap in gaps) if gap.longest]


def _pared(left: str, right: str, gap: Gap) -> Gap:
    """A gap without the white space that both texts have at its edges."""
    a_start, a_end, b_start, b_end = gap

    def blank(a: int, b: int) -> bool:
        room = a_start < a_end and b_start < b_end
        return room and left[a] == right[b] and left[a].isspace()

    while blank(a_start, b_start):
        a_start, b_start = a_start + 1, b_start + 1
    while blank(a_end - 1, b_end - 1):
        a_end, b_end = a_end - 1, b_end - 1
    return Gap(a_start, a_end, b_start, b_end)


def nonspace_offsets(text: str) -> list[int]:
    """Places of the characters that are not white space.

    >>> nonspace_offsets(" a b")
    [1, 3]
    """
    return [place for place, character in enumerate(text) if not character.isspace()]


def _spread(
    blocks: Sequence[Block], a_places: Sequence[int], b_places: Sequence[int]
) -> Iterator[Block]:
    """Blocks of two texts without their white space as blocks of the texts themselves."""
    for block in blocks:
        for first, last in _steady(block, a_places, b_places):
            a = a_places[block.a + first]
            yield Block(a, b_places[block.b + first], a_places[block.a + last] + 1 - a)


def _steady(
    block: Block, a_places: Sequence[int], b_places: Sequence[int]
) -> Iterator[tuple[int, int]]:
    """First and last of each run of a block in which both texts have as much white space."""
    first = 0
    for i in range(1, block.length + 1):
        a, b = block.a + i, block.b + i
        if i == block.length or a_places[a] - a_places[a - 1] != b_places[b] - b_places[b - 1]:
            yield first, i - 1
            first = i


def _matched(left: str, right: str) -> list[Block]:
    """The blocks in which two texts agree, in order."""
    whole = Gap(0, len(left), 0, len(right))
    blocks = list(_edges(left, right, whole))
    gaps = _between(blocks, whole)
    if any(gap.longest > _SINGLE for gap in gaps):
        blocks, gaps = [], [whole]
    for size, reach in _TELLING.items():
        gaps = [g for gap in gaps for g in _cut(left, right, gap, size, reach, blocks)]
    for gap in gaps:
        blocks += (b for b in _edges(left, right, gap) if gap.longest <= _reach(b.length))
    return sorted(blocks)


def _reach(length: int) -> int:
    return max(reach for size, reach in _TELLING.items() if size <= length)


def _cut(left: str, right: str, gap: Gap, size: int, reach: int, blocks: list[Block]) -> list[Gap]:
    """What is left of a gap after matching pieces of `size`, which are added to `blocks`."""
    if gap.one_sided or gap.longest > reach:
        return [gap]
    found = list(_grown(left, right, gap, size, _shared(left, right, gap, size)))
    blocks += found
    return _between(found, gap)


def _between(blocks: Sequence[Block], within: Gap) -> list[Gap]:
    """The gaps that blocks in order leave of a larger one."""
    first = Block(within.a_start, within.b_start, 0)
    last = Block(within.a_end, within.b_end, 0)
    gaps = (
        Gap(before.a + before.length, after.a, before.b + before.length, after.b)
        for before, after in pairwise((first, *blocks, last))
    )
    return [gap for gap in gaps if gap.longest]


def _edges(left: str, right: str, gap: Gap) -> Iterator[Block]:
    """What a gap has in common at its beginning and at its end."""
    room = min(gap.a_end - gap.a_start, gap.b_end - gap.b_start)
    head = _run(left, right, gap.a_start, gap.b_start, room)
    tail = 0
    while tail < room - head and left[gap.a_end - tail - 1] == right[gap.b_end - tail - 1]:
        tail += 1
    if head:
        yield Block(gap.a_start, gap.b_start, head)
    if tail:
        yield Block(gap.a_end - tail, gap.b_end - tail, tail)


def _run(left: str, right: str, a: int, b: int, room: int) -> int:
    """How far two texts go on alike from two places, `room` at most."""
    length = 0
    while length < room and left[a + length] == right[b + length]:
        length += 1
    return length


def _shared(left: str, right: str, gap: Gap, size: int) -> list[tuple[int, int]]:
    """Places of the pieces of `size` that stand once on either side, in the order of both."""
    here = _single(left, gap.a_start, gap.a_end, size)
    there = _single(right, gap.b_start, gap.b_end, size)
    return _rising([(place, there[piece]) for piece, place in here.items() if piece in there])


def _single(text: str, start: int, end: int, size: int) -> dict[str, int]:
    """Place of each piece that stands once, in the order of the text."""
    places: dict[str, int] = {}
    for i in range(start, end - size + 1):
        piece = text[i : i + size]
        places[piece] = -1 if piece in places else i
    return {piece: place for piece, place in places.items() if place >= 0}


def _rising(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """A longest selection of pairs, given in order of the first, in which the second rises too.

    >>> _rising([(0, 5), (1, 1), (2, 2), (3, 9)])
    [(1, 1), (2, 2), (3, 9)]
    """
    tops: list[int] = []  # the lowest second with which a selection of that length can end
    ends: list[int] = []  # the pair it is of
    before: list[int] = []  # of each pair the one that it follows
    for i, (_, second) in enumerate(pairs):
        length = bisect_left(tops, second)
        before.append(ends[length - 1] if length else -1)
        tops[length : length + 1] = [second]
        ends[length : length + 1] = [i]
    chain: list[tuple[int, int]] = []
    i = ends[-1] if ends else -1
    while i >= 0:
        chain.append(pairs[i])
        i = before[i]
    return chain[::-1]


def _grown(
    left: str, right: str, gap: Gap, size: int, places: Sequence[tuple[int, int]]
) -> Iterator[Block]:
    """Blocks round shared pieces, each as long as it can be to either side."""
    a_done, b_done = gap.a_start, gap.b_start
    for a, b in places:
        if a < a_done or b < b_done:  # inside the block before
            continue
        back = 0
        while a - back > a_done and b - back > b_done:
            if left[a - back - 1] != right[b - back - 1]:
                break
            back += 1
        room = min(gap.a_end - a, gap.b_end - b)
        ahead = size + _run(left, right, a + size, b + size, room - size)
        yield Block(a - back, b - back, back + ahead)
        a_done, b_done = a + ahead, b + ahead


_ALIKE = str.maketrans("−。、【】〔〕'`´", '-.,[][]"""')
_SAME = {"Pd": "-", "Pi": '"', "Pf": '"'}


def fold_text(text: str) -> str:
    """A text without the differences that a copyist makes, character for character.

    Case, accents, full and half width, kinds of white space, dashes, quotation marks, brackets.

    >>> fold_text("Ménière’s “IL–2”，Ａ")
    'meniere"s "il-2",a'
    """
    return "".join(map(_folded, text))


@lru_cache(maxsize=1 << 16)
def _folded(character: str) -> str:
    if character.isspace():
        return " "
    decomposed = unicodedata.normalize("NFKD", character)
    first, rest = decomposed[0], decomposed[1:]
    if rest and (first == " " or not all(map(unicodedata.combining, rest))):
        first = character  # an accent alone, a ligature, a Korean syllable
    first = _SAME.get(unicodedata.category(first), first).translate(_ALIKE)
    lower = first.casefold()
    return lower if len(lower) == 1 else first
