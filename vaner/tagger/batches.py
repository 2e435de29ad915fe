"""Batches of rows as arrays, padded or packed.

Letters in shapes: B rows, T subwords, W words, C tags. In packed batches, N is the number of
subwords of the batch, S the number of segments, L the number of subwords in a segment, and K
the number of subwords that a segment attends to.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from vaner.backbones.encoding import Row

Layout = Literal["padded", "packed", "shared"]
Array: TypeAlias = npt.NDArray[Any]


def collate(rows: Sequence[Row], layout: Layout = "padded") -> dict[str, Array]:
    """Return rows as one batch.

    Args:
        rows: at least one.
        layout: ``padded``: one row of subwords for each row, as long as the longest. ``packed``:
            all rows one after another, without padding. ``shared``: packed, but each instruction
            occurs once; all its sentences attend to it, and it attends to none of them.

    Returns:
        The batch. All indices are int64. The entries are:

        ``input_ids``: *Shape:* (B, T), or (1, N) if packed
        ``casing``: if the rows have it. *Shape:* as ``input_ids``
        ``attention_mask``: if padded. *Shape:* (B, T)
        ``query_index``, ``query_mask``, ``key_index``, ``key_mask``, ``positions``: if packed, the
            fields of `vaner.backbones.row_packing.Packing`
        ``word_starts``, ``word_ends``: subwords of each word, half-open, counted through all of
            ``input_ids``. *Shape:* (B, W)
        ``word_mask``: True on words. *Shape:* (B, W), bool
        ``tags``: if the rows have tags. *Shape:* (B, W)
        ``unannotated_tags``: if any row has some, filled with -1. *Shape:* (B, at most C)
        ``general``: if any row is of the general domain. *Shape:* (B,), bool
        ``has_posterior``: if any row has a teacher's posterior. *Shape:* (B,), bool
        ``posterior_tags``: likewise; 0 for rows without it. *Shape:* (B, W, C)
        ``posterior_transitions``: likewise. *Shape:* (B, C, C)
    """
    batch, offsets = _pad(rows) if layout == "padded" else _pack(rows, layout == "shared")
    words = (len(rows), max(len(row.starts) for row in rows))
    batch["word_starts"] = np.zeros(words, np.int64)
    batch["word_ends"] = np.ones(words, np.int64)
    batch["word_mask"] = np.zeros(words, np.bool_)
    if rows[0].tags:
        batch["tags"] = np.zeros(words, np.int64)
    if max_unannotated := max(len(row.unannotated_tags) for row in rows):
        batch["unannotated_tags"] = np.full((len(rows), max_unannotated), -1)
    if any(row.general for row in rows):
        batch["general"] = np.array([row.general for row in rows])
    for i, (row, offset) in enumerate(zip(rows, offsets, strict=True)):
        count = len(row.starts)
        batch["word_starts"][i, :count] = np.add(row.starts, offset)
        batch["word_ends"][i, :count] = np.add(row.ends, offset)
        batch["word_mask"][i, :count] = True
        if row.tags:
            batch["tags"][i, :count] = row.tags
        if row.unannotated_tags:
            batch["unannotated_tags"][i, : len(row.unannotated_tags)] = row.unannotated_tags
    if any(row.posterior for row in rows):
        batch |= _collate_posteriors(rows, words[1])
    return batch


def _collate_posteriors(rows: Sequence[Row], max_words: int) -> dict[str, Array]:
    """Return the posteriors of the rows that have one, and 0 for the others."""
    num_tags = next(len(row.posterior.transitions) for row in rows if row.posterior)
    tags = np.zeros((len(rows), max_words, num_tags), np.float32)
    transitions = np.zeros((len(rows), num_tags, num_tags), np.float32)
    for i, row in enumerate(rows):
        if row.posterior:
            tags[i, : len(row.posterior.tags)] = row.posterior.tags
            transitions[i] = row.posterior.transitions
    return {
        "has_posterior": np.array([row.posterior is not None for row in rows]),
        "posterior_tags": tags,
        "posterior_transitions": transitions,
    }


def _pad(rows: Sequence[Row]) -> tuple[dict[str, Array], list[int]]:
    """Return a padded batch without its words, and the offset of each row's subwords in it."""
    ids = [row.input_ids for row in rows]
    batch: dict[str, Array] = {
        "input_ids": _to_table(ids),
        "attention_mask": _to_mask(ids).astype(np.int64),
    }
    if rows[0].casing:
        batch["casing"] = _to_table([row.casing for row in rows])
    longest = max(map(len, ids))
    return batch, [i * longest for i in range(len(rows))]


def _pack(rows: Sequence[Row], shared: bool) -> tuple[dict[str, Array], list[int]]:
    """Return a packed batch without its words, and the offset of each row's subwords in it.

    The offset of a row with a shared instruction counts as if the instruction were in front of it.
    """
    packer = _Packer()
    instructions: dict[tuple[int, ...], list[int]] = {}
    for row in rows if shared else ():
        instruction = row.input_ids[: row.prefix]
        if instruction and instruction not in instructions:
            instructions[instruction] = packer.add(row, 0, row.prefix)
    offsets: list[int] = []
    for row in rows:
        start = row.prefix if shared else 0
        offsets.append(len(packer.ids) - start)
        packer.add(row, start, len(row), instructions.get(row.input_ids[:start], []))
    return packer.to_batch(), offsets


class _Packer:
    """Collects segments of rows: their subwords, and what each segment attends to."""

    def __init__(self) -> None:
        self.ids: list[int] = []
        self._casing: list[int] = []
        self._positions: list[int] = []
        self._queries: list[list[int]] = []
        self._keys: list[list[int]] = []

    def add(self, row: Row, start: int, end: int, visible: Sequence[int] = ()) -> list[int]:
        """Add a segment of a row and return the indices of its subwords.

        Args:
            row: the row.
            start, end: the segment's subwords in the row, half-open.
            visible: indices of other subwords that the segment attends to, in addition to itself.
        """
        queries = list(range(len(self.ids), len(self.ids) + end - start))
        self.ids += row.input_ids[start:end]
        self._casing += row.casing[start:end]
        self._positions += range(start, end)
        self._queries.append(queries)
        self._keys.append([*visible, *queries])
        return queries

    def to_batch(self) -> dict[str, Array]:
        """Return the batch without its words."""
        batch: dict[str, Array] = {
            "input_ids": np.array([self.ids]),
            "query_index": _to_table(self._queries),
            "query_mask": _to_mask(self._queries),
            "key_index": _to_table(self._keys),
            "key_mask": _to_mask(self._keys),
            "positions": np.array([self._positions]),
        }
        return {**batch, "casing": np.array([self._casing])} if self._casing else batch


def _to_table(rows: Sequence[Sequence[int]]) -> npt.NDArray[np.int64]:
    """Return rows padded with 0 to the length of the longest."""
    table = np.zeros((len(rows), max(len(row) for row in rows)), np.int64)
    for i, row in enumerate(rows):
        table[i, : len(row)] = row
    return table


def _to_mask(rows: Sequence[Sequence[int]]) -> npt.NDArray[np.bool_]:
    """Return True where `_to_table` has an entry of a row, False where it has padding."""
    sizes = np.array([[len(row)] for row in rows])
    return np.arange(sizes.max()) < sizes
