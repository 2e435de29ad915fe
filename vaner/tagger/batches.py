"""Rows to batches.

Letters in shapes: B rows, T sub-words, W words; of packed batches N sub-words altogether, S pieces
of which each sees itself and perhaps an instruction, L sub-words of a piece, K of what it sees.
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
    """Rows as one batch.

    Args:
        rows: at least one.
        layout: how their sub-words lie. ``padded``: side by side, as long as the longest.
            ``packed``: one after another, N altogether. ``shared``: the same, with each
            instruction there once, seen by all its sentences and seeing none of them.

    Returns:
        ``input_ids``: *Shape:* (B, T), or (1, N) where packed; int64, as all indices are.
        ``casing``: *Shape:* as ``input_ids``, where the rows tell it.
        ``attention_mask``: *Shape:* (B, T), where padded; else the fields of
        `vaner.backbones.row_packing.Packing`.
        ``word_starts``, ``word_ends``: *Shape:* (B, W): sub-words of each word, half-open, counted
            through all of ``input_ids``.
        ``word_mask``: *Shape:* (B, W), bool: True on words.
        ``tags``: *Shape:* (B, W), where the rows have tags.
        ``unannotated_tags``: *Shape:* (B, at most C), filled with -1, where a row has some: tags
            that may stand behind its Os.
        ``general``: *Shape:* (B,), bool, where a row is of the general domain.
        ``has_posterior``, ``posterior_tags``, ``posterior_transitions``: *Shape:* (B,), bool, (B, W, C), (B, C, C), where a
            row is taught by a teacher.
    """
    batch, bases = _padded(rows) if layout == "padded" else _packed(rows, layout == "shared")
    words = (len(rows), max(len(r.starts) for r in rows))
    batch["word_starts"] = np.zeros(words, np.int64)
    batch["word_ends"] = np.ones(words, np.int64)
    batch["word_mask"] = np.zeros(words, np.bool_)
    if rows[0].tags:
        batch["tags"] = np.zeros(words, np.int64)
    if most := max(len(row.unannotated_tags) for row in rows):
        batch["unannotated_tags"] = np.full((len(rows), most), -1)
    if any(row.general for row in rows):
        batch["general"] = np.array([row.general for row in rows])
    for i, (row, base) in enumerate(zip(rows, bases, strict=True)):
        count = len(row.starts)
        batch["word_starts"][i, :count] = np.add(row.starts, base)
        batch["word_ends"][i, :count] = np.add(row.ends, base)
        batch["word_mask"][i, :count] = True
        if row.tags:
            batch["tags"][i, :count] = row.tags
        if row.unannotated_tags:
            batch["unannotated_tags"][i, : len(row.unannotated_tags)] = row.unannotated_tags
    if any(row.posterior for row in rows):
        batch |= _posteriors(rows, words[1])
    return batch


def _posteriors(rows: Sequence[Row], most: int) -> dict[str, Array]:
    """What teachers think of the rows that have one, 0 for the others."""
    number = next(len(row.posterior.transitions) for row in rows if row.posterior)
    tags = np.zeros((len(rows), most, number), np.float32)
    transitions = np.zeros((len(rows), number, number), np.float32)
    for i, row in enumerate(rows):
        if row.posterior:
            tags[i, : len(row.posterior.tags)] = row.posterior.tags
            transitions[i] = row.posterior.transitions
    there = np.array([row.posterior is not None for row in rows])
    return {"has_posterior": there, "posterior_tags": tags, "posterior_transitions": transitions}


def _padded(rows: Sequence[Row]) -> tuple[dict[str, Array], list[int]]:
    """The batch without its words, and what to add to their places."""
    ids = [row.input_ids for row in rows]
    batch: dict[str, Array] = {
        "input_ids": _table(ids),
        "attention_mask": _filled(ids).astype(np.int64),
    }
    if rows[0].casing:
        batch["casing"] = _table([row.casing for row in rows])
    longest = max(map(len, ids))
    return batch, [i * longest for i in range(len(rows))]


def _packed(rows: Sequence[Row], shared: bool) -> tuple[dict[str, Array], list[int]]:
    """Likewise; what stands in front of the row's own part counts as before it."""
    packed = _Packed()
    instructions: dict[tuple[int, ...], list[int]] = {}
    for row in rows if shared else ():
        instruction = row.input_ids[: row.prefix]
        if instruction and instruction not in instructions:
            instructions[instruction] = packed.put(row, 0, row.prefix)
    bases: list[int] = []
    for row in rows:
        before = row.prefix if shared else 0
        bases.append(len(packed.ids) - before)
        packed.put(row, before, len(row), instructions.get(row.input_ids[:before], []))
    return packed.batch(), bases


class _Packed:
    """Pieces of rows one after another: their sub-words, and what each piece sees."""

    def __init__(self) -> None:
        self.ids: list[int] = []
        self._casing: list[int] = []
        self._positions: list[int] = []
        self._own: list[list[int]] = []
        self._seen: list[list[int]] = []

    def put(self, row: Row, start: int, end: int, before: Sequence[int] = ()) -> list[int]:
        """Put a row's sub-words from start to end there, and give their places.

        Args:
            row: the row.
            start, end: of the piece in the row.
            before: places of what the piece sees besides itself.
        """
        own = list(range(len(self.ids), len(self.ids) + end - start))
        self.ids += row.input_ids[start:end]
        self._casing += row.casing[start:end]
        self._positions += range(start, end)
        self._own.append(own)
        self._seen.append([*before, *own])
        return own

    def batch(self) -> dict[str, Array]:
        """All but the words."""
        found: dict[str, Array] = {
            "input_ids": np.array([self.ids]),
            "query_index": _table(self._own),
            "query_mask": _filled(self._own),
            "key_index": _table(self._seen),
            "key_mask": _filled(self._seen),
            "positions": np.array([self._positions]),
        }
        return {**found, "casing": np.array([self._casing])} if self._casing else found


def _table(rows: Sequence[Sequence[int]]) -> npt.NDArray[np.int64]:
    """Rows of one length, filled with 0."""
    table = np.zeros((len(rows), max(len(row) for row in rows)), np.int64)
    for i, row in enumerate(rows):
        table[i, : len(row)] = row
    return table


def _filled(rows: Sequence[Sequence[int]]) -> npt.NDArray[np.bool_]:
    """Where `_table` has what is in the rows, and not its filling."""
    sizes = np.array([[len(row)] for row in rows])
    return np.arange(sizes.max()) < sizes
