"""GERBERA: training with general-domain sentences when the target corpus is small.

    python -m experiments.gerbera.run               # three targets, up to 25% of their data
    python -m experiments.gerbera.run --size full   # the paper's eight targets, up to 100%

All conditions use the same number of updates, and the same share of the target's sentences, which
the seed draws.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from experiments.studies import Study, main, with_changes
from experiments.study_report import plot_learning_curves
from experiments.study_run import Run
from vaner.training.recipe.schema import Recipe

GENERAL = "CoNLL-2003"
TARGETS = {
    "small": ("JNLPBA-RNA", "NCBI-disease", "BC5CDR-chem"),
    "full": (
        "NCBI-disease", "BC5CDR-chem", "BC2GM", "Linnaeus",
        "JNLPBA-DNA", "JNLPBA-RNA", "JNLPBA-cell_line", "JNLPBA-cell_type",
    ),
}  # fmt: skip
SHARES = {"small": (0.05, 0.1, 0.25), "full": (0.05, 0.1, 0.25, 0.5, 1.0)}
CONDITIONS = {
    "small": ("target", "general"),
    # general: a separate head for the general domain. instruction: one head, another instruction.
    "full": ("target", "general", "instruction"),
}
STEPS = {"small": 300, "full": 3000}
FIRST = 2 / 3  # fraction of the updates in the first stage, as 20 of the paper's 30 epochs
KEYS = ("corpus", "share", "condition")
DEV_LIMIT = {"small": 1000, "full": None}


def runs(recipe: Recipe, size: str, root: Path | None) -> Iterator[Run]:
    for share in SHARES[size]:
        for target in TARGETS[size]:
            for condition in CONDITIONS[size]:
                details = {"corpus": target, "share": share, "condition": condition}
                yield Run(details, _recipe(recipe, size, target, share, condition), (target,))


def _recipe(recipe: Recipe, size: str, target: str, share: float, condition: str) -> Recipe:
    source = {"corpus": target, "share": share}
    general: dict[str, Any] = {"corpus": GENERAL, "collapse": "Entity"}
    if condition == "general":
        general["domain"] = "general"
    first = round(FIRST * STEPS[size])
    plan = [("target", [source], STEPS[size])]
    if condition != "target":
        plan = [("mixed", [source, general], first), ("target", [source], STEPS[size] - first)]
    stages = [
        recipe.stages[0].model_dump()
        | {"name": name, "sources": sources, "steps": steps, "sampling": "balanced"}
        | {"evaluate_every": max(1, STEPS[size] // 4)}
        for name, sources, steps in plan
    ]
    # RNA is rare: a part of devel would contain too few mentions to select a model.
    limit = None if target == "JNLPBA-RNA" else DEV_LIMIT[size]
    return with_changes(
        recipe, name=f"gerbera-{size}", stages=stages, dev=[{"corpus": target, "limit": limit}]
    )


STUDY = Study(
    Path(__file__).resolve().parent,
    "Do general-domain sentences help if the target corpus is small (GERBERA)?",
    runs,
    keys=KEYS,
    baseline={"condition": "target"},
    plot=partial(plot_learning_curves, keys=KEYS, unit="% of the training sentences"),
)

if __name__ == "__main__":
    main(STUDY)
