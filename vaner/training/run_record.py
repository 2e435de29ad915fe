"""Build the record of a training run for the model card, and for runs that use the model later.

The record includes what the initial model and the teachers were trained on. It contains no paths,
because the model may be published.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from vaner.corpora import corpus_name, lookup
from vaner.generator.instructions import detect_language
from vaner.hub.training_record import TAGGED_BY, TrainingRecord, read_training_record
from vaner.text.language import is_not_english
from vaner.training.plan import TrainingPlan
from vaner.training.recipe.schema import CorpusSource, DenseSource, DevSource
from vaner.utils.provenance import collect_provenance

_READ_DOCUMENTS = 50  # of a corpus, to recognize its language


def build_record(plan: TrainingPlan, seed: int, dev_f1: float, seconds: float) -> dict[str, Any]:
    """Return the record of a training run.

    Args:
        plan: the recipe, resolved.
        seed: the seed.
        dev_f1: strict micro F1 on the dev sets, in [0, 1].
        seconds: duration.
    """
    recipe, initial, teachers = plan.recipe, plan.earlier.initial, plan.earlier.teachers
    teachers_trained_on = [
        *_collect([initial, *teachers], "taught_on"),
        *_collect(teachers, "trained_on"),
    ]
    licenses = dict(_collect_licenses([initial, *teachers], recipe.sources))
    sources = map(describe_source, recipe.sources)
    return {
        "name": recipe.name,
        "seed": seed,
        "dev_f1": dev_f1,
        "seconds": round(seconds),
        "trained_on": _unique(initial.get("trained_on", ()), sources),
        **({"taught_on": _unique(teachers_trained_on)} if teachers_trained_on else {}),
        **({"licences": licenses} if licenses else {}),
        "chosen_on": _unique(map(describe_dev_set, recipe.dev)),
        "languages": sorted({*_collect([initial, *teachers], "languages"), *_list_languages(plan)}),
        **(_describe_initial_model(initial) if initial else {}),
        # The command is left out, because it contains paths.
        **{name: value for name, value in collect_provenance().items() if name != "command"},
    }


def _list_languages(plan: TrainingPlan) -> Iterator[str]:
    """Yield the languages of the registered corpora, and English for texts that seem to be English.

    The language of other texts is not known.
    """
    for source in (source for stage in plan.stages for source in stage.sources):
        name = source.recipe.corpus
        text = "\n".join(document.text for document in source.corpus.documents[:_READ_DOCUMENTS])
        if lookup(name) is not None or not is_not_english(text):
            yield detect_language(name)


def describe_source(source: CorpusSource | DenseSource) -> str:
    """Return the name of a source in a record: its corpus and split, or its teacher."""
    if isinstance(source, CorpusSource) and source.teacher:
        return f"{Path(source.corpus).name}{TAGGED_BY}{_name_of_model(source.teacher)}"
    return f"{corpus_name(source.corpus)} {source.split}"


def _name_of_model(name_or_path: str) -> str:
    """Return the name of a model: that of its recipe if it is in a folder."""
    folder = Path(name_or_path)
    return str(read_training_record(folder).get("name", folder.name))


def describe_dev_set(dev: DevSource) -> str:
    """Return the name of a dev set in a record: its corpus and split, and the part used."""
    part = f" the first {dev.limit:,}" if dev.limit else ""
    part += f" behind the first {dev.skip:,}" if dev.skip else ""
    return f"{corpus_name(dev.corpus)} {dev.split}{',' if part else ''}{part}"


def _describe_initial_model(initial: TrainingRecord) -> dict[str, Any]:
    """Return the name of the initial model, and the dev sets that it was selected on."""
    dev_sets = _unique(initial.get("chosen_before", ()), initial.get("chosen_on", ()))
    name = initial.get("name", "a trained model")
    return {"began_with": name, **({"chosen_before": dev_sets} if dev_sets else {})}


def _collect(records: Iterable[Mapping[str, Any]], field: str) -> list[str]:
    return [value for record in records for value in record.get(field, ())]


def _collect_licenses(
    records: Iterable[TrainingRecord], sources: Iterable[CorpusSource | DenseSource]
) -> Iterator[tuple[str, str]]:
    """Yield names and licenses of the corpora that are not registered."""
    for record in records:
        yield from record.get("licences", {}).items()
    for source in sources:
        if isinstance(source, CorpusSource) and source.license:
            name = Path(source.corpus).name if source.teacher else corpus_name(source.corpus)
            yield name, source.license


def _unique(*lists: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(value for values in lists for value in values))
