"""Cross-fitting: annotate train with models that were not trained on the texts they annotate.

A model finds nearly all mentions in the texts that it was trained on, but makes errors in other
texts. A selector has to learn from the latter errors. So train is divided into folds, and each fold
is annotated by a model that was trained on the other folds. The dev sets are annotated by a model
that was trained on all of train: the recognizer that the selector will be used with.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from itertools import chain, combinations
from pathlib import Path

from vaner.corpora import base_corpus, same_texts
from vaner.errors import RecipeError, VanerError
from vaner.formats import read, write
from vaner.models.load import load_recognizer, load_score_calibration
from vaner.text.documents import Corpus, Document
from vaner.training.data.folds import select_fold
from vaner.training.plan import TrainingPlan, resolve_recipe
from vaner.training.recipe.leakage import Split
from vaner.training.recipe.models import SelectorRecipe
from vaner.training.recipe.schema import CorpusSource, DenseSource, Recipe
from vaner.training.resume import dump_recipe, relevant_fields
from vaner.training.train import Report, train
from vaner.utils.atomic_write import atomic_write, write_json

RECORD = "crossfit.json"


@dataclass(frozen=True, slots=True)
class CrossfitResult:
    """The result of cross-fitting.

    Args:
        model: the model that was trained on all of train.
        train: JSONL files of train, annotated by models of the folds; empty without folds.
        devel: JSONL files of the dev sets, annotated by `model`.
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
    report: Report = print,
) -> CrossfitResult:
    """Annotate train by folds, and the dev sets, with the recognizer of a recipe.

    No test split is annotated. The model of a fold is deleted once its fold is annotated.

    Args:
        recipe: recipe of a tagger or a generator; its first seed is used.
        output: folder for ``CORPUS.train.jsonl`` and ``CORPUS.devel.jsonl`` of each corpus, and
            for the runs. The model that was trained on all of train is in ``all/seed-N/model``.
        folds: number of folds, at least 2; or 0 to annotate only the dev sets, which is enough to
            choose a selector and its threshold, but not to train one.
        corpora_root: folder of the corpora; ``VANER_CORPORA`` if None.
        resume: continue with what is in `output`.
        report: called with lines for the user.

    Raises:
        RecipeError: if `folds` is 1; if the recipe is for a selector; if the sources cannot be
            divided into folds; or if `output` contains something else.
    """
    output = Path(output)
    _check_arguments(recipe, folds)
    recipe = recipe.model_copy(update={"seeds": recipe.seeds[:1]})
    plan = resolve_recipe(recipe, corpora_root)
    types = set(plan.targets.types)
    corpora = _corpora_to_annotate(plan) if folds else {}
    dev = _by_name(dev_set.corpus for dev_set in plan.dev)
    parts = [[select_fold(corpus, folds, i) for corpus in corpora.values()] for i in range(folds)]
    _start_output(output, recipe, folds, resume)
    for fold, part in enumerate(parts):
        folder = output / f"fold-{fold}"
        if not all(_file(folder, name, "train").is_file() for name in corpora):
            report(f"fold {fold + 1} of {folds}")
            run = folder / "run"
            model = _train(_without_fold(recipe, folds, fold), run, corpora_root, report)
            _annotate(model, part, types, folder, "train")
            shutil.rmtree(run)  # checkpoints, and a model that is no longer needed
    model = output / "all" / f"seed-{recipe.seeds[0]}" / "model"
    if not all(_file(output, name, "devel").is_file() for name in dev):
        report("all of train")
        model = _train(recipe, output / "all", corpora_root, report)
        _annotate(model, dev.values(), types, output, "devel")
    for name in corpora:
        _join_folds(output, name, folds)
    return CrossfitResult(
        model,
        tuple(_file(output, name, "train") for name in corpora),
        tuple(_file(output, name, "devel") for name in dev),
    )


def _check_arguments(recipe: Recipe, folds: int) -> None:
    if folds == 1:
        raise RecipeError(
            "cannot train on the rest of one fold: use 2 or more, or 0 for devel only"
        )
    if isinstance(recipe.model, SelectorRecipe):
        raise RecipeError("cross-fitting is for taggers and generators, not for a selector")


def _join_folds(output: Path, name: str, folds: int) -> None:
    """Write the annotated folds of a corpus to a single file, in the order of its documents."""
    files = [_file(output / f"fold-{fold}", name, "train") for fold in range(folds)]
    annotated = chain.from_iterable(read(file, "jsonl") for file in files)
    _write(annotated, _file(output, name, "train"))


