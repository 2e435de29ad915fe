"""Train on one corpus, test on another of the same kind: python -m experiments.cross_corpus.run"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from experiments.studies import Study, main, train_on
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
            # The corpora share a few sentences: train on none that occurs in either test split.
            run_recipe = train_on(recipe, [corpus], held_out=pair)
            yield Run({"trained on": corpus}, run_recipe, pair)


STUDY = Study(
    Path(__file__).resolve().parent,
    "How good is a model on another corpus of the same kind?",
    runs,
    keys=("trained on",),
)

if __name__ == "__main__":
    main(STUDY)
