"""GERBERA: what general-domain sentences add where the target has few of its own.

    python -m experiments.gerbera.run               # three targets, to a quarter of their training
    python -m experiments.gerbera.run --size full   # the eight of the paper, to all of it

Both conditions take the same number of updates. A share of a target's sentences is drawn by the
seed, the same for both.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from experiments.studies import Study, main, varied
from experiments.study_report import curves
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
    # general: a head for the general domain; instruction: one head, the instruction says which.
    "full": ("target", "general", "instruction"),
}
STEPS = {"small": 300, "full": 3000}
FIRST = 2 / 3  # of all updates, in the stage with general sentences: 20 of the paper's 30 epochs
KEYS = ("corpus", "share", "condition")
DEV_LIMIT = {"small": 1000, "full": None}


def runs(recipe: Recipe, size: str, root: Path | None) -> Iterator[Run]:
    for share in SHARES[size]:
        for target in TARGETS[size]:
            for condition in CONDITIONS[size]:
                details = {"corpus": target, "share": share, "condition": condition}
                yield Run(details, _recipe(recipe, size, target, share, condition), (target,))


def _recipe(recipe: Recipe, size: str, target: str, share: float, condition: str) -> Recipe:
    own = {"corpus": target, "share": share}
    general: dict[str, Any] = {"corpus": GENERAL, "collapse": "Entity"}
    if condition == "general":
        general["domain"] = "general"
    first = round(FIRST * STEPS[size])
    plan = [("target", [own], STEPS[size])]
    if condition != "target":
        plan = [("mixed", [own, general], first), ("target", [own], STEPS[size] - first)]
    stages = [
        recipe.stages[0].model_dump()
        | {"name": name, "sources": sources, "steps": steps, "sampling": "balanced"}
        | {"evaluate_every": max(1, STEPS[size] // 4)}
        for name, sources, steps in plan
    ]
    # Of its rare type a part of devel would hold too few mentions to choose by.
    limit = None if target == "JNLPBA-RNA" else DEV_LIMIT[size]
    return varied(
        recipe, name=f"gerbera-{size}", stages=stages, dev=[{"corpus": target, "limit": limit}]
    )


STUDY = Study(
    Path(__file__).resolve().parent,
    "What general-domain sentences add where the target has few of its own (GERBERA).",
    runs,
    keys=KEYS,
    baseline={"condition": "target"},
    plot=partial(curves, keys=KEYS, unit="% of the training sentences"),
)

if __name__ == "__main__":
    main(STUDY)
