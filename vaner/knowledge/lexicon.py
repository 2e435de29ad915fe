"""The names of a knowledge base in tables that a text is held against."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vaner.knowledge import arrays
from vaner.knowledge.base import KnowledgeBase
from vaner.knowledge.common_words import COMMON
from vaner.knowledge.hash_tables import Hashes, Indices, Table, Words, chained, ranges, words_of
from vaner.knowledge.spelling_rules import DEFAULT, Rules, spellings
from vaner.utils.cache_folder import get_cache_folder

# Part of the cache's key: raise it whenever the tables or the spellings change.
VERSION = 2

BARRIER = "\n\U0010ffff\n"  # stands in no name: no match goes across it
_MOST_WORDS = 100  # a name with more words, the systematic name of a large molecule, is left out
_CHARACTERS_AT_ONCE = 1 << 18
_MORE = 1  # the bit of a value that tells that longer names begin so


class Matches(NamedTuple):
    """Names found in words, in no order. *Shape:* (N,) each.

    Args:
        firsts: index of the first word.
        lasts: index of the last word.
        names: index of the name.
    """

    firsts: Indices
    lasts: Indices
    names: Indices


class Lexicon:
    """Names, their types and identifiers.

    A name is one spelling. What it stands for are its entries, one for each type.

    Args:
        types: the types of the base.
        tables: the arrays that `build` makes.
    """

    def __init__(self, types: Sequence[str], tables: arrays.Arrays) -> None:
        self.types = tuple(types)
        self._tables = {name: np.asarray(table) for name, table in tables.items()}
        self._beginnings, self._cased = (
            Table(
                int(tables[f"{name}_bits"]),
                *(self._tables[f"{name}_{column}"] for column in ("keys", "values")),
            )
            for name in ("beginnings", "cased")
        )
        self._content = self._tables["identifiers"].data

    def matches(self, words: Words) -> Matches:
        """Every name that stands in the words, overlapping ones too."""
        hashes = words.hashes()
        found = []
        states, firsts, longer = hashes, np.arange(words.number), 0
        while firsts.size:
            values = self._beginnings.find(states)
            ended = values > _MORE
            lasts = firsts[ended] + longer
            found.append(Matches(firsts[ended], lasts, (values[ended].astype(np.int64) >> 1) - 1))
            longer += 1
            on = (values > 0) & (values & _MORE == _MORE) & (firsts + longer < words.number)
            firsts = firsts[on]
            states = chained(states[on], hashes[firsts + longer])
        return self._certain(words, _joined(found))

    def named(self, words: Words, firsts: Indices, lasts: Indices) -> Matches:
        """Of given rows of words, those that are names from end to end."""
        values = self._beginnings.find(words.rows(firsts, lasts))
        ended = values > _MORE
        names = (values[ended].astype(np.int64) >> 1) - 1
        return self._certain(words, Matches(firsts[ended], lasts[ended], names))

    def _certain(self, words: Words, found: Matches) -> Matches:
        """The matches that a second number confirms, and those whose case is right."""
        checks = words.rows(found.firsts, found.lasts, check=True)
        sure = checks == self._tables["checks"][found.names]
        folded = Matches(*(column[sure] for column in found))
        cased = self._tables["has_cased"][folded.names]
        if not cased.any():
            return folded
        rows = folded.firsts[cased], folded.lasts[cased]
        names = self._cased.find(words.rows(*rows, case=True)).astype(np.int64)
        checks = words.rows(*rows, case=True, check=True)
        sure = (names >= 0) & (checks == self._tables["checks"][names])
        return _joined([folded, Matches(*(column[sure] for column in (*rows, names)))])

    def entries(self, names: Indices) -> tuple[Indices, Indices]:
        """What names stand for.

        Returns:
            Indices into `names`, and the entry for each. *Shape:* (E,) both
        """
        firsts = self._tables["name_entries"]
        counts = firsts[names + 1] - firsts[names].astype(np.int64)
        which = np.repeat(np.arange(len(names)), counts)
        return which, ranges(firsts[names].astype(np.int64), counts)[0]

    def entry_types(self, entries: Indices) -> NDArray[np.int16]:
        """Indices into `types`. *Shape:* (E,) both."""
        return np.asarray(self._tables["entry_types"][entries])

    def identifiers(self, entries: Indices) -> list[tuple[str, ...]]:
        """For each entry the identifiers of its concepts, sorted. *Shape:* (E,)"""
        distinct, at = np.unique(entries, return_inverse=True)
        firsts = self._tables["entry_concepts"]
        lengths = firsts[distinct + 1] - firsts[distinct].astype(np.int64)
        which, begins = ranges(firsts[distinct].astype(np.int64), lengths)
        concepts = self._tables["concepts"][which]
        offsets, content = self._tables["identifier_offsets"], self._content
        names = [
            str(content[begin:end], "utf-8")
            for begin, end in zip(
                offsets[concepts].tolist(), offsets[concepts + 1].tolist(), strict=True
            )
        ]
        sets = [
            (names[begin],) if length == 1 else tuple(sorted(set(names[begin : begin + length])))
            for begin, length in zip(begins.tolist(), lengths.tolist(), strict=True)
        ]
        return [sets[place] for place in at.tolist()]


_DIGITS = 16
_KEPT = 4  # lexica of one base, by other rules or of older builds


def open_lexicon(base: KnowledgeBase, rules: Mapping[str, Rules], *, cache: bool = True) -> Lexicon:
    """The lexicon of a base: out of the cache, or built and put there if it can be."""
    about = {
        "version": VERSION,
        "unicode": unicodedata.unidata_version,
        "base": base.fingerprint,
        "types": list(base.types),
        "rules": {type: asdict(rules.get(type, DEFAULT)) for type in base.types},
        "common": _digest(sorted(COMMON)),
    }
    folder = get_cache_folder() / "matchers" / f"{base.name}-{_digest(about)}"
    tables = arrays.load(folder, about) if cache else None
    if tables is None:
        tables = build(base.names(), base.types, rules)
        if cache and arrays.save(folder, tables, about):
            tables = arrays.load(folder, about) or tables
            arrays.prune(folder.parent, f"{base.name}-{'[0-9a-f]' * _DIGITS}", _KEPT)
    return Lexicon(base.types, tables)


def _digest(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:_DIGITS]


def join(texts: Iterable[str]) -> tuple[Words, Indices, Indices]:
    """The words of several texts, with the offset and the first word of each text.

    A text ends `BARRIER` before the next begins.
    """
    parts = list(texts)
    lengths = np.array([len(part) + len(BARRIER) for part in parts], np.int64)
    begins = np.cumsum(lengths) - lengths
    words = words_of(BARRIER.join(parts))
    return words, begins, np.searchsorted(words.starts, begins)


def build(
    names: Iterable[tuple[str, str, str]], types: Sequence[str], rules: Mapping[str, Rules]
) -> dict[str, NDArray[Any]]:
    """The tables of a lexicon.

    Args:
        names: name, type and identifier, as `KnowledgeBase.names` yields them.
        types: all types.
        rules: type -> how its names are spelled.
    """
    spelled = _Spelled()
    identifiers: list[bytes] = []
    numbers = {type: number for number, type in enumerate(types)}
    last = None
    for name, type, identifier in names:
        if identifier != last:
            identifiers.append(identifier.encode())
            last = identifier
        if BARRIER[1] not in name:
            for text, case in spellings(name, rules.get(type, DEFAULT)):
                spelled.add(text, case, numbers[type], len(identifiers) - 1)
    rows = spelled.finished()
    folded, first, places = np.unique(rows.folded, return_index=True, return_inverse=True)
    cased, first_cased, cased_places = np.unique(
        rows.cased[rows.case], return_index=True, return_inverse=True
    )
    has_cased = np.zeros(len(folded), np.bool_)
    has_cased[places[rows.case]] = True
    places[rows.case] = len(folded) + cased_places
    sizes = np.array([0, *map(len, identifiers)], np.int64)
    return {
        **_table("beginnings", *_beginnings(rows, folded)),
        **_table("cased", cased, np.arange(len(cased)) + len(folded)),
        "checks": np.append(rows.checks[first], rows.cased_checks[rows.case][first_cased]),
        "has_cased": np.append(has_cased, np.zeros(len(cased), np.bool_)),
        **_entries(places, rows.types, rows.concepts, len(folded) + len(cased)),
        "identifier_offsets": np.cumsum(sizes),
        "identifiers": np.frombuffer(b"".join(identifiers) or b"-", np.uint8),
    }


class _Columns(NamedTuple):
    """One row for each spelling of each name. *Shape:* (N,) but for the last two, (S,)."""

    folded: Hashes
    checks: Hashes
    cased: Hashes
    cased_checks: Hashes
    case: NDArray[np.bool_]
    types: Indices
    concepts: Indices
    beginnings: Hashes
    more: NDArray[np.bool_]


class _Spelled:
    """Spellings on their way to being columns, some thousand at once."""

    def __init__(self) -> None:
        self._columns: list[_Columns] = []
        self._rows: list[tuple[str, bool, int, int]] = []
        self._characters = 0

    def add(self, text: str, case: bool, type: int, concept: int) -> None:
        self._rows.append((text, case, type, concept))
        self._characters += len(text)
        if self._characters > _CHARACTERS_AT_ONCE:
            self._flush()

    def finished(self) -> _Columns:
        self._flush()
        columns = _Columns(*map(np.concatenate, zip(*self._columns, strict=True)))
        self._columns.clear()
        return columns

    def _flush(self) -> None:
        texts, cases, types, concepts = zip(*self._rows, strict=True) if self._rows else [()] * 4
        words, _, firsts = join(texts)
        # Between two texts stands one word, the barrier; none after the last.
        lengths = np.diff(np.append(firsts, words.number + 1)) - 1
        fit = np.flatnonzero((lengths <= _MOST_WORDS) & (lengths > 0))
        firsts, lengths = firsts[fit], lengths[fit]
        lasts = firsts + lengths - 1
        self._columns.append(
            _Columns(
                words.rows(firsts, lasts),
                words.rows(firsts, lasts, check=True),
                words.rows(firsts, lasts, case=True),
                words.rows(firsts, lasts, case=True, check=True),
                np.array(cases, np.bool_)[fit],
                np.array(types, np.int64)[fit],
                np.array(concepts, np.int64)[fit],
                *_all_beginnings(words.hashes(), firsts, lengths),
            )
        )
        self._rows.clear()
        self._characters = 0


def _all_beginnings(
    words: Hashes, firsts: Indices, lengths: Indices
) -> tuple[Hashes, NDArray[np.bool_]]:
    """All beginnings of rows of words, each once, and whether one goes on. *Shape:* (S,)"""
    states, more = [], []
    live, state, depth = np.arange(len(firsts)), words[firsts], 1
    while live.size:
        states.append(state)
        on = lengths[live] > depth
        more.append(on)
        live = live[on]
        state = chained(state[on], words[firsts[live] + depth])
        depth += 1
    if not states:
        return np.empty(0, np.uint64), np.empty(0, np.bool_)
    return _merged(np.concatenate(states), np.concatenate(more))


def _merged(states: Hashes, more: NDArray[np.bool_]) -> tuple[Hashes, NDArray[np.bool_]]:
    unique, at = np.unique(states, return_inverse=True)
    any_more = np.zeros(len(unique), np.bool_)
    any_more[at[more]] = True
    return unique, any_more


def _beginnings(found: _Columns, names: Hashes) -> tuple[Hashes, Indices]:
    """Beginnings with the index of the name that each is, and whether longer ones follow."""
    states, more = _merged(found.beginnings, found.more)
    values = more.astype(np.int64)
    values[np.searchsorted(states, names)] += (np.arange(len(names)) + 1) << 1
    return states, values


def _table(name: str, keys: Hashes, values: Indices) -> dict[str, NDArray[Any]]:
    table = Table.of(keys, values.astype(np.int32))
    return {f"{name}_bits": np.array(table.bits), f"{name}_keys": table.keys,
            f"{name}_values": table.values}  # fmt: skip


def _entries(
    names: Indices, types: Indices, concepts: Indices, number: int
) -> dict[str, NDArray[Any]]:
    """Rows of name, type and concept as name -> entries -> concepts."""
    order = np.lexsort((concepts, types, names))
    names, types, concepts = names[order], types[order], concepts[order]
    other_entry = (np.diff(names) != 0) | (np.diff(types) != 0)
    distinct = np.append(True, other_entry | (np.diff(concepts) != 0))[: len(names)]
    names, types, concepts = names[distinct], types[distinct], concepts[distinct]
    firsts = np.flatnonzero(np.append(True, other_entry)[: len(distinct)][distinct])
    return {
        "name_entries": np.searchsorted(names[firsts], np.arange(number + 1)).astype(np.int32),
        "entry_types": types[firsts].astype(np.int16),
        "entry_concepts": np.append(firsts, len(names)).astype(np.int32),
        "concepts": concepts.astype(np.int32),
    }


def _joined(found: Sequence[Matches]) -> Matches:
    empty = np.empty(0, np.int64)
    columns = zip(*found, strict=True) if found else [(), (), ()]
    return Matches(*(np.concatenate([empty, *column]) for column in columns))
