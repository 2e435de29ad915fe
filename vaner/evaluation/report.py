"""What scoring found: frozen figures, a dictionary for files, a table for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from vaner.evaluation.bootstrap import LEVEL, Intervals
from vaner.evaluation.counts import Counts


@dataclass(frozen=True, slots=True)
class Score:
    """One row of figures, as fractions of one.

    Args:
        precision, recall, f1: the figures.
        counts: what they were computed from; None for a macro average, which has no counts.
        intervals: 95% bootstrap intervals, or None where none were asked for.

    >>> Score.from_counts(Counts(tp=6, fp=2, fn=4)).recall
    0.6
    """

    precision: float
    recall: float
    f1: float
    counts: Counts | None = None
    intervals: Intervals | None = None

    @classmethod
    def from_counts(cls, counts: Counts, intervals: Intervals | None = None) -> Score:
        """The figures that follow from counts."""
        return cls(counts.precision, counts.recall, counts.f1, counts, intervals)

    def to_dict(self) -> dict[str, Any]:
        """A JSON-able dictionary; figures and interval ends are unrounded fractions of one."""
        figures: dict[str, Any] = {
            "precision": self.precision,
            "recall": self.recall,
            "f1": self.f1,
        }
        if self.counts is not None:
            figures |= asdict(self.counts)
            figures |= {"gold": self.counts.gold, "predicted": self.counts.predicted}
        if self.intervals is not None:
            ends = asdict(self.intervals).items()
            figures["intervals"] = {name: [end["low"], end["high"]] for name, end in ends}
        return figures


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """How the intervals were made: number of resamples, the seed, number of what was drawn from.

    That is fewer than the texts that were scored where the corpus says which sentences are of one
    document.
    """

    resamples: int
    seed: int
    units: int


@dataclass(frozen=True, slots=True)
class Report:
    """Figures of one system on one set of gold documents.

    Args:
        documents: number of gold documents.
        micro: strict figures over all mentions: the figure to quote.
        macro: means of the strict figures of the types that occur in gold or predictions; macro
            F1 is the mean of the F1s (as seqeval's), not the F1 of the means.
        types: strict figures of each scored type.
        relaxed: ``overlap`` (same type, a shared character), ``boundaries`` (exact boundaries,
            whatever the type), ``left`` and ``right`` (that boundary and the type).
        seen: strict figures over the mentions whose normalised text was annotated with this type
            in training; None where no training mentions were given.
        unseen: the same over all other mentions. See `score`.
        nesting: strict figures over ``flat``, ``nested``, ``outermost`` … mentions, as
            `vaner.evaluation.nesting_groups.GROUPS` has them; None where no gold mentions overlap.
        unreachable: gold mentions that truncation or tokenisation put out of reach. They are in
            gold and count as missed already; the number is only shown.
        bootstrap: how the intervals were made, None where there are none.
    """

    documents: int
    micro: Score
    macro: Score
    types: Mapping[str, Score]
    relaxed: Mapping[str, Score]
    seen: Score | None = None
    unseen: Score | None = None
    nesting: Mapping[str, Score] | None = None
    unreachable: int = 0
    bootstrap: Bootstrap | None = None

    def to_dict(self) -> dict[str, Any]:
        """A JSON-able dictionary; figures are unrounded fractions of one, not percentages."""
        scheme = None
        if self.bootstrap is not None:
            scheme = asdict(self.bootstrap) | {"level": LEVEL}
        return {
            "figures": "strict, fractions of one",
            "documents": self.documents,
            "unreachable": self.unreachable,
            "micro": self.micro.to_dict(),
            "macro": self.macro.to_dict(),
            "types": _rows_of(self.types),
            "relaxed": _rows_of(self.relaxed),
            "seen": self.seen.to_dict() if self.seen is not None else None,
            "unseen": self.unseen.to_dict() if self.unseen is not None else None,
            "nesting": _rows_of(self.nesting) if self.nesting is not None else None,
            "bootstrap": scheme,
        }

    def table(self) -> str:
        """The figures in percent, rounded to two decimals, as plain text for a terminal."""
        rows = list(self._rows())
        width = max(len(name) for name, _ in rows)
        head = f"{'':{width}} {'P %':>7} {'R %':>7} {'F1 %':>7}  {'F1 95%':>15} "
        head += f"{'gold':>7} {'pred.':>7} {'right':>7}"
        note = f"{self.documents} documents; {self.unreachable} gold mentions out of reach"
        return "\n".join([head, *(_line(name, row, width) for name, row in rows), note])

    def _rows(self) -> Iterator[tuple[str, Score]]:
        """Every row with its label; relaxed criteria are marked so that none passes for strict."""
        yield from self.types.items()
        yield "micro", self.micro
        yield "macro", self.macro
        if self.seen is not None and self.unseen is not None:
            yield "seen in training", self.seen
            yield "unseen", self.unseen
        for name, row in (self.nesting or {}).items():
            if row.counts != Counts(0, 0, 0):  # most corpora have no crossing mentions, say
                yield f"nesting: {name.replace('_', ' ')}", row
        for name, row in self.relaxed.items():
            yield f"relaxed: {name}", row


def _rows_of(rows: Mapping[str, Score]) -> dict[str, Any]:
    return {name: row.to_dict() for name, row in rows.items()}


def _line(name: str, row: Score, width: int) -> str:
    figures = " ".join(f"{100 * value:7.2f}" for value in (row.precision, row.recall, row.f1))
    ends = ""
    if row.intervals is not None:
        ends = f"{100 * row.intervals.f1.low:.2f}-{100 * row.intervals.f1.high:.2f}"
    counts = ""
    if row.counts is not None:
        numbers = (row.counts.gold, row.counts.predicted, row.counts.tp)
        counts = " ".join(f"{number:7d}" for number in numbers)
    return f"{name:{width}} {figures}  {ends:>15} {counts}".rstrip()
