"""What is told of a training: beside the model, for its card, and to those that use it later.

What the models had learnt from that a training begins with, or is taught by, is told with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from vaner.corpora import corpus_name
from vaner.generator.instructions import detect_language
from vaner.hub.training_record import (
    TAGGED_BY,
    TrainingRecord,
    list_training_splits,
    read_training_record,
)
from vaner.models.locate import locate_model
from vaner.training.examples.distillation import named
from vaner.training.recipe.schema import CorpusSource, DenseSource, DevSource, Recipe
from vaner.utils.provenance import collect_provenance


def told(recipe: Recipe, seed: int, dev_f1: float, seconds: float) -> dict[str, Any]:
    """The record of a training.

    Args:
        recipe: the recipe.
        seed: its seed.
        dev_f1: strict micro F1 on the dev sets, from 0 to 1.
        seconds: how long it took.
    """
    before, sources, teachers = _began_with(recipe), list(_sources(recipe)), _teachers(recipe)
    taught_on = [*_joined([before, *teachers], "taught_on"), *_joined(teachers, "trained_on")]
    licences = dict(_licences([before, *teachers], sources))
    languages = (detect_language(one.corpus) for one in sources)
    return {
        "name": recipe.name,
        "seed": seed,
        "dev_f1": dev_f1,
        "seconds": round(seconds),
        "trained_on": _once(before.get("trained_on", ()), map(source_told, sources)),
        **({"taught_on": _once(taught_on)} if taught_on else {}),
        **({"licences": licences} if licences else {}),
        "chosen_on": _once(map(dev_told, recipe.dev)),
        "languages": sorted({*before.get("languages", ()), *languages}),
        **(_first(before) if before else {}),
        # Not the command: its paths are nobody else's business, once the model is published.
        **{name: value for name, value in collect_provenance().items() if name != "command"},
    }


def source_told(source: CorpusSource | DenseSource) -> str:
    """What a record says that a source is; paths are nobody else's business."""
    if isinstance(source, CorpusSource) and source.teacher:
        return named(source.corpus, source.teacher)
    return f"{corpus_name(source.corpus)} {source.split}"


def dev_told(dev: DevSource) -> str:
    """What a dev set is, and which part of it where it is not the whole."""
    part = f" the first {dev.limit:,}" if dev.limit else ""
    part += f" behind the first {dev.skip:,}" if dev.skip else ""
    return f"{corpus_name(dev.corpus)} {dev.split}{',' if part else ''}{part}"


def _first(before: TrainingRecord) -> dict[str, Any]:
    """What is told of the model that a training began with besides what it learnt from."""
    chosen = _once(before.get("chosen_before", ()), before.get("chosen_on", ()))
    name = before.get("name", "a trained model")
    return {"began_with": name, **({"chosen_before": chosen} if chosen else {})}


def learnt_before(recipe: Recipe) -> Iterator[tuple[str, str]]:
    """What the models have learnt from that a training begins with, or is taught by.

    Yields:
        Pairs of a corpus and one of its splits.
    """
    for record in (_began_with(recipe), *_teachers(recipe)):
        yield from list_training_splits(record)


def _sources(recipe: Recipe) -> Iterator[CorpusSource | DenseSource]:
    for stage in recipe.stages:
        yield from stage.sources


def _began_with(recipe: Recipe) -> TrainingRecord:
    start = getattr(recipe.model, "init_from", None)
    return {} if start is None else read_training_record(locate_model(start))


def _teachers(recipe: Recipe) -> list[TrainingRecord]:
    sources = (one for one in _sources(recipe) if isinstance(one, CorpusSource))
    names = dict.fromkeys(one.teacher for one in sources if one.teacher)
    return [read_training_record(locate_model(name)) for name in names]


def _joined(records: Iterable[Mapping[str, Any]], field: str) -> list[str]:
    return [one for record in records for one in record.get(field, ())]


def _licences(
    records: Iterable[TrainingRecord], sources: Iterable[CorpusSource | DenseSource]
) -> Iterator[tuple[str, str]]:
    """What is stated of corpora that are not registered, by their names."""
    for record in records:
        yield from record.get("licences", {}).items()
    for source in sources:
        if isinstance(source, CorpusSource) and source.license:
            told = source_told(source).partition(TAGGED_BY)
            yield told[0] if told[1] else corpus_name(source.corpus), source.license


def _once(*lists: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(one for each in lists for one in each))
