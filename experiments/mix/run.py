"""One model for all corpora: python -m experiments.mix.run [--size full]

Compares VANER (the instruction names the corpus), VANER_adapt (it never does), both in one model
(half of the time), and all types in one pass (joint). Corpora that are not installed are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from experiments.single_corpora.run import CORPORA
from experiments.studies import Study, installed_corpora, main, train_on
from experiments.study_run import Run
from vaner.training.recipe.schema import Recipe

# Condition -> probability of the nameless instruction, and changes of the model.
CONDITIONS: dict[str, tuple[float, dict[str, Any]]] = {
    "named": (0.0, {}),
    "nameless": (1.0, {}),
    "half": (0.5, {}),
    "joint": (1.0, {"joint": True}),  # a name would reveal which types are not annotated
}


def runs(recipe: Recipe, size: str, root: Path | None) -> Iterator[Run]:
    corpora = installed_corpora(CORPORA, root)
    for condition, (nameless, model) in CONDITIONS.items():
        sources = merge_bc5cdr(corpora) if model.get("joint") else corpora
        run_recipe = train_on(recipe, sources, model=model, nameless_fraction=nameless)
        yield Run({"condition": condition}, run_recipe, corpora)


def merge_bc5cdr(corpora: Sequence[str]) -> tuple[str, ...]:
    """Return the corpora with BC5CDR once, because one pass learns both of its types."""
    return tuple(dict.fromkeys("BC5CDR" if c.startswith("BC5CDR-") else c for c in corpora))


STUDY = Study(
    Path(__file__).resolve().parent,
    "How good is one model for all corpora?",
    runs,
    keys=("condition",),
    baseline={"condition": "named"},
)

if __name__ == "__main__":
    main(STUDY)
