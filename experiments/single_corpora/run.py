"""A model for each of VANER's corpora: python -m experiments.single_corpora.run [--size full]"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from experiments.studies import Study, main, train_on
from experiments.study_run import Run
from vaner.training.recipe.schema import Recipe

# BC5CDR once for each type, and JNLPBA with all its types as one, as in VANER.
CORPORA = (
    "NCBI-disease", "BC5CDR-disease", "BC5CDR-chem", "BC4CHEMD", "BC2GM", "JNLPBA-Gene",
    "Linnaeus", "S800",
)  # fmt: skip


def runs(recipe: Recipe, size: str, root: Path | None) -> Iterator[Run]:
    for corpus in CORPORA:
        yield Run({"corpus": corpus}, train_on(recipe, [corpus]), (corpus,))


STUDY = Study(
    Path(__file__).resolve().parent,
    "How good is a model for each of VANER's eight corpora?",
    runs,
    keys=("corpus",),
)

if __name__ == "__main__":
    main(STUDY)
