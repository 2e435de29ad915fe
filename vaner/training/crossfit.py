"""A recognizer's mentions in text it has not learnt from, in all of train: cross-fitting.

A model finds nearly everything in what it learnt from, and errs elsewhere. To learn from the
errors that it makes elsewhere, train is cut in folds, and each is annotated by a model that learnt
from the others. Devel is annotated by a model that learnt from all of train: the recognizer that a
selector will work behind.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from itertools import chain, combinations
from pathlib import Path

from vaner.corpora import base_corpus, same_texts
from vaner.errors import RecipeError
from vaner.formats import read, write
from vaner.models.load import load_recognizer, load_score_calibration
from vaner.text.documents import Corpus, Document
from vaner.training.data.folds import only_fold
from vaner.training.data.sources import dev_sets, learnable, taught
from vaner.training.recipe.leakage import Split
from vaner.training.recipe.models import SelectorRecipe
from vaner.training.recipe.schema import CorpusSource, DenseSource, Recipe
from vaner.training.run_record import learnt_before
from vaner.training.train import Tell, train
from vaner.utils.atomic_write import atomic_write

RECORD = "crossfit.json"


@dataclass(frozen=True, slots=True)
class Crossfitted:
    """What cross-fitting leaves.

    Args:
        model: the model that learnt from all of train.
        train: JSONL files of train with the mentions that were found out of fold; none of no fold.
        devel: JSONL files of the dev sets with those that the model found.
    """

    model: Path
    train: tuple[Path, ...]
    devel: tuple[Path, ...]


def crossfit(
    recipe: Recipe,
    output: str | Path,
    *,
    folds: int = 5,
    corpora_root: str | Path | None = None,
    resume: bool = False,
    report: Tell = print,
) -> Crossfitted:
    """Annotate train out of fold, and devel, with the recognizer of a recipe.

    No test split is annotated. Models of folds are not kept once their fold is annotated.

    Args:
        recipe: of a tagger or a generator; its first seed is used.
        output: folder for ``CORPUS.train.jsonl`` and ``CORPUS.devel.jsonl`` of each corpus, and
            for the runs; the model that learnt from all of train is in ``all/seed-N/model``.
        folds: number of folds, at least 2; or 0, and devel alone is annotated: enough to choose a
            selector and its threshold by, not to learn errors from.
        corpora_root: where the corpora lie; ``VANER_CORPORA`` if None.
        resume: go on with what is there; what is done is not done again.
        report: called with lines for the user.

    Raises:
        RecipeError: for one fold, a recipe of a selector or one whose sources cannot be cut in
            folds, and where `output` holds something else.
    """
    output = Path(output)
    if folds == 1:
        raise RecipeError("one fold leaves nothing to learn from: 2 or more, or 0 for devel alone")
    if isinstance(recipe.model, SelectorRecipe):
        raise RecipeError("cross-fitting is for what proposes, and the recipe is of a selector")
    recipe = recipe.model_copy(update={"seeds": recipe.seeds[:1]})
    types = set(taught(recipe, corpora_root).types)
    corpora = _corpora(recipe, corpora_root) if folds else {}
    dev = _named(one.corpus for one in dev_sets(recipe, types, corpora_root))
    parts = [[only_fold(corpus, folds, i) for corpus in corpora.values()] for i in range(folds)]
    _claim(output, recipe, folds, resume)
    for fold, part in enumerate(parts):
        place = output / f"fold-{fold}"
        if not all(_file(place, name, "train").is_file() for name in corpora):
            report(f"fold {fold + 1} of {folds}")
            run = place / "run"
            model = _trained(_without(recipe, folds, fold), run, corpora_root, report)
            _annotate(model, part, types, place, "train")
            shutil.rmtree(run)  # checkpoints, and a model that nobody will ask again
    model = output / "all" / f"seed-{recipe.seeds[0]}" / "model"
    if not all(_file(output, name, "devel").is_file() for name in dev):
        report("all of train")
        model = _trained(recipe, output / "all", corpora_root, report)
        _annotate(model, dev.values(), types, output, "devel")
    for name in corpora:
        files = [_file(output / f"fold-{fold}", name, "train") for fold in range(folds)]
        joined = chain.from_iterable(read(file, "jsonl") for file in files)
        _keep(joined, _file(output, name, "train"))
    return Crossfitted(
        model,
        tuple(_file(output, name, "train") for name in corpora),
        tuple(_file(output, name, "devel") for name in dev),
    )


def _corpora(recipe: Recipe, root: str | Path | None) -> dict[str, Corpus]:
    """What is annotated: by name the documents of every corpus whose mentions the recipe teaches.

    Raises:
        RecipeError: where folds of them would not be apart.
    """
    sources = list(_of_folds(recipe))
    kept: dict[str, CorpusSource | DenseSource] = {}
    for source in sources:
        same = kept.setdefault(base_corpus(source.corpus), source)
        if (same.split, same.limit) != (source.split, source.limit):
            raise RecipeError(
                f"sources of {base_corpus(source.corpus)} take different parts of it, so that "
                "their folds would not be the same: give them one split and one limit"
            )
    before = {Split.of(*one) for one in learnt_before(recipe)}
    for one in kept.values():
        if Split.of(one.corpus, one.split).recorded in before:
            raise RecipeError(
                f"a model that it begins with, or that teaches it, learnt from {one.corpus} "
                f"{one.split}: no fold of it is new to it; begin with a backbone, or take another "
                "teacher"
            )
    for one, other in combinations(kept.values(), 2):
        if (base_corpus(other.corpus), other.split) in same_texts(one.corpus, one.split):
            raise RecipeError(
                f"{one.corpus} and {other.corpus} are made from the same texts, so that a fold of "
                "one would be learnt from the other: cross-fit them one at a time"
            )
    return _named(learnable(one, root) for one in sources if isinstance(one, CorpusSource))


def _named(corpora: Iterable[Corpus]) -> dict[str, Corpus]:
    """Corpora by the names that their files will have.

    Raises:
        RecipeError: where two would have the same.
    """
    found: dict[str, Corpus] = {}
    for corpus in corpora:
        if found.setdefault(corpus.name, corpus).documents != corpus.documents:
            raise RecipeError(f"two corpora would both be called {corpus.name}")
    return found


def _of_folds(recipe: Recipe) -> Iterator[CorpusSource | DenseSource]:
    """The sources that folds are left out of: all but those of the general domain.

    Raises:
        RecipeError: for one that leaves out a fold already.
    """
    for stage in recipe.stages:
        for source in stage.sources:
            if source.folds is not None:
                raise RecipeError(f"source {source.corpus} leaves out a fold already")
            if isinstance(source, DenseSource) or source.domain == "biomedical":
                yield source


def _without(recipe: Recipe, folds: int, fold: int) -> Recipe:
    """The recipe without what is to be annotated."""
    chosen = list(_of_folds(recipe))
    left_out = {"folds": folds, "held_out_fold": fold}
    stages = [
        stage.model_copy(
            update={
                "sources": [
                    source.model_copy(update=left_out) if source in chosen else source
                    for source in stage.sources
                ]
            }
        )
        for stage in recipe.stages
    ]
    return recipe.model_copy(update={"stages": stages})


def _claim(output: Path, recipe: Recipe, folds: int, resume: bool) -> None:
    """Say in the folder what is made there.

    Raises:
        RecipeError: where it is something else, or `resume` was not asked for.
    """
    place = output / RECORD
    if output.exists() and any(output.iterdir()):
        if not resume:
            raise RecipeError(f"{output} is not empty: go on with --resume, or give another folder")
        if _claimed(place) != (recipe, folds):
            raise RecipeError(f"{output} holds something else than this recipe in so many folds")
    output.mkdir(parents=True, exist_ok=True)
    record = {"recipe": recipe.model_dump(mode="json"), "folds": folds}
    place.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", "utf-8")


def _claimed(place: Path) -> tuple[Recipe, int] | None:
    """The recipe and the number of folds that a folder's record tells, or None.

    Read as a recipe, so that one from before a field was there is still the same.
    """
    try:
        record = json.loads(place.read_text("utf-8"))
        return Recipe.from_record(record["recipe"]), int(record["folds"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _trained(recipe: Recipe, place: Path, root: str | Path | None, report: Tell) -> Path:
    """A model of the recipe, gone on with where one was begun."""
    [trained] = train(recipe, place, corpora_root=root, resume=place.exists(), report=report)
    return trained.folder


def _annotate(
    model: Path, corpora: Iterable[Corpus], types: Set[str], folder: Path, part: str
) -> None:
    """Write what a model finds in some corpora, each as it is annotated when it is scored."""
    recognizer, calibrated = load_recognizer(model), load_score_calibration(model)
    for corpus in corpora:
        wanted = [type for type in corpus.types if type in types]
        bare = (document.with_spans(()) for document in corpus)
        found = recognizer.annotate(bare, wanted, corpus=corpus.name)
        _keep(calibrated(found), _file(folder, corpus.name, part))


def _file(folder: Path, corpus: str, part: str) -> Path:
    return folder / f"{corpus}.{part}.jsonl"


def _keep(documents: Iterable[Document], path: Path) -> None:
    """Write a file whole or not at all: one that is there counts as done."""
    with atomic_write(path) as new:
        write(documents, new, "jsonl")
