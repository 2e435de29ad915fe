"""One run of a study: trained, scored on test once, put down."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.study_report import keep
from vaner.annotator import Annotator
from vaner.corpora import evaluation_split, load
from vaner.evaluation.evaluate import evaluate
from vaner.text.documents import Document
from vaner.training.recipe.schema import CorpusSource, DenseSource
from vaner.utils.provenance import collect_provenance

if TYPE_CHECKING:
    from vaner.training.recipe.schema import Recipe
    from vaner.training.train import Trained


@dataclass(frozen=True, slots=True)
class Run:
    """One training and what it is scored on.

    Args:
        details: what tells it from the other runs of its seed, e.g. corpus and condition.
        recipe: of one seed.
        tests: corpora whose test split is scored, once, after the choice on devel.
        test_limit: score only the first so many documents of each; all if None.
        make: how it is made, called as `run` is, where that takes more than training its recipe.
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
        """Of its file, without the suffix."""
        parts = [*(str(value) for value in self.details.values()), str(self.seed)]
        return "-".join(parts).replace("/", "_").replace(" ", "_")


def run(
    one: Run, output: Path, root: Path | None = None, keep_models: bool = False
) -> dict[str, Any]:
    """Train, score and put down one run.

    Args:
        one: the run.
        output: folder of the study's runs.
        root: where the corpora lie; ``VANER_CORPORA`` if None.
        keep_models: leave the model beside the figures.
    """
    from vaner.training.train import train

    place = output / one.name
    (trained,) = train(one.recipe, place, corpora_root=root, resume=place.exists())
    facts = {**told_of(trained), "knowledge_bases": _bases(one)}
    found = record(one, Annotator.from_pretrained(trained.folder), facts, root)
    put_down(found, one, output, trained.folder if keep_models else None)
    return found


def put_down(found: Mapping[str, Any], one: Run, output: Path, model: Path | None = None) -> None:
    """Keep what came out of a run and perhaps its model, and nothing else of it."""
    if model is not None:
        shutil.copytree(model, output / "models" / one.name, dirs_exist_ok=True)
    keep(found, output / f"{one.name}.json")
    shutil.rmtree(output / one.name, ignore_errors=True)  # checkpoints: a hundred megabytes a run


def told_of(trained: Trained) -> dict[str, Any]:
    """What is kept of a training."""
    return {
        "dev_f1": trained.dev_f1,
        "seconds": round(trained.seconds),
        "left_out": dict(trained.left_out),
    }


def record(
    one: Run,
    annotator: Annotator,
    facts: Mapping[str, Any],
    root: Path | None = None,
    *,
    min_score: float = 0.0,
) -> dict[str, Any]:
    """Score a run, and say all about it.

    Args:
        one: the run.
        annotator: what is scored.
        facts: more to say about it.
        root: where the corpora lie; ``VANER_CORPORA`` if None.
        min_score: mentions that are less probable are left out.
    """
    seen = list(chain.from_iterable(_taught(one, root)))
    return {
        **one.details,
        "seed": one.seed,
        "recipe": one.recipe.model_dump(mode="json"),
        **facts,
        "test_limit": one.test_limit,
        "tests": {name: _scored(annotator, name, one, seen, root, min_score) for name in one.tests},
        **collect_provenance(),
    }


def _scored(
    annotator: Annotator,
    name: str,
    one: Run,
    seen: Iterable[Document],
    root: Path | None,
    min_score: float,
) -> dict[str, Any]:
    """The figures on a corpus; of a model that takes any type, over all types of the corpus."""
    corpus = load(name, evaluation_split(name), root=root)
    types = corpus.types if annotator.zero_shot else None
    found = evaluate(
        annotator, corpus, types=types, train=seen, min_score=min_score, limit=one.test_limit
    )
    return found.to_dict()


def _bases(one: Run) -> dict[str, str]:
    """Fingerprint of every knowledge base that names were drawn from."""
    from vaner.knowledge.base import open_base

    sources = (source for stage in one.recipe.stages for source in stage.sources)
    names = {source.dense for source in sources if isinstance(source, DenseSource)}
    return {name: open_base(name).fingerprint for name in sorted(names)}


def _taught(one: Run, root: Path | None) -> Iterator[Iterable[Any]]:
    """The documents that the biomedical head was taught with: what is in them counts as seen."""
    from vaner.training.data.sources import training_corpus

    for stage in one.recipe.stages:
        for source in stage.sources:
            if isinstance(source, CorpusSource) and source.domain == "biomedical":
                yield training_corpus(source, one.seed, root)
