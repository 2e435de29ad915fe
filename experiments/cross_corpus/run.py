"""Train on one corpus, test on another of its kind: python -m experiments.cross_corpus.run"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from experiments.studies import Study, main, taught
from experiments.study_run import Run
from vaner.training.recipe.schema import Recipe

PAIRS = (
    ("NCBI-disease", "BC5CDR-disease"),
    ("BC5CDR-chem", "BC4CHEMD"),
    ("Linnaeus", "S800"),
)


def runs(recipe: Recipe, size: str, root: Path | None) -> Iterator[Run]:
    for pair in PAIRS:
        for corpus in pair:
            # No sentence of either test split is trained on: the corpora share a few.
            wanted = taught(recipe, [corpus], held_out=pair)
            yield Run({"trained on": corpus}, wanted, pair)


STUDY = Study(
    Path(__file__).resolve().parent,
    "Train on one corpus, test on another of its kind.",
    runs,
    keys=("trained on",),
)

if __name__ == "__main__":
    main(STUDY)
