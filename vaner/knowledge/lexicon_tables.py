"""Build the tables of a lexicon: hash tables of name prefixes, and the concepts of the names.

See `vaner.knowledge.lexicon` for the steps and their cost.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vaner.knowledge.hash_tables import (
    Hashes,
    HashTable,
    Indices,
    Words,
    extend_hashes,
    split_name_words,
)
from vaner.knowledge.spelling_rules import DEFAULT_RULES, SpellingRules, generate_spellings

BARRIER = "\n\U0010ffff\n"  # separates texts; no name contains it, so no match crosses it
CONTINUES = 1  # bit of a prefix's value: the prefix is the beginning of a longer name
_MAX_WORDS = 100  # longer names, systematic names of large molecules, are left out
_CHARACTERS_PER_BATCH = 1 << 18
# The end of a paragraph, and a line break before an item of a list with dashes. Names do not cross
# them, although white space and dashes are gaps in names.
_BREAK = re.compile(r"\n(?=[^\S\n]*(?:\n|[-–—][^\S\n]))")


def join_texts(texts: Iterable[str]) -> tuple[Words, Indices, Indices]:
    """Join texts with `BARRIER`, and split them into words.

    Args:
        texts: T texts.

    Returns:
        The words of all texts, the offset at which each text starts, and the index of its first
        word. *Shape:* (T,) for the last two.
    """
    parts = list(texts)
    lengths = np.array([len(part) + len(BARRIER) for part in parts], np.int64)
    starts = np.cumsum(lengths) - lengths
    words = split_name_words(BARRIER.join(parts))
    return words, starts, np.searchsorted(words.starts, starts)


def mark_breaks(text: str) -> str:
    """Return a text of the same length, with a character that no name has where no name may be."""
    return _BREAK.sub(BARRIER[1], text)


def build_tables(
    names: Iterable[tuple[str, str, str]],
    types: Sequence[str],
    rules: Mapping[str, SpellingRules],
) -> dict[str, NDArray[Any]]:
    """Build the tables of a lexicon.

    The steps and their cost are described in `vaner.knowledge.lexicon`.

    Args:
        names: name, type and identifier, as `KnowledgeBase.names` yields them.
        types: all entity types.
        rules: type -> spelling rules; a type that is missing has `DEFAULT_RULES`.

    Returns:
        Table name -> array. Names that ignore case have the indices 0 to F - 1, in the order of
        their hashes; the C case-sensitive names follow.
    """
    # 1. and 2. Generate the spellings, split them into words, and hash them and their prefixes.
    builder = _ColumnBuilder()
    identifiers: list[bytes] = []
    type_indices = {type: index for index, type in enumerate(types)}
    previous = None
    for name, type, identifier in names:
        if identifier != previous:
            identifiers.append(identifier.encode())
            previous = identifier
        if BARRIER[1] not in name:
            for text, case in generate_spellings(name, rules.get(type, DEFAULT_RULES)):
                builder.add(text, case, type_indices[type], len(identifiers) - 1)
    columns = builder.finish()
    # 3. Number the distinct names: first without case, then those that are case-sensitive.
    folded, first, name_of_row = np.unique(columns.folded, return_index=True, return_inverse=True)
    is_cased = columns.is_cased
    cased, first_cased, cased_of_row = np.unique(
        columns.cased[is_cased], return_index=True, return_inverse=True
    )
    has_cased = np.zeros(len(folded), np.bool_)
    has_cased[name_of_row[is_cased]] = True
    name_of_row[is_cased] = len(folded) + cased_of_row
    sizes = np.array([0, *map(len, identifiers)], np.int64)
    return {
        **_make_hash_table("prefixes", *_make_prefix_values(columns, folded)),
        **_make_hash_table("cased", cased, np.arange(len(cased)) + len(folded)),
        "checks": np.append(columns.checks[first], columns.cased_checks[is_cased][first_cased]),
        "has_cased": np.append(has_cased, np.zeros(len(cased), np.bool_)),
        # 4. Link names to entries and concepts.
        **_make_entries(name_of_row, columns.types, columns.concepts, len(folded) + len(cased)),
        "identifier_offsets": np.cumsum(sizes),
        "identifiers": np.frombuffer(b"".join(identifiers) or b"-", np.uint8),
    }


class _Columns(NamedTuple):
    """One row for each spelling of each name.

    Args:
        folded: hash without case. *Shape:* (N,)
        checks: verification hash without case. *Shape:* (N,)
        cased: hash with case. *Shape:* (N,)
        cased_checks: verification hash with case. *Shape:* (N,)
        is_cased: whether case matters for the spelling. *Shape:* (N,)
        types: index of the entity type. *Shape:* (N,)
        concepts: index of the concept. *Shape:* (N,)
        prefixes: hashes of all prefixes. *Shape:* (P,)
        continues: whether the prefix is the beginning of a longer name. *Shape:* (P,)
    """

    folded: Hashes
    checks: Hashes
    cased: Hashes
    cased_checks: Hashes
    is_cased: NDArray[np.bool_]
    types: Indices
    concepts: Indices
    prefixes: Hashes
    continues: NDArray[np.bool_]


class _ColumnBuilder:
    """Collects spellings and converts them to columns in batches."""

    def __init__(self) -> None:
        self._columns: list[_Columns] = []
        self._rows: list[tuple[str, bool, int, int]] = []
        self._characters = 0

    def add(self, text: str, is_cased: bool, type: int, concept: int) -> None:
        self._rows.append((text, is_cased, type, concept))
        self._characters += len(text)
        if self._characters > _CHARACTERS_PER_BATCH:
            self._flush()

    def finish(self) -> _Columns:
        self._flush()
        columns = _Columns(*map(np.concatenate, zip(*self._columns, strict=True)))
        self._columns.clear()
        return columns

    def _flush(self) -> None:
        texts, cases, types, concepts = zip(*self._rows, strict=True) if self._rows else [()] * 4
        words, _, firsts = join_texts(texts)
        # The barrier between two texts is one word. There is none after the last text.
        lengths = np.diff(np.append(firsts, words.number + 1)) - 1
        selected = np.flatnonzero((lengths <= _MAX_WORDS) & (lengths > 0))
        firsts, lengths = firsts[selected], lengths[selected]
        lasts = firsts + lengths - 1
        self._columns.append(
            _Columns(
                words.hash_sequences(firsts, lasts),
                words.hash_sequences(firsts, lasts, verify=True),
                words.hash_sequences(firsts, lasts, case=True),
                words.hash_sequences(firsts, lasts, case=True, verify=True),
                np.array(cases, np.bool_)[selected],
                np.array(types, np.int64)[selected],
                np.array(concepts, np.int64)[selected],
                *_hash_prefixes(words.hash_words(), firsts, lengths),
            )
        )
        self._rows.clear()
        self._characters = 0


def _hash_prefixes(
    words: Hashes, firsts: Indices, lengths: Indices
) -> tuple[Hashes, NDArray[np.bool_]]:
    """Hash all prefixes of word sequences, one word more at each step, like `Lexicon.find_all`.

    Args:
        words: hashes of the words. *Shape:* (W,)
        firsts: index of the first word of each sequence. *Shape:* (N,)
        lengths: number of words of each sequence. *Shape:* (N,)

    Returns:
        The distinct prefixes, and whether each is the beginning of a longer sequence. *Shape:*
        (P,) both.
    """
    prefixes, continues = [], []
    remaining, current, depth = np.arange(len(firsts)), words[firsts], 1
    while remaining.size:
        prefixes.append(current)
        is_longer = lengths[remaining] > depth
        continues.append(is_longer)
        remaining = remaining[is_longer]
        current = extend_hashes(current[is_longer], words[firsts[remaining] + depth])
        depth += 1
    if not prefixes:
        return np.empty(0, np.uint64), np.empty(0, np.bool_)
    return _merge_prefixes(np.concatenate(prefixes), np.concatenate(continues))


def _merge_prefixes(
    prefixes: Hashes, continues: NDArray[np.bool_]
) -> tuple[Hashes, NDArray[np.bool_]]:
    """Merge equal prefixes; one of them that continues is enough."""
    distinct, positions = np.unique(prefixes, return_inverse=True)
    any_continues = np.zeros(len(distinct), np.bool_)
    any_continues[positions[continues]] = True
    return distinct, any_continues


def _make_prefix_values(columns: _Columns, names: Hashes) -> tuple[Hashes, Indices]:
    """Return the distinct prefixes and their values, as `Lexicon.find_all` decodes them."""
    prefixes, continues = _merge_prefixes(columns.prefixes, columns.continues)
    values = continues.astype(np.int64) * CONTINUES
    values[np.searchsorted(prefixes, names)] += (np.arange(len(names)) + 1) << 1
    return prefixes, values


def _make_hash_table(name: str, keys: Hashes, values: Indices) -> dict[str, NDArray[Any]]:
    table = HashTable.build(keys, values.astype(np.int32))
    return {
        f"{name}_bits": np.array(table.bits),
        f"{name}_keys": table.keys,
        f"{name}_values": table.values,
    }


def _make_entries(
    names: Indices, types: Indices, concepts: Indices, number: int
) -> dict[str, NDArray[Any]]:
    """Convert rows of name, type and concept to two levels of offsets.

    Entries of name i: ``name_entries[i]`` to ``name_entries[i + 1]``. Concepts of entry j:
    ``entry_concepts[j]`` to ``entry_concepts[j + 1]``.

    Args:
        names: index of the name of each row. *Shape:* (N,)
        types: index of its type. *Shape:* (N,)
        concepts: index of its concept. *Shape:* (N,)
        number: number of names.
    """
    # 1. Sort the rows, and remove duplicates.
    order = np.lexsort((concepts, types, names))
    names, types, concepts = names[order], types[order], concepts[order]
    is_new_entry = (np.diff(names) != 0) | (np.diff(types) != 0)
    is_distinct = np.append(True, is_new_entry | (np.diff(concepts) != 0))[: len(names)]
    names, types, concepts = names[is_distinct], types[is_distinct], concepts[is_distinct]
    # 2. An entry begins at each row with a new name or type.
    firsts = np.flatnonzero(np.append(True, is_new_entry)[: len(is_distinct)][is_distinct])
    return {
        "name_entries": np.searchsorted(names[firsts], np.arange(number + 1)).astype(np.int32),
        "entry_types": types[firsts].astype(np.int16),
        "entry_concepts": np.append(firsts, len(names)).astype(np.int32),
        "concepts": concepts.astype(np.int32),
    }
