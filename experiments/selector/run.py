"""A selector after a tagger and a generator, with two losses, with and without errors.

    python -m experiments.selector.run               # parts of corpora, small recognizers
    python -m experiments.selector.run --size full   # complete corpora, the LLaMA

For each seed, one recognizer is trained, and cross-fitted if a condition trains on its errors. All
conditions use it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from experiments import studies
from experiments.llmner import run as llmner
from experiments.studies import Study, main, train_on, with_changes
from experiments.study_report import plot_seeds
from experiments.study_run import Run, score_run, summarize_training, write_run
from vaner.annotator import Annotator
from vaner.corpora import load
from vaner.evaluation.thresholds import find_best_threshold, sweep_thresholds
from vaner.formats import read
from vaner.training.recipe.file import read_recipe
from vaner.training.recipe.schema import Recipe

if TYPE_CHECKING:
    from vaner.training.crossfit import CrossfitResult

# The recognizer alone; with the score threshold that is best on devel; with a selector, for each
# loss, with and without training on the recognizer's errors.
ALONE, THRESHOLD, ERRORS = "alone", "own threshold", " and errors"
CONTRASTIVE, BINARY = "contrastive", "binary"
ALL = (ALONE, THRESHOLD, CONTRASTIVE, CONTRASTIVE + ERRORS, BINARY, BINARY + ERRORS)
FOLDS = 5


class Recognizers(NamedTuple):
    """The recognizers of one family.

    Args:
        family: tagger or generator.
        corpora: the corpora; each gets a recognizer.
        conditions: some of `ALL`.
        test_limit: number of sentences of each test split to score; all if None.
    """

    family: str
    corpora: tuple[str, ...]
    conditions: tuple[str, ...] = ALL
    test_limit: int | None = None


# The small generator has no conditions with errors, which need five more trainings.
RECOGNIZERS = {
    "small": (
        Recognizers("tagger", ("NCBI-disease",)),
        Recognizers("generator", ("NCBI-disease", llmner.NESTED), (ALONE, THRESHOLD, CONTRASTIVE),
               llmner.TEST_LIMIT["small"]),
    ),
    "full": (
        Recognizers("tagger", ("NCBI-disease", "BC5CDR", "BC2GM", "JNLPBA")),
        Recognizers("generator", ("NCBI-disease", llmner.NESTED), (ALONE, THRESHOLD, CONTRASTIVE,
               CONTRASTIVE + ERRORS)),
    ),
}  # fmt: skip
# More of devel than in the study of generation, because it selects the thresholds too.
GENERATOR_DEV = 300


def runs(recipe: Recipe, size: str, root: Path | None) -> Iterator[Run]:
    for kind in RECOGNIZERS[size]:
        for corpus in kind.corpora:
            recognizer = _recognizer_recipe(kind.family, corpus, size, recipe.seeds)
            folds = FOLDS if any(c.endswith(ERRORS) for c in kind.conditions) else 0
            for condition in kind.conditions:
                details = {"behind": kind.family, "corpus": corpus, "condition": condition}
                run_recipe, make = recognizer, partial(score_recognizer, folds)
                if condition not in (ALONE, THRESHOLD):
                    loss = condition.removesuffix(ERRORS)
                    selector = train_on(recipe, [corpus], model={"loss": loss})
                    run_recipe = _use_same_data(selector, recognizer)
                    make = partial(score_selector, recognizer, folds)
                yield Run(details, run_recipe, (corpus,), kind.test_limit, make)


def _recognizer_recipe(family: str, corpus: str, size: str, seeds: list[int]) -> Recipe:
    if family == "tagger":
        pattern = read_recipe(Path(studies.__file__).parent / f"{size}.yaml")
        return train_on(pattern, [corpus], seeds=seeds)
    recipe = llmner.on_corpora(
        read_recipe(Path(llmner.__file__).parent / f"{size}.yaml"), (corpus,)
    )
    [dev] = recipe.dev
    longer = dev.limit and GENERATOR_DEV
    return with_changes(recipe, seeds=seeds, dev=[dev.model_dump() | {"limit": longer}])


def _use_same_data(selector: Recipe, recognizer: Recipe) -> Recipe:
    """Return the recipe of a selector with the parts of the corpus that its recognizer uses."""
    [stage], [dev] = selector.stages, selector.dev
    [[source], [recognizer_dev]] = recognizer.stages[0].sources, recognizer.dev
    parts = {"split": source.split, "limit": source.limit}
    dev_parts = {"split": recognizer_dev.split, "limit": recognizer_dev.limit}
    return with_changes(
        selector,
        stages=[stage.model_dump() | {"sources": [stage.sources[0].model_dump() | parts]}],
        dev=[dev.model_dump() | dev_parts],
    )


def score_recognizer(
    folds: int, run: Run, output: Path, root: Path | None, keep_models: bool
) -> dict[str, Any]:
    """Score the recognizer, with all of its mentions or above the best threshold on devel."""
    from vaner.training.data.sources import load_dev_set

    crossfitted = _crossfit_recognizer(run.recipe, folds, output, root)
    annotator = Annotator.from_pretrained(crossfitted.model)
    [source] = run.recipe.dev
    dev = load_dev_set(source, set(annotator.types), partial(load, root=root))
    predicted = list(read(crossfitted.devel[0], "jsonl"))
    all_mentions = sweep_thresholds(dev.corpus, predicted, dev.types)[0]
    best = all_mentions
    if run.details["condition"] == THRESHOLD:
        best = find_best_threshold(dev.corpus, predicted, dev.types)
    threshold = 0.0 if best == all_mentions else best.threshold
    facts = {"dev_f1": best.counts.f1, "threshold": threshold}
    record = score_run(run, annotator, facts, root, min_score=threshold)
    write_run(record, run, output)
    return record


def score_selector(
    recognizer: Recipe, folds: int, run: Run, output: Path, root: Path | None, keep_models: bool
) -> dict[str, Any]:
    """Train a selector for a recognizer, and score both together."""
    from vaner.training.train import train

    crossfitted = _crossfit_recognizer(recognizer, folds, output, root)
    folder = output / run.name
    has_errors = run.details["condition"].endswith(ERRORS)
    recipe = _add_proposals(run.recipe, crossfitted, has_errors=has_errors)
    [trained] = train(recipe, folder, corpora_root=root, resume=folder.exists())
    annotator = Annotator.from_pretrained(crossfitted.model, selector=trained.folder)
    assert annotator.selector is not None
    facts = {
        **summarize_training(trained),
        "threshold": annotator.selector.threshold,
        "recognizer": recognizer.model_dump(mode="json"),
    }
    record = score_run(run, annotator, facts, root)
    write_run(record, run, output, trained.folder if keep_models else None)
    return record


def _crossfit_recognizer(
    recognizer: Recipe, folds: int, output: Path, root: Path | None
) -> CrossfitResult:
    """Return the recognizer of a seed with its mentions; the first condition trains it."""
    from vaner.training.crossfit import crossfit

    corpus = recognizer.stages[0].sources[0].corpus
    name = f"{recognizer.model.family}-{corpus}-{recognizer.seeds[0]}".replace("/", "_")
    folder = output / "recognizers" / name
    crossfitted = crossfit(
        recognizer, folder, folds=folds, corpora_root=root, resume=folder.exists()
    )
    for checkpoints in crossfitted.model.parent.glob("stage-*"):
        shutil.rmtree(checkpoints)  # some hundred megabytes
    return crossfitted


def _add_proposals(recipe: Recipe, crossfitted: CrossfitResult, *, has_errors: bool) -> Recipe:
    """Return the recipe with the mentions to select on, and the errors to train on if any."""
    [stage], [dev] = recipe.stages, recipe.dev
    [source] = stage.sources
    proposals = {"proposals": str(crossfitted.train[0]) if has_errors else None}
    return with_changes(
        recipe,
        stages=[stage.model_dump() | {"sources": [source.model_dump() | proposals]}],
        dev=[dev.model_dump() | {"proposals": str(crossfitted.devel[0])}],
    )


STUDY = Study(
    Path(__file__).resolve().parent,
    "What does a selector add to a tagger and a generator (LLMNER)?",
    runs,
    keys=("behind", "corpus", "condition"),
    baseline={"condition": ALONE},
    plot=partial(plot_seeds, keys=("behind", "condition")),
    recipes=Path(__file__).resolve().parent,
)

if __name__ == "__main__":
    main(STUDY)
