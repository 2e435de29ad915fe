"""Report of an evaluation: scores, a dictionary for files, and a table for the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from vaner.evaluation.bootstrap import LEVEL, Intervals
from vaner.evaluation.counts import Counts


@dataclass(frozen=True, slots=True)
class Score:
    """One row of scores, as fractions from 0 to 1.

    Args:
        precision, recall, f1: The scores.
        counts: Counts that the scores are computed from; None for a macro average.
        intervals: 95% bootstrap intervals; None if not computed.

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
        """Return the scores of counts."""
        return cls(counts.precision, counts.recall, counts.f1, counts, intervals)

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-serializable dictionary; values are unrounded fractions from 0 to 1."""
        row: dict[str, Any] = {"precision": self.precision, "recall": self.recall, "f1": self.f1}
        if self.counts is not None:
            row |= asdict(self.counts)
            row |= {"gold": self.counts.gold, "predicted": self.counts.predicted}
        if self.intervals is not None:
            bounds = asdict(self.intervals).items()
            row["intervals"] = {name: [bound["low"], bound["high"]] for name, bound in bounds}
        return row


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """Settings of the bootstrap.

    Args:
        resamples: Number of resamples.
        seed: Seed of the random number generator.
        units: Number of documents to draw from. It is lower than the number of scored texts if
            the corpus states which sentences belong to one document.
    """

    resamples: int
    seed: int
    units: int


@dataclass(frozen=True, slots=True)
class Report:
    """Scores of one system on a set of gold documents.

    Args:
        documents: Number of gold documents.
        micro: Strict scores of all mentions: the primary result.
        macro: Means of the strict scores of all types that occur in gold or predictions. Macro F1
            is the mean of the F1 scores, as in seqeval, not the F1 of the means.
        types: Strict scores of each type.
        relaxed: Scores under the relaxed criteria ``overlap`` (same type, a shared character),
            ``boundaries`` (same boundaries, any type), ``left`` and ``right`` (same left or right
            boundary and same type).
        seen: Strict scores of mentions whose normalized text is annotated with their type in the
            training data; None if no training mentions were given.
        unseen: Strict scores of all other mentions. See `score`.
        nesting: Strict scores of the groups of `vaner.evaluation.nesting_groups.GROUPS`; None if
            no gold mentions overlap.
        unreachable: Number of gold mentions that the system cannot represent because of
            truncation or tokenization. They already count as missed.
        bootstrap: Settings of the bootstrap; None without intervals.
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
        """Return a JSON-serializable dictionary; scores are unrounded fractions from 0 to 1."""
        bootstrap = None
        if self.bootstrap is not None:
            bootstrap = asdict(self.bootstrap) | {"level": LEVEL}
        return {
            "figures": "strict, fractions of one",
            "documents": self.documents,
            "unreachable": self.unreachable,
            "micro": self.micro.to_dict(),
            "macro": self.macro.to_dict(),
            "types": _to_dicts(self.types),
            "relaxed": _to_dicts(self.relaxed),
            "seen": self.seen.to_dict() if self.seen is not None else None,
            "unseen": self.unseen.to_dict() if self.unseen is not None else None,
            "nesting": _to_dicts(self.nesting) if self.nesting is not None else None,
            "bootstrap": bootstrap,
        }

    def table(self) -> str:
        """Return the scores in percent, with two decimals, as a plain-text table."""
        rows = list(self._rows())
        width = max(len(name) for name, _ in rows)
        head = f"{'':{width}} {'P %':>7} {'R %':>7} {'F1 %':>7}  {'F1 95%':>15} "
        head += f"{'gold':>7} {'pred.':>7} {'right':>7}"
        number = f"{self.documents:,} document{'' if self.documents == 1 else 's'}"
        note = f"{number}; gold mentions out of reach: {self.unreachable:,}"
        lines = (_format_row(name, row, width) for name, row in rows)
        return "\n".join([head, *lines, note])

    def _rows(self) -> Iterator[tuple[str, Score]]:
        """Yield the rows with their labels; relaxed criteria are labeled as such."""
        yield from self.types.items()
        yield "micro", self.micro
        yield "macro", self.macro
        if self.seen is not None and self.unseen is not None:
            yield "seen in training", self.seen
            yield "unseen", self.unseen
        for name, row in (self.nesting or {}).items():
            if row.counts != Counts(0, 0, 0):  # for example, most corpora have no crossing mentions
                yield f"nesting: {name.replace('_', ' ')}", row
        for name, row in self.relaxed.items():
            yield f"relaxed: {name}", row


def _to_dicts(rows: Mapping[str, Score]) -> dict[str, Any]:
    return {name: row.to_dict() for name, row in rows.items()}


def _format_row(name: str, row: Score, width: int) -> str:
    scores = " ".join(f"{100 * value:7.2f}" for value in (row.precision, row.recall, row.f1))
    interval = ""
    if row.intervals is not None:
        interval = f"{100 * row.intervals.f1.low:.2f}-{100 * row.intervals.f1.high:.2f}"
    counts = ""
    if row.counts is not None:
        numbers = (row.counts.gold, row.counts.predicted, row.counts.tp)
        counts = " ".join(f"{number:7d}" for number in numbers)
    return f"{name:{width}} {scores}  {interval:>15} {counts}".rstrip()
