"""What a selector brings behind a tagger and a generator: by which loss, with or without errors.

    python -m experiments.selector.run               # parts of corpora, small recognizers
    python -m experiments.selector.run --size full   # whole corpora, the LLaMA

For each seed a recognizer is trained once, and cross-fitted where its errors are learnt from; all
conditions stand behind it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from experiments import studies
from experiments.llmner import run as llmner
from experiments.studies import Study, main, taught, varied
from experiments.study_report import dots
from experiments.study_run import Run, put_down, record, told_of
from vaner.annotator import Annotator
from vaner.evaluation.thresholds import find_best_threshold, sweep_thresholds
from vaner.formats import read
from vaner.training.recipe.file import read_recipe
from vaner.training.recipe.schema import Recipe

if TYPE_CHECKING:
    from vaner.training.crossfit import Crossfitted

# The recognizer alone; cut by its own probability, at the threshold that is best on devel, which
# costs nothing; and behind it a selector, by either loss, with its errors to learn from or not.
ALONE, CUT, ERRORS = "alone", "own threshold", " and errors"
CONTRASTIVE, BINARY = "contrastive", "binary"
ALL = (ALONE, CUT, CONTRASTIVE, CONTRASTIVE + ERRORS, BINARY, BINARY + ERRORS)
FOLDS = 5


class Recognizers(NamedTuple):
    """What the selectors of a size stand behind.

    Args:
        family: tagger or generator.
        corpora: each with a recognizer of its own.
        conditions: some of `ALL`.
        test_limit: score only the first so many sentences of each test; all if None.
    """

    family: str
    corpora: tuple[str, ...]
    conditions: tuple[str, ...] = ALL
    test_limit: int | None = None


# Behind the small generator no errors are learnt from: that is five more trainings of it.
RECOGNIZERS = {
    "small": (
        Recognizers("tagger", ("NCBI-disease",)),
        Recognizers("generator", ("NCBI-disease", llmner.NESTED), (ALONE, CUT, CONTRASTIVE),
               llmner.TEST_LIMIT["small"]),
    ),
    "full": (
        Recognizers("tagger", ("NCBI-disease", "BC5CDR", "BC2GM", "JNLPBA")),
        Recognizers("generator", ("NCBI-disease", llmner.NESTED), (ALONE, CUT, CONTRASTIVE,
               CONTRASTIVE + ERRORS)),
    ),
}  # fmt: skip
# More of devel than the study of generation has: thresholds are chosen on it too.
GENERATOR_DEV = 300


def runs(recipe: Recipe, size: str, root: Path | None) -> Iterator[Run]:
    for kind in RECOGNIZERS[size]:
        for corpus in kind.corpora:
            recognizer = _recognizer(kind.family, corpus, size, recipe.seeds)
            folds = FOLDS if any(c.endswith(ERRORS) for c in kind.conditions) else 0
            for condition in kind.conditions:
                details = {"behind": kind.family, "corpus": corpus, "condition": condition}
                own, make = recognizer, partial(by_itself, folds)
                if condition not in (ALONE, CUT):
                    loss = condition.removesuffix(ERRORS)
                    own = _like(recognizer, taught(recipe, [corpus], model={"loss": loss}))
                    make = partial(selected, recognizer, folds)
                yield Run(details, own, (corpus,), kind.test_limit, make)


def _recognizer(family: str, corpus: str, size: str, seeds: list[int]) -> Recipe:
    if family == "tagger":
        pattern = read_recipe(Path(studies.__file__).parent / f"{size}.yaml")
        return taught(pattern, [corpus], seeds=seeds)
    recipe = llmner.on_corpora(
        read_recipe(Path(llmner.__file__).parent / f"{size}.yaml"), (corpus,)
    )
    [dev] = recipe.dev
    longer = dev.limit and GENERATOR_DEV
    return varied(recipe, seeds=seeds, dev=[dev.model_dump() | {"limit": longer}])


def _like(recognizer: Recipe, recipe: Recipe) -> Recipe:
    """The recipe of a selector on the very parts of the corpus that its recognizer has."""
    [stage], [dev] = recipe.stages, recipe.dev
    [[source], [chosen]] = recognizer.stages[0].sources, recognizer.dev
    parts = {"split": source.split, "limit": source.limit}
    return varied(
        recipe,
        stages=[stage.model_dump() | {"sources": [stage.sources[0].model_dump() | parts]}],
        dev=[dev.model_dump() | {"split": chosen.split, "limit": chosen.limit}],
    )


def by_itself(
    folds: int, one: Run, output: Path, root: Path | None, keep_models: bool
) -> dict[str, Any]:
    """The recognizer, with all that it finds or with what it thinks probable."""
    from vaner.training.data.sources import dev_sets

    fitted = proposals(one.recipe, folds, output, root)
    annotator = Annotator.from_pretrained(fitted.model)
    [dev] = dev_sets(one.recipe, set(annotator.types), root)
    found = list(read(fitted.devel[0], "jsonl"))
    every = sweep_thresholds(dev.corpus, found, dev.types)[0]
    cut = (
        every
        if one.details["condition"] == ALONE
        else find_best_threshold(dev.corpus, found, dev.types)
    )
    least = 0.0 if cut == every else cut.threshold
    facts = {"dev_f1": cut.counts.f1, "threshold": least}
    made = record(one, annotator, facts, root, min_score=least)
    put_down(made, one, output)
    return made


def selected(
    recognizer: Recipe, folds: int, one: Run, output: Path, root: Path | None, keep_models: bool
) -> dict[str, Any]:
    """A selector behind the recognizer of a recipe."""
    from vaner.training.train import train

    fitted = proposals(recognizer, folds, output, root)
    place = output / one.name
    recipe = _with(one.recipe, fitted, errors=one.details["condition"].endswith(ERRORS))
    [trained] = train(recipe, place, corpora_root=root, resume=place.exists())
    annotator = Annotator.from_pretrained(fitted.model, selector=trained.folder)
    assert annotator.selector is not None
    facts = {
        **told_of(trained),
        "threshold": annotator.selector.threshold,
        "proposer": recognizer.model_dump(mode="json"),
    }
    made = record(one, annotator, facts, root)
    put_down(made, one, output, trained.folder if keep_models else None)
    return made


def proposals(recognizer: Recipe, folds: int, output: Path, root: Path | None) -> Crossfitted:
    """Return the recognizer of a seed with its mentions; the first condition makes it."""
    from vaner.training.crossfit import crossfit

    corpus = recognizer.stages[0].sources[0].corpus
    name = f"{recognizer.model.family}-{corpus}-{recognizer.seeds[0]}".replace("/", "_")
    place = output / "proposers" / name
    fitted = crossfit(recognizer, place, folds=folds, corpora_root=root, resume=place.exists())
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
    "What a selector brings behind a tagger and a generator (LLMNER).",
    runs,
    keys=("behind", "corpus", "condition"),
    baseline={"condition": ALONE},
    plot=partial(dots, keys=("behind", "condition")),
    recipes=Path(__file__).resolve().parent,
)

if __name__ == "__main__":
    main(STUDY)
