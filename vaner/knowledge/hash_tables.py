"""Words of texts as numbers, and tables that find one: what dictionary matching is made of.

A word's number is a polynomial over its code points modulo 2⁶⁴, mixed; a row of words has the
number that `chained` makes of theirs. All of it is arithmetic on whole arrays.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vaner.knowledge.name_forms import GAP, JOINED, SIGN, WORD, Codes, Offsets, folded, spelled

Hashes = NDArray[np.uint64]
Indices = NDArray[np.int64]

# Odd, and otherwise of no meaning. Cached tables hold numbers made with these.
_BASES = (0x9E3779B97F4A7C15, 0xD1B54A32D192ED03)
_MIX, _STEP = np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53)
_SHIFT = np.uint64(32)
_FULLEST = 2  # slots for each key: half of a table is empty, and a search ends soon


class Words(NamedTuple):
    """The words and signs of a text.

    Args:
        codes: code points of the words, gaps between them left in place. *Shape:* (N,)
        firsts: index of each word's first code point in `codes`. *Shape:* (W,)
        lasts: index of its last one. *Shape:* (W,)
        starts: offset in the text at which each word begins. *Shape:* (W,)
        ends: offset at which it ends. *Shape:* (W,)
    """

    codes: Codes
    firsts: Indices
    lasts: Indices
    starts: Offsets
    ends: Offsets

    @property
    def number(self) -> int:
        """How many there are."""
        return len(self.starts)

    def hashes(self) -> Hashes:
        """A number for each word, whatever the case of its letters, never 0. *Shape:* (W,)"""
        return _hashes(folded(self.codes), self.firsts, self.lasts)

    def rows(
        self, firsts: Indices, lasts: Indices, *, case: bool = False, check: bool = False
    ) -> Hashes:
        """The numbers of rows of words.

        Args:
            firsts: index of the first word of each row. *Shape:* (N,)
            lasts: index of the last one. *Shape:* (N,)
            case: whether capitals make a difference.
            check: other numbers, which have nothing in common with the first.
        """
        lengths = lasts - firsts + 1
        words, begins = ranges(firsts, lengths)
        places, at = ranges(self.firsts[words], self.lasts[words] - self.firsts[words] + 1)
        codes = self.codes[places]
        until = np.append(at[1:], len(codes)) - 1 if len(at) else at
        return chain(_hashes(codes if case else folded(codes), at, until, check), begins, lengths)


def ranges(firsts: Indices, lengths: Indices) -> tuple[Indices, Indices]:
    """Ranges of indices one after the other, and where each of them begins."""
    begins = np.cumsum(lengths) - lengths
    return np.repeat(firsts - begins, lengths) + np.arange(lengths.sum()), begins


def _hashes(codes: Codes, firsts: Indices, lasts: Indices, check: bool = False) -> Hashes:
    """A number for each word. *Shape:* (W,)"""
    if not len(firsts):
        return np.empty(0, np.uint64)
    powers, inverse = _powers(1 << max(12, (len(codes) - 1).bit_length()), check)
    # Sums over a word as if it stood at the beginning; gaps count nothing.
    values = (codes + np.uint32(1)) * powers[: len(codes)]
    sums = np.cumsum(values, dtype=np.uint64)
    return mixed((sums[lasts] - sums[firsts] + values[firsts]) * inverse[firsts])


def words_of(text: str) -> Words:
    """Cut a text into words and signs as `vaner.knowledge.name_forms` defines them.

    >>> text = "Von  Willebrand ( vWf )"
    >>> words = words_of(text)
    >>> [text[s:e] for s, e in zip(words.starts, words.ends)]
    ['Von', 'Willebrand', '(', 'vWf', ')']
    """
    codes, kinds, starts, ends = spelled(text)
    gaps = kinds == GAP
    # A word goes on after a letter or a mark; a mark goes on after anything but a gap.
    first = kinds == SIGN
    before = np.empty_like(kinds)
    before[:1], before[1:] = GAP, kinds[:-1]
    first |= (kinds == WORD) & (before != WORD) & (before != JOINED)
    first |= (kinds == JOINED) & (before == GAP)
    firsts = np.flatnonzero(first)
    # A word ends before the next one, or before a gap.
    last = np.empty_like(first)
    last[:-1], last[-1:] = first[1:] | gaps[1:], True
    last &= ~gaps
    lasts = np.flatnonzero(last)
    return Words(codes, firsts, lasts, starts[firsts], ends[lasts])


def mixed(values: Hashes) -> Hashes:
    """Numbers whose every bit depends on every bit; 0, which marks an empty slot, is none."""
    values = (values ^ (values >> _SHIFT)) * _MIX
    values = (values ^ (values >> _SHIFT)) * _STEP
    values ^= values >> _SHIFT
    return np.maximum(values, np.uint64(1))


def chained(before: Hashes, words: Hashes) -> Hashes:
    """The numbers of rows of words that are one word longer. *Shape:* (N,) all."""
    return mixed(before * _MIX + words)


def chain(words: Hashes, starts: Indices, lengths: Indices) -> Hashes:
    """The numbers of several rows out of a sequence of words.

    Args:
        words: numbers of the words. *Shape:* (W,)
        starts: index of each row's first word. *Shape:* (N,)
        lengths: words in each row, at least one. *Shape:* (N,)
    """
    found = words[starts].copy()
    live, depth = np.flatnonzero(lengths > 1), 1
    while live.size:
        found[live] = chained(found[live], words[starts[live] + depth])
        depth += 1
        live = live[lengths[live] > depth]
    return found


class Table(NamedTuple):
    """A table of numbers: each key in order, at its place or soon after it.

    Args:
        bits: the place of a key is told by its first bits, so many.
        keys: 0 where a slot is empty, as the last one is. *Shape:* (S,)
        values: what belongs to each key. *Shape:* (S,)
    """

    bits: int
    keys: Hashes
    values: NDArray[np.int32]

    @classmethod
    def of(cls, keys: Hashes, values: NDArray[np.int32]) -> Table:
        """A table of distinct keys, none of them 0. *Shape:* (N,) both."""
        bits = max(4, int(len(keys) * _FULLEST - 1).bit_length())
        order = np.argsort(keys)
        keys, number = keys[order], np.arange(len(keys))
        home = (keys >> np.uint64(64 - bits)).astype(np.int64)
        place = np.maximum.accumulate(home - number) + number
        size = max(1 << bits, int(place[-1]) + 1 if len(place) else 0) + 1
        table = cls(bits, np.zeros(size, np.uint64), np.zeros(size, np.int32))
        table.keys[place], table.values[place] = keys, values[order]
        return table

    def find(self, keys: Hashes) -> NDArray[np.int32]:
        """The values of keys, -1 for those that are not there. *Shape:* (N,) like `keys`."""
        answer = np.full(len(keys), -1, np.int32)
        place = (keys >> np.uint64(64 - self.bits)).astype(np.int64)
        live = np.arange(len(keys))
        while live.size:
            there = self.keys[place]
            hit = there == keys
            answer[live[hit]] = self.values[place[hit]]
            # Keys stand in order, with no empty slot between a key's place and the key.
            on = (there < keys) & (there != 0)
            live, place, keys = live[on], place[on] + 1, keys[on]
        return answer


@lru_cache(16)
def _powers(size: int, check: bool) -> tuple[Hashes, Hashes]:
    """Powers of a base and of its inverse. *Shape:* (size,) both."""
    base = _BASES[check]
    return _geometric(base, size), _geometric(pow(base, -1, 1 << 64), size)


def _geometric(base: int, size: int) -> Hashes:
    row = np.full(size, base, np.uint64)
    row[0] = 1
    return np.multiply.accumulate(row)
