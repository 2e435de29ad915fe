"""Each of VANER's eight corpora alone: python -m experiments.single_corpora.run [--size full]"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from experiments.studies import Study, main, taught
from experiments.study_run import Run
from vaner.training.recipe.schema import Recipe

# VANER's: BC5CDR once for each type, and JNLPBA with all its types as one.
CORPORA = (
    "NCBI-disease", "BC5CDR-disease", "BC5CDR-chem", "BC4CHEMD", "BC2GM", "JNLPBA-Gene",
    "Linnaeus", "S800",
)  # fmt: skip


def runs(recipe: Recipe, size: str, root: Path | None) -> Iterator[Run]:
    for corpus in CORPORA:
        yield Run({"corpus": corpus}, taught(recipe, [corpus]), (corpus,))


STUDY = Study(
    Path(__file__).resolve().parent,
    "Each of VANER's eight corpora alone.",
    runs,
    keys=("corpus",),
)

if __name__ == "__main__":
    main(STUDY)
