"""The names of a knowledge base as hash tables, and the search for them in text.

The lexicon is a trie of words, stored as one hash table. Its keys are the hashes of all prefixes of
all names: "type", "type 2" and "type 2 diabetes" for the name "type 2 diabetes".

Build (`build_tables`), for N spellings of M words on average:

1. Split every spelling into words, and hash each word.
2. Hash every prefix of every spelling, from left to right: O(N·M).
3. Sort and merge equal prefixes: O(P log P) for P prefixes. The value of a prefix says whether it
   is a name, which name it is, and whether it is the beginning of a longer name.
4. Link each name to its entries, one per entity type, and each entry to its concepts.

Search (`Lexicon.find_all`), for a text of W words:

1. Start a candidate at each word, with the hash of that word.
2. Look up all candidates at once. A candidate whose prefix is a name is a match.
3. Discard the candidates whose prefix is not the beginning of a longer name.
4. Extend the others by the next word of the text, and repeat from step 2.
5. Verify the matches with a second, independent hash, and check case where it matters.

A lookup costs O(1) on average, so the search costs O(W + C), where C is the number of prefixes that
occur in the text. The worst case is O(W·L) for names of at most L words. The number of NumPy calls
depends only on L, not on W. Memory is O(W).
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vaner.knowledge.base import KnowledgeBase
from vaner.knowledge.common_words import COMMON_WORDS
from vaner.knowledge.hash_tables import (
    HashTable,
    Indices,
    Words,
    expand_ranges,
    extend_hashes,
)
from vaner.knowledge.lexicon_tables import CONTINUES, build_tables
from vaner.knowledge.spelling_rules import DEFAULT_RULES, SpellingRules
from vaner.utils import array_cache
from vaner.utils.cache_folder import get_cache_folder

# Part of the cache key. Increase it whenever the tables or the spellings change.
VERSION = 3

_DIGEST_LENGTH = 16
_MAX_CACHED = 4  # lexicons of one base, with other rules or of older builds


class Matches(NamedTuple):
    """Matches of names in a sequence of words, in no particular order. *Shape:* (N,) each.

    Args:
        firsts: index of the first word.
        lasts: index of the last word.
        names: index of the name.
    """

    firsts: Indices
    lasts: Indices
    names: Indices


class Lexicon:
    """Names with their types and identifiers.

    A name is one spelling. It has one entry for each of its entity types, and an entry has one or
    more concepts.

    Args:
        types: the entity types of the base.
        tables: the arrays that `build_tables` returns.
    """

    def __init__(self, types: Sequence[str], tables: array_cache.Arrays) -> None:
        self.types = tuple(types)
        self._tables = {name: np.asarray(table) for name, table in tables.items()}
        self._prefixes = self._get_hash_table("prefixes")
        self._cased = self._get_hash_table("cased")

    def _get_hash_table(self, name: str) -> HashTable:
        tables = self._tables
        return HashTable(
            int(tables[f"{name}_bits"]), tables[f"{name}_keys"], tables[f"{name}_values"]
        )

    def find_all(self, words: Words) -> Matches:
        """Find every name in a text, including overlapping names.

        The steps and their cost are described at the top of this module.
        """
        word_hashes = words.hash_words()
        matches = []
        # 1. One candidate per word. `length` is the number of words after the first word.
        prefixes, firsts, length = word_hashes, np.arange(words.number), 0
        while firsts.size:
            # 2. Look up all candidates. A value is -1 for an unknown prefix, else
            #    2 * (index of the name + 1, or 0 if it is not a name) + the CONTINUES bit.
            values = self._prefixes.lookup(prefixes)
            is_name = values > CONTINUES
            matched = firsts[is_name]
            matches.append(Matches(matched, matched + length, _decode_names(values[is_name])))
            # 3. Keep the candidates that may become a longer name and have another word.
            length += 1
            continues = (values > 0) & ((values & CONTINUES) == CONTINUES)
            continues &= firsts + length < words.number
            firsts = firsts[continues]
            # 4. Extend them by that word.
            prefixes = extend_hashes(prefixes[continues], word_hashes[firsts + length])
        # 5. Verify.
        return self._verify(words, _concatenate(matches))

    def find_exact(self, words: Words, firsts: Indices, lasts: Indices) -> Matches:
        """Return the given word sequences that are names.

        Args:
            words: the words.
            firsts: index of the first word of each sequence. *Shape:* (N,)
            lasts: index of the last word of each sequence. *Shape:* (N,)
        """
        values = self._prefixes.lookup(words.hash_sequences(firsts, lasts))
        is_name = values > CONTINUES
        matches = Matches(firsts[is_name], lasts[is_name], _decode_names(values[is_name]))
        return self._verify(words, matches)

    def _verify(self, words: Words, matches: Matches) -> Matches:
        """Remove hash collisions, and add the names that are matched with their case.

        All lookups so far ignored case. A sequence of words may be a name that is matched in any
        case, a name that is matched only as it is spelled, or both.
        """
        tables = self._tables
        # 1. Names in any case: compare the verification hash.
        hashes = words.hash_sequences(matches.firsts, matches.lasts, verify=True)
        is_equal = hashes == tables["checks"][matches.names]
        folded = Matches(*(column[is_equal] for column in matches))
        # 2. If any of them has a case-sensitive spelling, look these up with their case.
        has_cased = tables["has_cased"][folded.names]
        if not has_cased.any():
            return folded
        sequences = folded.firsts[has_cased], folded.lasts[has_cased]
        names = self._cased.lookup(words.hash_sequences(*sequences, case=True)).astype(np.int64)
        hashes = words.hash_sequences(*sequences, case=True, verify=True)
        is_equal = (names >= 0) & (hashes == tables["checks"][names])
        cased = Matches(*(column[is_equal] for column in (*sequences, names)))
        return _concatenate([folded, cased])

    def get_entries(self, names: Indices) -> tuple[Indices, Indices]:
        """Return the entries of names, one for each entity type of a name.

        Args:
            names: indices of names. *Shape:* (N,)

        Returns:
            For each entry the position of its name in `names`, and the index of the entry.
            *Shape:* (E,) both.
        """
        offsets = self._tables["name_entries"]
        firsts = offsets[names].astype(np.int64)
        counts = offsets[names + 1] - firsts
        return np.repeat(np.arange(len(names)), counts), expand_ranges(firsts, counts)[0]

    def get_types(self, entries: Indices) -> NDArray[np.int16]:
        """Return the types of entries, as indices into `types`. *Shape:* (E,) both."""
        return np.asarray(self._tables["entry_types"][entries])

    def get_identifiers(self, entries: Indices) -> list[tuple[str, ...]]:
        """Return the sorted identifiers of the concepts of each entry.

        Args:
            entries: indices of entries. *Shape:* (E,)
        """
        tables = self._tables
        distinct, positions = np.unique(entries, return_inverse=True)
        firsts = tables["entry_concepts"][distinct].astype(np.int64)
        lengths = tables["entry_concepts"][distinct + 1] - firsts
        indices, starts = expand_ranges(firsts, lengths)
        concepts, offsets = tables["concepts"][indices], tables["identifier_offsets"]
        identifier_bytes = tables["identifiers"].data
        identifiers = [
            str(identifier_bytes[start:end], "utf-8")
            for start, end in zip(
                offsets[concepts].tolist(), offsets[concepts + 1].tolist(), strict=True
            )
        ]
        by_entry = [
            (identifiers[start],)  # nearly all entries
            if length == 1
            else tuple(sorted(set(identifiers[start : start + length])))
            for start, length in zip(starts.tolist(), lengths.tolist(), strict=True)
        ]
        return [by_entry[position] for position in positions.tolist()]


def open_lexicon(
    base: KnowledgeBase, rules: Mapping[str, SpellingRules], *, cache: bool = True
) -> Lexicon:
    """Open the lexicon of a base: load it from the cache, or build and cache it.

    Args:
        base: the base.
        rules: type -> spelling rules; a type that is missing has `DEFAULT_RULES`.
        cache: whether to use the cache.
    """
    key = {
        "version": VERSION,
        "unicode": unicodedata.unidata_version,
        "base": base.fingerprint,
        "types": list(base.types),
        "rules": {type: asdict(rules.get(type, DEFAULT_RULES)) for type in base.types},
        "common": _digest(sorted(COMMON_WORDS)),
    }
    folder = get_cache_folder() / "matchers" / f"{base.name}-{_digest(key)}"
    tables = array_cache.load(folder, key) if cache else None
    if tables is None:
        tables = build_tables(base.names(), base.types, rules)
        if cache and array_cache.save(folder, tables, key):
            tables = array_cache.load(folder, key) or tables
            pattern = f"{base.name}-{'[0-9a-f]' * _DIGEST_LENGTH}"
            array_cache.prune(folder.parent, pattern, _MAX_CACHED)
    return Lexicon(base.types, tables)


def _digest(content: Any) -> str:
    text = json.dumps(content, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGEST_LENGTH]


def _decode_names(values: NDArray[np.int32]) -> Indices:
    """Return the indices of the names from the values of prefixes. *Shape:* (N,) both."""
    return (values.astype(np.int64) >> 1) - 1


def _concatenate(matches: Sequence[Matches]) -> Matches:
    empty = np.empty(0, np.int64)
    columns = zip(*matches, strict=True) if matches else [(), (), ()]
    return Matches(*(np.concatenate([empty, *column]) for column in columns))
