"""How well do the shipped models read other fields? python -m experiments.research_fields.run

Scores models on the passages in passages.txt, which were written for this experiment, and writes
results.json and the table in README.md. The first half of the passages is the devel split.
"""

from __future__ import annotations

from pathlib import Path

from experiments.model_rows import make_parser, update_rows
from experiments.research_fields.make_sentences import read_entries
from experiments.written_texts import Row, measure_texts, read_texts, render_table
from vaner.text.documents import Corpus

HERE = Path(__file__).resolve().parent
MODELS = ("biomedical",)


def main() -> None:
    arguments = make_parser("research_fields", MODELS, None).parse_args()
    update_rows(HERE, arguments, measure, scores="F1", render_table=render_table, part="passages")


def read_passages() -> dict[str, Corpus]:
    """Return split -> its passages."""
    return read_texts(HERE / "passages.txt", "research fields")


def measure(model: str, _root: Path | None, limit: int | None) -> list[Row]:
    """Return the rows of a model, a split a row."""
    return measure_texts(model, read_passages().values(), read_entries(), limit)


if __name__ == "__main__":
    main()
