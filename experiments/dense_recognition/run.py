"""What dense recognition brings: the same steps with and without it, several seeds.

    vaner kb build open
    python -m experiments.dense_recognition.run               # the small study: hours on a CPU
    python -m experiments.dense_recognition.run --size full   # on the LLaMA, for a GPU
    python -m experiments.dense_recognition.run --only NCBI-disease   # in parts, side by side
    python -m experiments.dense_recognition.report            # results-*.json, the plot, README

Every run of a (corpus, condition, seed) leaves a file in --output; those that are there are not
run again. Models are chosen on devel; test is scored once, after the choice.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import torch

from vaner.annotator import Annotator
from vaner.corpora import load
from vaner.documents import Corpus
from vaner.errors import VanerError
from vaner.evaluation import evaluate
from vaner.knowledge.base import open_base
from vaner.provenance import provenance
from vaner.training.recipe import Recipe, StageRecipe, read_recipe
from vaner.training.train import Trained, train

HERE = Path(__file__).resolve().parent
CORPORA = ("NCBI-disease", "BC5CDR")
# What is mixed with the corpus. The first four are the question; the others look for a better way
# to use the same names.
CONDITIONS: dict[str, dict[str, Any] | None] = {
    "none": None,
    "list": {"mode": "list"},
    "context": {"mode": "context"},
    "both": {"mode": "both"},
    "quarter": {"mode": "list", "share": 0.25},  # a list for every fourth sentence
    "first": {"mode": "list"},  # a stage of lists alone, then the corpus alone
}
MAIN = ("none", "list", "context", "both")
FIRST = 1 / 3  # of all steps, in the condition `first`


def main() -> None:
    arguments = _arguments()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    recipe = read_recipe(HERE / f"{arguments.size}.yaml")
    seeds = arguments.seeds or recipe.seeds
    try:
        for seed in seeds:
            for condition in arguments.conditions:
                for corpus in arguments.only:
                    _run(recipe, corpus, condition, seed, arguments)
    except VanerError as error:
        sys.exit(f"error: {error}")


def _run(
    recipe: Recipe, corpus: str, condition: str, seed: int, arguments: argparse.Namespace
) -> None:
    place = arguments.output / arguments.size / f"{corpus}-{condition}-{seed}"
    result = place.with_suffix(".json")
    if result.is_file():
        return
    print(f"— {place.name}", file=sys.stderr, flush=True)
    wanted = for_condition(recipe, corpus, condition, seed, arguments.base)
    (trained,) = train(wanted, place, corpora_root=arguments.corpora, resume=place.exists())
    record = {
        "corpus": corpus,
        "condition": condition,
        "seed": seed,
        "base": {"name": arguments.base, "fingerprint": open_base(arguments.base).fingerprint},
        "recipe": wanted.model_dump(mode="json"),
        "dev_f1": trained.dev_f1,
        "seconds": round(trained.seconds),
        "test": _test(trained, wanted.stages[-1], corpus, arguments.corpora),
        **provenance(),
    }
    text = json.dumps(record, indent=1, ensure_ascii=False)
    result.write_text(text + "\n", "utf-8")
    shutil.rmtree(place)  # a hundred megabytes each; what is wanted of them are the figures


def for_condition(recipe: Recipe, corpus: str, condition: str, seed: int, base: str) -> Recipe:
    """The recipe with a corpus and, if the condition has them, dense examples of it."""
    stage, dev = recipe.stages[0], recipe.dev[0]
    gold = stage.sources[0].model_copy(update={"corpus": corpus})
    options, steps = CONDITIONS[condition], stage.steps
    assert steps is not None, "the conditions are compared at the same number of steps"
    dense = [{"dense": base, "corpus": corpus, "limit": gold.limit, **(options or {})}]
    parts: list[tuple[str, list[Any], int]] = [
        ("main", [gold.model_dump(), *(dense if options else [])], steps)
    ]
    if condition == "first":
        early = round(FIRST * steps)
        parts = [("names", dense, early), ("main", [gold.model_dump()], steps - early)]
    content = recipe.model_dump() | {
        "name": f"{recipe.name}-{corpus}-{condition}",
        "stages": [
            stage.model_dump() | {"name": name, "sources": sources, "steps": steps}
            for name, sources, steps in parts
        ],
        "dev": [dev.model_dump() | {"corpus": corpus}],
        "seeds": [seed],
    }
    return Recipe.model_validate(content)


def _test(trained: Trained, stage: StageRecipe, corpus: str, root: Path | None) -> dict[str, Any]:
    """Figures on test; what counts as seen is the part of train that was trained on."""
    train_split, limit = load(corpus, "train", root=root), stage.sources[0].limit
    seen = Corpus(corpus, "train", train_split.documents[:limit], train_split.types)
    annotator = Annotator.from_pretrained(trained.folder)
    return evaluate(annotator, load(corpus, "test", root=root), train=seen).to_dict()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m experiments.dense_recognition.run",
        description="Train with and without dense recognition, score, and keep the figures.",
    )
    parser.add_argument("--size", choices=["small", "full"], default="small")
    parser.add_argument("--only", nargs="+", choices=CORPORA, default=CORPORA, metavar="CORPUS")
    parser.add_argument("--conditions", nargs="+", choices=list(CONDITIONS), default=MAIN)
    parser.add_argument("--seeds", type=int, nargs="+", help="others than the recipe's")
    parser.add_argument("--base", default="open", help="knowledge base (built before)")
    parser.add_argument("--corpora", type=Path, help="where the corpora lie (or VANER_CORPORA)")
    parser.add_argument("--output", type=Path, default=Path("runs/dense_recognition"))
    parser.add_argument("--threads", type=int, help="CPU threads, for runs side by side")
    return parser.parse_args()


if __name__ == "__main__":
    main()
