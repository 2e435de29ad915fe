"""Hashes of words and word sequences, and hash tables for them, computed with array operations.

The hash of a word is a polynomial in its code points modulo 2⁶⁴, followed by a mixing step. The
hash of a word sequence is computed from the hash of the sequence without its last word and the
hash of the last word (`extend_hashes`), so a sequence can be extended by a word in constant time.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vaner.knowledge.name_forms import (
    GAP,
    JOINED,
    SIGN,
    WORD,
    Codes,
    Offsets,
    fold_case,
    normalize_characters,
)

Hashes = NDArray[np.uint64]
Indices = NDArray[np.int64]

# Arbitrary odd numbers. Cached tables contain hashes made with them, so they must not change.
_BASES = (0x9E3779B97F4A7C15, 0xD1B54A32D192ED03)
_MIX, _STEP = np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53)
_SHIFT = np.uint64(32)
_SLOTS_PER_KEY = 2  # half of the slots are empty, so that searches are short


class Words(NamedTuple):
    """The words and signs of a text.

    Args:
        codes: code points of the text, including the gaps between words. *Shape:* (N,)
        firsts: index in `codes` of each word's first code point. *Shape:* (W,)
        lasts: index in `codes` of each word's last code point. *Shape:* (W,)
        starts: start offset of each word in the text. *Shape:* (W,)
        ends: end offset of each word in the text. *Shape:* (W,)
    """

    codes: Codes
    firsts: Indices
    lasts: Indices
    starts: Offsets
    ends: Offsets

    @property
    def number(self) -> int:
        """Number of words."""
        return len(self.starts)

    def hash_words(self) -> Hashes:
        """Return a hash of each word, ignoring case, never 0. *Shape:* (W,)"""
        return _hash_words(fold_case(self.codes), self.firsts, self.lasts)

    def hash_sequences(
        self, firsts: Indices, lasts: Indices, *, case: bool = False, verify: bool = False
    ) -> Hashes:
        """Return hashes of word sequences.

        Args:
            firsts: index of the first word of each sequence. *Shape:* (N,)
            lasts: index of the last word of each sequence. *Shape:* (N,)
            case: whether the hashes depend on case.
            verify: return a second hash that is independent of the first, to detect collisions.

        Returns:
            *Shape:* (N,)
        """
        # 1. Copy the words of all sequences, one after the other.
        lengths = lasts - firsts + 1
        words, sequence_starts = expand_ranges(firsts, lengths)
        # 2. Copy the code points of these words, one word after the other.
        word_lengths = self.lasts[words] - self.firsts[words] + 1
        positions, word_starts = expand_ranges(self.firsts[words], word_lengths)
        codes = self.codes[positions]
        ends = np.append(word_starts[1:], len(codes)) - 1 if len(word_starts) else word_starts
        # 3. Hash the words, then combine the hashes of each sequence.
        codes = codes if case else fold_case(codes)
        hashes = _hash_words(codes, word_starts, ends, verify)
        return combine_hashes(hashes, sequence_starts, lengths)


def expand_ranges(firsts: Indices, lengths: Indices) -> tuple[Indices, Indices]:
    """Concatenate ranges of indices.

    Args:
        firsts: first index of each range. *Shape:* (N,)
        lengths: length of each range. *Shape:* (N,)

    Returns:
        The indices of all ranges, of shape (sum of `lengths`,), and the position in it at which
        each range begins, of shape (N,).
    """
    starts = np.cumsum(lengths) - lengths
    return np.repeat(firsts - starts, lengths) + np.arange(lengths.sum()), starts


def _hash_words(codes: Codes, firsts: Indices, lasts: Indices, verify: bool = False) -> Hashes:
    """Return a hash of each word. *Shape:* (W,)"""
    if not len(firsts):
        return np.empty(0, np.uint64)
    powers, inverse_powers = _get_powers(1 << max(12, (len(codes) - 1).bit_length()), verify)
    # The polynomial of a word is a difference of prefix sums over the text, divided by the power of
    # the word's position, as if the word were at the start of the text.
    values = (codes + np.uint32(1)) * powers[: len(codes)]
    sums = np.cumsum(values, dtype=np.uint64)
    return _mix_bits((sums[lasts] - sums[firsts] + values[firsts]) * inverse_powers[firsts])


def split_name_words(text: str) -> Words:
    """Split a text into words and signs as defined in `vaner.knowledge.name_forms`.

    >>> text = "Von  Willebrand ( vWf )"
    >>> words = split_name_words(text)
    >>> [text[s:e] for s, e in zip(words.starts, words.ends)]
    ['Von', 'Willebrand', '(', 'vWf', ')']
    """
    codes, kinds, starts, ends = normalize_characters(text)
    gaps = kinds == GAP
    # A word character continues a word or a mark. A mark continues anything but a gap.
    is_first = kinds == SIGN
    previous = np.empty_like(kinds)
    previous[:1], previous[1:] = GAP, kinds[:-1]
    is_first |= (kinds == WORD) & (previous != WORD) & (previous != JOINED)
    is_first |= (kinds == JOINED) & (previous == GAP)
    firsts = np.flatnonzero(is_first)
    # A word ends before the next word, or before a gap.
    is_last = np.empty_like(is_first)
    is_last[:-1], is_last[-1:] = is_first[1:] | gaps[1:], True
    is_last &= ~gaps
    lasts = np.flatnonzero(is_last)
    return Words(codes, firsts, lasts, starts[firsts], ends[lasts])


def _mix_bits(values: Hashes) -> Hashes:
    """Make every bit depend on every bit. The result is never 0, which marks an empty slot."""
    values = (values ^ (values >> _SHIFT)) * _MIX
    values = (values ^ (values >> _SHIFT)) * _STEP
    values ^= values >> _SHIFT
    return np.maximum(values, np.uint64(1))


def extend_hashes(sequences: Hashes, words: Hashes) -> Hashes:
    """Return the hashes of word sequences after one more word. *Shape:* (N,) all."""
    return _mix_bits(sequences * _MIX + words)


def combine_hashes(words: Hashes, starts: Indices, lengths: Indices) -> Hashes:
    """Return the hashes of several sequences of consecutive words.

    Args:
        words: hashes of the words. *Shape:* (W,)
        starts: index of the first word of each sequence. *Shape:* (N,)
        lengths: number of words of each sequence, at least one. *Shape:* (N,)

    Returns:
        *Shape:* (N,)
    """
    hashes = words[starts].copy()
    remaining, depth = np.flatnonzero(lengths > 1), 1
    while remaining.size:
        hashes[remaining] = extend_hashes(hashes[remaining], words[starts[remaining] + depth])
        depth += 1
        remaining = remaining[lengths[remaining] > depth]
    return hashes


class HashTable(NamedTuple):
    """A hash table with open addressing, whose keys are sorted.

    Args:
        bits: the first `bits` bits of a key are its preferred slot.
        keys: key of each slot, 0 for an empty slot. The last slot is empty. *Shape:* (S,)
        values: value of each slot. *Shape:* (S,)
    """

    bits: int
    keys: Hashes
    values: NDArray[np.int32]

    @classmethod
    def build(cls, keys: Hashes, values: NDArray[np.int32]) -> HashTable:
        """Build a table.

        The keys are placed in sorted order, each in its preferred slot or, if that is taken, in
        the next free one. Sorting makes the cost O(N log N).

        Args:
            keys: distinct keys, none of them 0. *Shape:* (N,)
            values: their values. *Shape:* (N,)
        """
        bits = max(4, int(len(keys) * _SLOTS_PER_KEY - 1).bit_length())
        order = np.argsort(keys)
        keys, number = keys[order], np.arange(len(keys))
        preferred = (keys >> np.uint64(64 - bits)).astype(np.int64)
        # slot[i] = max(preferred[i], slot[i - 1] + 1), as a running maximum.
        slots = np.maximum.accumulate(preferred - number) + number
        size = max(1 << bits, int(slots[-1]) + 1 if len(slots) else 0) + 1
        table = cls(bits, np.zeros(size, np.uint64), np.zeros(size, np.int32))
        table.keys[slots], table.values[slots] = keys, values[order]
        return table

    def lookup(self, keys: Hashes) -> NDArray[np.int32]:
        """Return the values of keys, -1 for missing keys.

        All keys are searched at once, slot by slot. With half of the slots empty, the expected
        cost is O(1) per key.

        Args:
            keys: *Shape:* (N,)

        Returns:
            *Shape:* (N,)
        """
        results = np.full(len(keys), -1, np.int32)
        slots = (keys >> np.uint64(64 - self.bits)).astype(np.int64)
        remaining = np.arange(len(keys))
        while remaining.size:
            slot_keys = self.keys[slots]
            is_match = slot_keys == keys
            results[remaining[is_match]] = self.values[slots[is_match]]
            # Keys are sorted without gaps between a key and its preferred slot. So a search can
            # stop at the first key that is larger, or at an empty slot.
            continues = (slot_keys < keys) & (slot_keys != 0)
            remaining = remaining[continues]
            slots, keys = slots[continues] + 1, keys[continues]
        return results


@lru_cache(16)
def _get_powers(size: int, verify: bool) -> tuple[Hashes, Hashes]:
    """Return powers of a base and of its inverse modulo 2⁶⁴. *Shape:* (size,) both."""
    base = _BASES[verify]
    return _geometric_series(base, size), _geometric_series(pow(base, -1, 1 << 64), size)


def _geometric_series(base: int, size: int) -> Hashes:
    series = np.full(size, base, np.uint64)
    series[0] = 1
    return np.multiply.accumulate(series)
