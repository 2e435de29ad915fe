"""One model for all corpora: python -m experiments.mix.run [--size full]

VANER (the corpus's name in the instruction), VANER_adapt (never), both in one model (half of the
time), and all types in one pass (joint). A corpus that is not at hand is left out of the mix.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from experiments.single_corpora.run import CORPORA
from experiments.studies import Study, main, present, taught
from experiments.study_run import Run
from vaner.training.recipe.schema import Recipe

# Condition -> probability of the nameless instruction, and what changes in the model.
CONDITIONS: dict[str, tuple[float, dict[str, Any]]] = {
    "named": (0.0, {}),
    "nameless": (1.0, {}),
    "half": (0.5, {}),
    "joint": (1.0, {"joint": True}),  # named, the model would know which types nobody checks
}


def runs(recipe: Recipe, size: str, root: Path | None) -> Iterator[Run]:
    corpora = present(CORPORA, root)
    for condition, (nameless, model) in CONDITIONS.items():
        sources = whole(corpora) if model.get("joint") else corpora
        wanted = taught(recipe, sources, model=model, nameless_fraction=nameless)
        yield Run({"condition": condition}, wanted, corpora)


def whole(corpora: Sequence[str]) -> tuple[str, ...]:
    """The corpora with BC5CDR once: one pass learns both of its types."""
    return tuple(dict.fromkeys("BC5CDR" if c.startswith("BC5CDR-") else c for c in corpora))


STUDY = Study(
    Path(__file__).resolve().parent,
    "One model for all corpora.",
    runs,
    keys=("condition",),
    baseline={"condition": "named"},
)

if __name__ == "__main__":
    main(STUDY)
