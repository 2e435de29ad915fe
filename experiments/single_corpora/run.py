"""Each of VANER's eight corpora alone: python -m experiments.single_corpora.run [--size full]"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from experiments import report
from experiments.grid import Run, Study, main, taught
from vaner.training.recipe import Recipe

# VANER's: BC5CDR once for each type, and JNLPBA with all its types as one.
CORPORA = (
    "NCBI-disease", "BC5CDR-disease", "BC5CDR-chem", "BC4CHEMD", "BC2GM", "JNLPBA-Gene",
    "Linnaeus", "S800",
)  # fmt: skip


def runs(recipe: Recipe, size: str) -> Iterator[Run]:
    for corpus in CORPORA:
        yield Run({"corpus": corpus}, taught(recipe, [corpus]), (corpus,))


def tell(folder: Path, size: str, records: Sequence[Mapping[str, Any]]) -> None:
    report.write(folder, size, records, report.table(records, ("corpus",), {}))


STUDY = Study(Path(__file__).resolve().parent, "Each of VANER's eight corpora alone.", runs, tell)

if __name__ == "__main__":
    main(STUDY)
