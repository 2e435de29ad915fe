"""What dense recognition brings: the same steps with and without it.

vaner kb build open
python -m experiments.dense_recognition.run               # the small study: hours on a CPU
python -m experiments.dense_recognition.run --size full   # on the LLaMA, for a GPU
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from experiments.studies import Study, main, varied
from experiments.study_report import dots
from experiments.study_run import Run
from vaner.training.recipe.schema import Recipe

BASE = "open"
KEYS = ("corpus", "condition")
CORPORA = ("NCBI-disease", "BC5CDR")
# What is mixed with the corpus. The first four are the question; the others look for a better way
# to use the same names, on the first corpus.
CONDITIONS: dict[str, dict[str, Any]] = {
    "none": {},
    "list": {"mode": "list"},
    "context": {"mode": "context"},
    "both": {"mode": "both"},
    "quarter": {"mode": "list", "share": 0.25},  # a list for every fourth sentence
    "first": {"mode": "list"},  # a stage of lists alone, then the corpus alone
    "on top": {"mode": "context"},  # not in place of sentences of the corpus: with more updates
}
MAIN = ("none", "list", "context", "both")
STEPS = {"small": 300, "full": 2000}
FIRST = 1 / 3  # of all steps, in the condition `first`
ON_TOP = 1.5  # times the steps: sentences with mentions give about half as many examples again


def runs(recipe: Recipe, size: str, root: Path | None) -> Iterator[Run]:
    for corpus in CORPORA:
        for condition in CONDITIONS if corpus == CORPORA[0] else MAIN:
            details = {"corpus": corpus, "condition": condition}
            yield Run(details, _recipe(recipe, size, corpus, condition), (corpus,))


def _recipe(recipe: Recipe, size: str, corpus: str, condition: str) -> Recipe:
    """The recipe on a corpus and, if the condition has them, dense examples of it."""
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
    return varied(recipe, stages=stages, dev=[dev.model_dump() | {"corpus": corpus}])


STUDY = Study(
    Path(__file__).resolve().parent,
    "What dense recognition brings.",
    runs,
    keys=KEYS,
    baseline={"condition": "none"},
    plot=partial(dots, keys=KEYS, parts=("all", "seen", "unseen")),
)

if __name__ == "__main__":
    main(STUDY)
