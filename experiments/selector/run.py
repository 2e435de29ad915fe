"""What a selector brings behind a tagger: by which loss, and with or without the tagger's errors.

    python -m experiments.selector.run               # one corpus, the small encoder for both
    python -m experiments.selector.run --size full   # four corpora, the LLaMA for both

For each seed a tagger is trained and cross-fitted once, and all conditions stand behind it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import partial
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments import grid
from experiments.grid import Run, Study, main, taught, varied
from experiments.one_run import record, told_of
from experiments.report import dots, keep
from vaner.annotator import Annotator
from vaner.formats import read
from vaner.scoring.thresholds import best_cut, cuts
from vaner.training.recipe import Recipe
from vaner.training.recipe_file import read_recipe

if TYPE_CHECKING:
    from vaner.training.crossfit import Crossfitted

CORPORA = {"small": ("NCBI-disease",), "full": ("NCBI-disease", "BC5CDR", "BC2GM", "JNLPBA")}
FOLDS = 5
# The tagger alone; cut by its own probability, at the threshold that is best on devel, which costs
# nothing; and behind it a selector, by either loss, with the tagger's errors to learn from or not.
ALONE, CUT, ERRORS = "alone", "own threshold", " and errors"
LOSSES = ("contrastive", "binary")


def runs(recipe: Recipe, size: str, root: Path | None) -> Iterator[Run]:
    pattern = read_recipe(Path(grid.__file__).parent / f"{size}.yaml")
    for corpus in CORPORA[size]:
        proposer = taught(pattern, [corpus], seeds=recipe.seeds)
        for condition in (ALONE, CUT):
            details = {"corpus": corpus, "condition": condition}
            yield Run(details, proposer, (corpus,), make=by_itself)
        for loss, errors in product(LOSSES, ("", ERRORS)):
            own = taught(recipe, [corpus], model={"loss": loss})
            details = {"corpus": corpus, "condition": loss + errors}
            yield Run(details, own, (corpus,), make=partial(behind, proposer))


def by_itself(one: Run, output: Path, root: Path | None, keep_models: bool) -> dict[str, Any]:
    """The tagger, with all that it finds or with what it thinks probable."""
    from vaner.training.sources import dev_sets

    fitted = proposals(one.recipe, output, root)
    annotator = Annotator.from_pretrained(fitted.model)
    [dev] = dev_sets(one.recipe, set(annotator.types), root)
    found = list(read(fitted.devel[0], "jsonl"))
    every = cuts(dev.corpus, found, dev.types)[0]
    cut = every if one.details["condition"] == ALONE else best_cut(dev.corpus, found, dev.types)
    least = 0.0 if cut == every else cut.threshold
    facts = {"dev_f1": cut.counts.f1, "threshold": least}
    made = record(one, annotator, facts, root, min_score=least)
    keep(made, output / f"{one.name}.json")
    return made


def behind(
    proposer: Recipe, one: Run, output: Path, root: Path | None, keep_models: bool
) -> dict[str, Any]:
    """A selector behind the tagger of a recipe."""
    from vaner.training.train import train

    fitted = proposals(proposer, output, root)
    place = output / one.name
    recipe = _with(one.recipe, fitted, errors=one.details["condition"].endswith(ERRORS))
    [trained] = train(recipe, place, corpora_root=root, resume=place.exists())
    annotator = Annotator.from_pretrained(fitted.model, selector=trained.folder)
    assert annotator.selector is not None
    facts = {
        **told_of(trained),
        "threshold": annotator.selector.threshold,
        "proposer": proposer.model_dump(mode="json"),
    }
    made = record(one, annotator, facts, root)
    if keep_models:
        shutil.copytree(trained.folder, output / "models" / one.name, dirs_exist_ok=True)
    keep(made, output / f"{one.name}.json")
    shutil.rmtree(place)
    return made


def proposals(proposer: Recipe, output: Path, root: Path | None) -> Crossfitted:
    """The tagger of a seed and what it found; made by the first condition, read by the others."""
    from vaner.training.crossfit import crossfit

    corpus = proposer.stages[0].sources[0].corpus
    place = output / "proposers" / f"{corpus}-{proposer.seeds[0]}".replace("/", "_")
    fitted = crossfit(proposer, place, folds=FOLDS, corpora_root=root, resume=place.exists())
    for checkpoints in fitted.model.parent.glob("stage-*"):
        shutil.rmtree(checkpoints)  # some hundred megabytes
    return fitted


def _with(recipe: Recipe, fitted: Crossfitted, *, errors: bool) -> Recipe:
    """The recipe with what to choose by, and perhaps with errors to learn from."""
    [stage], [dev] = recipe.stages, recipe.dev
    [source] = stage.sources
    learnt = {"proposals": str(fitted.train[0]) if errors else None}
    return varied(
        recipe,
        stages=[stage.model_dump() | {"sources": [source.model_dump() | learnt]}],
        dev=[dev.model_dump() | {"proposals": str(fitted.devel[0])}],
    )


STUDY = Study(
    Path(__file__).resolve().parent,
    "What a selector brings behind a tagger (LLMNER).",
    runs,
    keys=("corpus", "condition"),
    baseline={"condition": ALONE},
    plot=partial(dots, keys=("corpus", "condition")),
    recipes=Path(__file__).resolve().parent,
)

if __name__ == "__main__":
    main(STUDY)
