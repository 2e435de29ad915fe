"""Training with and without dense recognition, for the same number of updates.

vaner kb build open
python -m experiments.dense_recognition.run               # the small study: hours on a CPU
python -m experiments.dense_recognition.run --size full   # on the LLaMA, for a GPU
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from experiments.studies import Study, main, with_changes
from experiments.study_report import plot_seeds
from experiments.study_run import Run
from vaner.training.recipe.schema import Recipe

BASE = "open"
KEYS = ("corpus", "condition")
CORPORA = ("NCBI-disease", "BC5CDR")
# The examples that are mixed with the corpus. The first four conditions answer the question; the
# others, on the first corpus, test other ways to use the same names.
CONDITIONS: dict[str, dict[str, Any]] = {
    "none": {},
    "list": {"mode": "list"},
    "context": {"mode": "context"},
    "both": {"mode": "both"},
    "quarter": {"mode": "list", "share": 0.25},  # for every fourth sentence
    "first": {"mode": "list"},  # a stage of lists, then the corpus alone
    "on top": {"mode": "context"},  # with more updates instead of fewer sentences
}
MAIN = ("none", "list", "context", "both")
STEPS = {"small": 300, "full": 2000}
FIRST = 1 / 3  # fraction of the updates in the first stage of the condition `first`
ON_TOP = 1.5  # factor of the updates: dense examples are about half as many as sentences


def runs(recipe: Recipe, size: str, root: Path | None) -> Iterator[Run]:
    for corpus in CORPORA:
        for condition in CONDITIONS if corpus == CORPORA[0] else MAIN:
            details = {"corpus": corpus, "condition": condition}
            yield Run(details, _recipe(recipe, size, corpus, condition), (corpus,))


def _recipe(recipe: Recipe, size: str, corpus: str, condition: str) -> Recipe:
    """Return the recipe for a corpus, with the dense examples of a condition."""
    [stage], [dev] = recipe.stages, recipe.dev
    gold = stage.sources[0].model_dump() | {"corpus": corpus}
    dense = {"dense": BASE, "corpus": corpus, "limit": gold["limit"], **CONDITIONS[condition]}
    steps = round(STEPS[size] * (ON_TOP if condition == "on top" else 1))
    plan = [("main", [gold] if condition == "none" else [gold, dense], steps)]
    if condition == "first":
        early = round(FIRST * steps)
        plan = [("names", [dense], early), ("main", [gold], steps - early)]
    stages = [
        stage.model_dump() | {"name": name, "sources": sources, "steps": number}
        for name, sources, number in plan
    ]
    return with_changes(recipe, stages=stages, dev=[dev.model_dump() | {"corpus": corpus}])


STUDY = Study(
    Path(__file__).resolve().parent,
    "Does dense recognition help?",
    runs,
    keys=KEYS,
    baseline={"condition": "none"},
    plot=partial(plot_seeds, keys=KEYS, parts=("all", "seen", "unseen")),
)

if __name__ == "__main__":
    main(STUDY)
