"""How well do the shipped models read clinical notes? python -m experiments.clinical_notes.run

Scores models on the notes in notes.txt, which were written for this experiment, and writes
results.json and the table in README.md. The first half of the notes is the devel split.
"""

from __future__ import annotations

from itertools import chain
from pathlib import Path

from experiments.clinical_notes.make_notes import read_slots
from experiments.model_rows import make_parser, update_rows
from experiments.written_texts import Row, measure_texts, read_texts, render_table
from vaner.text.documents import Corpus

HERE = Path(__file__).resolve().parent
MODELS = ("biomedical",)


def main() -> None:
    arguments = make_parser("clinical_notes", MODELS, None).parse_args()
    update_rows(HERE, arguments, measure, scores="F1", render_table=render_table, part="notes")


def read_notes() -> dict[str, Corpus]:
    """Return split -> its notes."""
    return read_texts(HERE / "notes.txt", "clinical notes")


def measure(model: str, _root: Path | None, limit: int | None) -> list[Row]:
    """Return the rows of a model, a split a row."""
    vocabulary = chain.from_iterable(read_slots().values())
    return measure_texts(model, read_notes().values(), vocabulary, limit)


if __name__ == "__main__":
    main()
