"""One run of a study: trains a model, scores it on test once, and writes the results."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.study_report import write_record
from vaner.annotator import Annotator
from vaner.corpora import evaluation_split, load
from vaner.evaluation.evaluate import evaluate
from vaner.text.documents import Document
from vaner.training.recipe.schema import CorpusSource, DenseSource
from vaner.utils.provenance import collect_provenance

if TYPE_CHECKING:
    from vaner.training.recipe.schema import Recipe
    from vaner.training.result import TrainingResult


@dataclass(frozen=True, slots=True)
class Run:
    """A training and the corpora that it is scored on.

    Args:
        details: the settings that differ between the runs of a seed, e.g. corpus and condition.
        recipe: the recipe, with one seed.
        tests: corpora whose test split is scored, once, after the selection on devel.
        test_limit: number of documents of each test split to score; all if None.
        make: a function with the signature of `train_and_score` to use instead of it, for runs
            that train more than their recipe.
    """

    details: Mapping[str, Any]
    recipe: Recipe
    tests: tuple[str, ...]
    test_limit: int | None = None
    make: Callable[[Run, Path, Path | None, bool], dict[str, Any]] | None = None

    @property
    def seed(self) -> int:
        return self.recipe.seeds[0]

    @property
    def name(self) -> str:
        """The name of its results file, without the suffix."""
        parts = [*(str(value) for value in self.details.values()), str(self.seed)]
        return "-".join(parts).replace("/", "_").replace(" ", "_")


def train_and_score(
    run: Run, output: Path, root: Path | None = None, keep_models: bool = False
) -> dict[str, Any]:
    """Train a run, or resume it, score it and write its record.

    Args:
        run: the run.
        output: folder for the runs of the study.
        root: folder of the corpora; ``VANER_CORPORA`` if None.
        keep_models: whether to store the model with the record.

    Returns:
        The record.
    """
    from vaner.training.train import train

    folder = output / run.name
    (trained,) = train(run.recipe, folder, corpora_root=root, resume=folder.exists())
    facts = {**summarize_training(trained), "knowledge_bases": _fingerprint_knowledge_bases(run)}
    record = score_run(run, Annotator.from_pretrained(trained.folder), facts, root)
    write_run(record, run, output, trained.folder if keep_models else None)
    return record


def write_run(record: Mapping[str, Any], run: Run, output: Path, model: Path | None = None) -> None:
    """Write the record of a run, store its model if there is one, and delete its checkpoints.

    Args:
        record: the record.
        run: the run.
        output: folder for the runs of the study.
        model: folder of the model to store, or None.
    """
    if model is not None:
        shutil.copytree(model, output / "models" / run.name, dirs_exist_ok=True)
    write_record(record, output / f"{run.name}.json")
    shutil.rmtree(output / run.name, ignore_errors=True)  # some hundred megabytes of checkpoints


def summarize_training(trained: TrainingResult) -> dict[str, Any]:
    """Return the facts about a training that belong into the record of a run."""
    return {
        "dev_f1": trained.dev_f1,
        "seconds": round(trained.seconds),
        "left_out": dict(trained.held_out),
    }


def score_run(
    run: Run,
    annotator: Annotator,
    facts: Mapping[str, Any],
    root: Path | None = None,
    *,
    min_score: float | None = None,
) -> dict[str, Any]:
    """Score a run on its test splits and return its record.

    Args:
        run: the run.
        annotator: the annotator to score.
        facts: further fields of the record.
        root: folder of the corpora; ``VANER_CORPORA`` if None.
        min_score: the minimum score of mentions; None for those of the calibration.
    """
    train_documents = list(chain.from_iterable(_load_training_documents(run, root)))
    tests = {
        name: _score_corpus(annotator, name, run, train_documents, root, min_score)
        for name in run.tests
    }
    return {
        **run.details,
        "seed": run.seed,
        "recipe": run.recipe.model_dump(mode="json"),
        **facts,
        "test_limit": run.test_limit,
        "tests": tests,
        **collect_provenance(),
    }


def _score_corpus(
    annotator: Annotator,
    name: str,
    run: Run,
    train_documents: Iterable[Document],
    root: Path | None,
    min_score: float | None,
) -> dict[str, Any]:
    """Return the figures on a corpus; a model that accepts any type is scored on all types."""
    corpus = load(name, evaluation_split(name), root=root)
    result = evaluate(
        annotator,
        corpus,
        types=corpus.types if annotator.zero_shot else None,
        train=train_documents,
        min_score=min_score,
        limit=run.test_limit,
    )
    return result.to_dict()


def _fingerprint_knowledge_bases(run: Run) -> dict[str, str]:
    """Return the fingerprint of each knowledge base that dense sources use."""
    from vaner.knowledge.base import open_base

    names = {source.dense for source in run.recipe.sources if isinstance(source, DenseSource)}
    return {name: open_base(name).fingerprint for name in sorted(names)}


def _load_training_documents(run: Run, root: Path | None) -> Iterator[Iterable[Any]]:
    """Yield the documents that trained the biomedical head: their mentions count as seen."""
    from vaner.training.data.sources import load_source

    for source in run.recipe.sources:
        if isinstance(source, CorpusSource) and source.domain == "biomedical":
            yield load_source(source, partial(load, root=root)).sample(run.seed).corpus