def _corpora_to_annotate(plan: TrainingPlan) -> dict[str, Corpus]:
    """Return the documents of every corpus whose mentions the recipe trains, by its name.

    Raises:
        RecipeError: if a model of a fold would be trained on texts of that fold.
    """
    first_sources: dict[str, CorpusSource | DenseSource] = {}
    for source in _sources_to_divide(plan.recipe):
        corpus = base_corpus(source.corpus)
        first = first_sources.setdefault(corpus, source)
        if (first.split, first.limit) != (source.split, source.limit):
            raise RecipeError(
                f"sources of {corpus} use different parts of it, so their folds would differ: "
                "give them the same split and limit"
            )
    earlier = {Split.of(*pair) for pair in plan.earlier.splits}
    for source in first_sources.values():
        if Split.of(source.corpus, source.split).recorded in earlier:
            raise RecipeError(
                f"the initial model or a teacher was trained on {source.corpus} {source.split}, so "
                "no fold of it is new to it: start from a backbone, or use another teacher"
            )
    for first, second in combinations(first_sources.values(), 2):
        if (base_corpus(second.corpus), second.split) in same_texts(first.corpus, first.split):
            raise RecipeError(
                f"{first.corpus} and {second.corpus} are made from the same texts, so the model of "
                "a fold would be trained on texts of the fold: cross-fit them one at a time"
            )
    return _by_name(
        source.corpus
        for stage in plan.stages
        for source in stage.sources
        if isinstance(source.recipe, CorpusSource) and not source.is_general_domain
    )


def _by_name(corpora: Iterable[Corpus]) -> dict[str, Corpus]:
    """Return corpora by the names of their files.

    Raises:
        RecipeError: if two different corpora have the same name.
    """
    by_name: dict[str, Corpus] = {}
    for corpus in corpora:
        if by_name.setdefault(corpus.name, corpus).documents != corpus.documents:
            raise RecipeError(f"two corpora are called {corpus.name}")
    return by_name


def _sources_to_divide(recipe: Recipe) -> Iterator[CorpusSource | DenseSource]:
    """Yield the sources that are divided into folds: all but those of the general domain.

    Raises:
        RecipeError: if a source already leaves out a fold.
    """
    for source in recipe.sources:
        if source.folds is not None:
            raise RecipeError(f"source {source.corpus} leaves out a fold already")
        if isinstance(source, DenseSource) or source.domain == "biomedical":
            yield source


def _without_fold(recipe: Recipe, folds: int, fold: int) -> Recipe:
    """Return the recipe that is not trained on a fold."""
    divided = list(_sources_to_divide(recipe))
    update = {"folds": folds, "held_out_fold": fold}
    stages = [
        stage.model_copy(
            update={
                "sources": [
                    source.model_copy(update=update) if source in divided else source
                    for source in stage.sources
                ]
            }
        )
        for stage in recipe.stages
    ]
    return recipe.model_copy(update={"stages": stages})


def _start_output(output: Path, recipe: Recipe, folds: int, resume: bool) -> None:
    """Store recipe and number of folds in the output folder.

    Raises:
        RecipeError: if the folder contains something else, or `resume` is False.
    """
    path = output / RECORD
    if output.exists() and any(output.iterdir()):
        if not resume:
            raise RecipeError(
                f"{output} is not empty: add --resume to continue, or change --output"
            )
        if not _is_same(_read_record(path), (recipe, folds)):
            raise RecipeError(
                f"{output} contains something other than this recipe in {folds} folds: change "
                "--output"
            )
    output.mkdir(parents=True, exist_ok=True)
    write_json(path, {"recipe": dump_recipe(recipe), "folds": folds})


def _is_same(record: tuple[Recipe, int] | None, started: tuple[Recipe, int]) -> bool:
    """Return whether a record has this recipe and number of folds; the recipe's name may differ."""
    if record is None:
        return False
    (stored, folds), (recipe, other_folds) = record, started
    is_same_recipe = relevant_fields(stored) == relevant_fields(recipe)
    return is_same_recipe and (stored.seeds, folds) == (recipe.seeds, other_folds)


def _read_record(path: Path) -> tuple[Recipe, int] | None:
    """Return the stored recipe and number of folds; None if they cannot be read."""
    try:
        record = json.loads(path.read_text("utf-8"))
        # Validating fills in fields that are newer than the record, and reads former names.
        return Recipe.from_record(record["recipe"]), int(record["folds"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError, VanerError):
        return None


def _train(recipe: Recipe, folder: Path, root: str | Path | None, report: Report) -> Path:
    """Train a recipe, or resume its training, and return the folder of the model."""
    [result] = train(recipe, folder, corpora_root=root, resume=folder.exists(), report=report)
    return result.folder


def _annotate(
    model: Path, corpora: Iterable[Corpus], types: Set[str], folder: Path, split: str
) -> None:
    """Write the mentions that a model finds in corpora, with the instructions used for scoring."""
    recognizer, calibrate = load_recognizer(model), load_score_calibration(model)
    for corpus in corpora:
        corpus_types = [type for type in corpus.types if type in types]
        texts = (document.with_spans(()) for document in corpus)
        annotated = recognizer.annotate(texts, corpus_types, corpus=corpus.name)
        _write(calibrate(annotated), _file(folder, corpus.name, split))


def _file(folder: Path, corpus: str, split: str) -> Path:
    return folder / f"{corpus}.{split}.jsonl"


def _write(documents: Iterable[Document], path: Path) -> None:
    """Write a complete file or none, because a file that exists counts as done."""
    with atomic_write(path) as temporary:
        write(documents, temporary, "jsonl")
