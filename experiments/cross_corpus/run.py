"""Train on one corpus, test on another of its kind: python -m experiments.cross_corpus.run"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from experiments import report
from experiments.grid import Run, Study, main, taught
from vaner.training.recipe import Recipe

PAIRS = (
    ("NCBI-disease", "BC5CDR-disease"),
    ("BC5CDR-chem", "BC4CHEMD"),
    ("Linnaeus", "S800"),
)


def runs(recipe: Recipe, size: str) -> Iterator[Run]:
    for pair in PAIRS:
        for corpus in pair:
            # No sentence of either test split is trained on: the corpora share a few.
            wanted = taught(recipe, [corpus], held_out=pair)
            yield Run({"trained on": corpus}, wanted, pair)


def tell(folder: Path, size: str, records: Sequence[Mapping[str, Any]]) -> None:
    report.write(folder, size, records, report.table(records, ("trained on",), {}))


STUDY = Study(
    Path(__file__).resolve().parent,
    "Train on one corpus, test on another of its kind.",
    runs,
    tell,
)

if __name__ == "__main__":
    main(STUDY)
